"""One line in the log for generations that arrive without messages: which setting of the instrumentor records them."""

from __future__ import annotations

from otel_posthog_ai.log import warn_once
from otel_posthog_ai.record import AISpan

_MODE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LATEST = "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental"
_LOGS = "add PostHogLogRecordProcessor to the LoggerProvider"

# How the scope begins -> what to set, the longest match wins. Instrumentors that never record messages are not here.
SETTINGS: tuple[tuple[str, str], ...] = (
    ("opentelemetry.instrumentation.genai.", f"{_MODE}=SPAN_ONLY"),
    ("opentelemetry.util.genai", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("opentelemetry.instrumentation.openai_v2", f"{_LATEST} and {_MODE}=SPAN_ONLY (or {_MODE}=true, and {_LOGS})"),
    ("opentelemetry.instrumentation.openai_agents", f"{_MODE}=true"),
    ("opentelemetry.instrumentation.google_genai", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("opentelemetry.instrumentation.vertexai", f"{_MODE}=true, and {_LOGS}"),
    ("opentelemetry.instrumentation.botocore", f"{_MODE}=true, and {_LOGS}"),
    ("opentelemetry.instrumentation.", "TRACELOOP_TRACE_CONTENT=true (with use_legacy_attributes=False also "
                                       f"{_LOGS})"),
    ("openinference.", "OPENINFERENCE_HIDE_INPUTS=false and OPENINFERENCE_HIDE_OUTPUTS=false"),
    ("com.anthropic.sdk", "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content"),
    ("gcp.vertex.agent", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("pydantic-ai", "InstrumentationSettings(include_content=True)"),
    ("agent_framework", "ENABLE_SENSITIVE_DATA=true"),
    ("openlit", f"{_MODE}=true"),
)  # fmt: skip


def setting_for(scope: str) -> str | None:
    """What makes the instrumentor with this scope record messages; None where nothing is known to."""
    matches = [(len(start), setting) for start, setting in SETTINGS if scope.startswith(start)]
    return max(matches)[1] if matches else None


def hint_missing_content(record: AISpan) -> None:
    """Say once for each instrumentor how its messages would arrive, when a good call of a model came without any."""
    if record.kind != "generation" or record.error is not None or record.input or record.output:
        return
    setting = setting_for(record.scope)
    if setting is not None:
        warn_once(
            f"content_hint:{record.scope}",
            "calls of %s arrive without messages; to see prompts and answers in PostHog set %s",
            record.scope,
            setting,
        )
