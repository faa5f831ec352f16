"""One line in the log for what calls of a model arrive without, where a setting of the app mends it."""

from __future__ import annotations

from otel_posthog_ai.log import hint
from otel_posthog_ai.record import AISpan

_MODE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_LATEST = "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental"
_LOGS = "add PostHogLogRecordProcessor to the LoggerProvider"

_TRACELOOP = f"TRACELOOP_TRACE_CONTENT=true (with use_legacy_attributes=False also {_LOGS})"
# OpenLLMetry's instrumentors, among others that share their namespace and have other settings, or none.
_OF_TRACELOOP = (
    "agno", "alephalpha", "anthropic", "bedrock", "cohere", "crewai", "google_generativeai", "groq", "haystack",
    "langchain", "llamaindex", "mistralai", "ollama", "openai", "replicate", "sagemaker", "together", "transformers",
    "voyageai", "watsonx", "writer",
)  # fmt: skip

# How the scope begins -> what to set, the longest match wins. Instrumentors that never record messages are not here.
SETTINGS: tuple[tuple[str, str], ...] = (
    ("opentelemetry.instrumentation.genai.", f"{_MODE}=SPAN_ONLY"),
    ("opentelemetry.util.genai", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("opentelemetry.instrumentation.openai_v2", f"{_LATEST} and {_MODE}=SPAN_ONLY (or {_MODE}=true, and {_LOGS})"),
    ("opentelemetry.instrumentation.openai_agents", f"{_MODE}=true"),
    ("opentelemetry.instrumentation.google_genai", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("opentelemetry.instrumentation.vertexai", f"{_MODE}=true, and {_LOGS}"),
    ("opentelemetry.instrumentation.botocore", f"{_MODE}=true, and {_LOGS}"),
    *((f"opentelemetry.instrumentation.{name}", _TRACELOOP) for name in _OF_TRACELOOP),
    ("openinference.", "OPENINFERENCE_HIDE_INPUTS=false and OPENINFERENCE_HIDE_OUTPUTS=false"),
    ("com.anthropic.sdk", "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content"),
    ("gcp.vertex.agent", f"{_LATEST} and {_MODE}=SPAN_ONLY"),
    ("pydantic-ai", "InstrumentationSettings(include_content=True)"),
    ("agent_framework", "ENABLE_SENSITIVE_DATA=true"),
    ("openlit", f"{_MODE}=true"),
    ("azure.core.tracing", "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED=true"),
    ("haystack", "HAYSTACK_CONTENT_TRACING_ENABLED=true"),
)  # fmt: skip


def setting_for(scope: str) -> str | None:
    """What makes the instrumentor with this scope record messages; None where nothing is known to."""
    matches = [(len(start), setting) for start, setting in SETTINGS if scope.startswith(start)]
    return max(matches)[1] if matches else None


def hint_missing(record: AISpan) -> None:
    """Say once for each instrumentor what its good calls of a model lack."""
    if record.kind != "generation" or record.error is not None or record.cancelled:
        return
    if not record.input and not record.output:
        _hint_messages(record.scope)
    if record.stream and record.usage.input is None and record.usage.output is None and record.usage.total is None:
        hint(
            f"usage:{record.scope}",
            f"streamed calls of {record.scope} arrive without tokens, and PostHog cannot tell their cost",
            'ask for them in the request: stream_options={"include_usage": True} (ChatOpenAI: stream_usage=True)',
        )


def _hint_messages(scope: str) -> None:
    setting = setting_for(scope)
    if setting is not None:
        hint(
            f"content:{scope}",
            f"calls of {scope} arrive without messages",
            f"to see prompts and answers in PostHog set {setting}",
        )


def hint_cut(scope: str, attributes: int) -> None:
    """Say once for each instrumentor that the SDK's limit has cut attributes of an AI span: the oldest go first."""
    hint(
        f"cut:{scope}",
        f"OpenTelemetry's limit has cut {attributes} attributes off a span of {scope}: what was written first, often "
        "the model or the first messages, is missing",
        "set OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000 (in code: TracerProvider(span_limits=SpanLimits(…)))",
    )
