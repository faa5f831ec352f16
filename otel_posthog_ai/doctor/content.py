"""Whether an instrumentor records messages, by the variables that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from .instrumentors import Instrumentor

Recording = Literal["on", "off", "logs"]
"""`logs`: messages go into OpenTelemetry log records, not on the spans."""

_Environ = Mapping[str, str]
_ON_SPANS = ("span_only", "span_and_event")
_IN_LOGS = ("event_only", "true")


def _mode(environ: _Environ) -> str:
    return environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "").strip().lower()


def _is_latest(environ: _Environ) -> bool:
    return "gen_ai_latest_experimental" in environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")


def _is_true(environ: _Environ, variable: str, default: str = "") -> bool:
    return (environ.get(variable) or default).strip().lower() in ("true", "1", "yes", "on")


def _genai(environ: _Environ) -> Recording:
    mode = _mode(environ)
    return "on" if mode in _ON_SPANS else "logs" if mode == "event_only" else "off"


def _opted_in(environ: _Environ) -> Recording:
    mode = _mode(environ)
    if _is_latest(environ):
        return "on" if mode in _ON_SPANS else "logs" if mode == "event_only" else "off"
    return "logs" if mode == "true" else "off"


def _traceloop(environ: _Environ) -> Recording:
    return "on" if _is_true(environ, "TRACELOOP_TRACE_CONTENT", "true") else "off"


def _openinference(environ: _Environ) -> Recording:
    hidden = any(
        _is_true(environ, f"OPENINFERENCE_HIDE_{what}")
        for what in ("INPUTS", "OUTPUTS", "INPUT_MESSAGES", "OUTPUT_MESSAGES", "INPUT_TEXT", "OUTPUT_TEXT")
    )
    return "off" if hidden else "on"


def _agent_framework(environ: _Environ) -> Recording:
    return "on" if _is_true(environ, "ENABLE_SENSITIVE_DATA") else "off"


def _anthropic(environ: _Environ) -> Recording:
    mode = environ.get("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE", "").strip().lower()
    return "on" if mode == "content" else "off"


# How the scope begins → what the variables say, the longest match wins; None: they do not tell.
_SAYS: dict[str, Callable[[_Environ], Recording] | None] = {
    "opentelemetry.instrumentation.genai.": _genai,
    "opentelemetry.util.genai": _opted_in,
    "opentelemetry.instrumentation.openai_v2": _opted_in,
    "opentelemetry.instrumentation.google_genai": _opted_in,
    "opentelemetry.instrumentation.vertexai": None,  # two publishers with one name and different variables
    "opentelemetry.instrumentation.": _traceloop,
    "openinference.": _openinference,
    "agent_framework": _agent_framework,
    "com.anthropic.sdk": _anthropic,
}
_SAYS_DISTRIBUTION: dict[str, Callable[[_Environ], Recording] | None] = {
    "opentelemetry-instrumentation-openai-agents-v2": None,  # records without being asked
}


def records_messages(instrumentor: Instrumentor, environ: _Environ) -> Recording | None:
    """Whether, and where to, messages are recorded; None where the environment does not tell."""
    if instrumentor.distribution in _SAYS_DISTRIBUTION:
        says = _SAYS_DISTRIBUTION[instrumentor.distribution]
    else:
        matches = [start for start in _SAYS if instrumentor.scope.startswith(start)]
        says = _SAYS[max(matches, key=len)] if matches else None
    return says(environ) if says is not None else None
