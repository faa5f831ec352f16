"""The spans that Anthropic's own SDK writes of its API calls."""

from __future__ import annotations

from opentelemetry.semconv.attributes.url_attributes import URL_FULL

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_CONVERSATION_ID,
    GEN_AI_OPERATION_NAME,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_MODEL,
)
from otel_posthog_ai.reading.content_events import tool_result
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters
from otel_posthog_ai.reading.values import count, finish_reason, identifier, text
from otel_posthog_ai.record import MISSING, AISpan

from .gen_ai import parameter

NAME = "anthropic_sdk"
PREFIXES = ("anthropic.message.", "anthropic.usage.")
AI_SCOPES = ("com.anthropic.sdk",)
PLUMBING = ("anthropic.",)
LABELS = {"com.anthropic.sdk.python": "anthropic (its own spans)"}
SCOPE = "com.anthropic.sdk.python"
SCOPES = ("com.anthropic.sdk",)
SIGNS = Signs(scopes_begin=SCOPES)

FIELDS: Table = (
    Row("finish_reason", ("anthropic.message.stop_reason",), finish_reason),
    Row("service_tier", ("anthropic.response.service_tier",), text),
    Row("usage.cache_write_5m", ("anthropic.usage.cache_creation.ephemeral_5m_input_tokens",), count),
    Row("usage.cache_write_1h", ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens",), count),
    Row("request_url", (URL_FULL,), text),
    Row("identity.incidental_session", (GEN_AI_CONVERSATION_ID, "anthropic.session.id"), identifier),
)
PARAMETERS: dict[str, str] = {
    "anthropic.request.service_tier": "service_tier",
    "anthropic.thinking.type": "thinking_type",
    "anthropic.thinking.budget_tokens": "thinking_budget_tokens",
    "anthropic.beta": "betas",
}


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    fill_parameters(record, PARAMETERS, source, parameter)
    record.usage.input_excludes_cache = False
    request = text(source.take("anthropic.request.id"))
    if request is not None:
        record.provider_metadata.setdefault("request_id", request)
    result = source.take("anthropic.tool_result.content")
    if result is not None and record.output_state is MISSING:
        record.output_state = tool_result(result)
    # The API of the account: lists of models, batches and files are no work of a model.
    if not source.has(GEN_AI_OPERATION_NAME, GEN_AI_REQUEST_MODEL, GEN_AI_RESPONSE_MODEL):
        record.noise = True
