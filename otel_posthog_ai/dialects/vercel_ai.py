"""The Vercel AI SDK, for traces of Node services: `ai.*` attributes up to version 6, the GenAI conventions since then.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry ; an `ai.*` key counts only beside `ai.operationId`, which is documented,
or beside an operation of the conventions: version 7 adds what the conventions have no word for under its old names.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_OPERATION_NAME,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_USAGE_INPUT_TOKENS,
)
from otel_posthog_ai.attribute_names.vercel_ai import AI_MODEL_ID
from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import (
    count,
    finish_reason,
    identifier,
    items,
    json_text,
    mapping,
    number,
    parse_json,
    text,
)
from otel_posthog_ai.record import AISpan, Kind, Message

NAME = "vercel_ai"
OPERATION = "ai.operationId"
PREFIXES = (OPERATION,)
AI_SCOPES = ("gen_ai",)
LABELS = {"ai": "ai (Vercel AI SDK up to 6)", "gen_ai": "ai (Vercel AI SDK 7)"}
# The tracer's name since version 7.
SCOPE = "gen_ai"
SIGNS = Signs(scopes=(SCOPE,), keys=(OPERATION,), keys_begin=("ai.",))
# What the app said about the call: as telemetry settings, and since version 7 as the context of the run.
METADATA = ("ai.telemetry.metadata.", "ai.settings.context.")
IDENTITY = keys_below(*METADATA)
FRAMEWORK = "vercel"

# The inner operation is the call; the outer one runs the steps and repeats their usage.
CALLS: tuple[tuple[str, Kind], ...] = (
    (".doGenerate", "generation"),
    (".doStream", "generation"),
    (".doEmbed", "embedding"),
)


def _tools(value: Any) -> list[dict[str, Any]] | None:
    return read_tools([parse_json(each) for each in items(value) or ()])


FIELDS: Table = (
    Row("request_model", (AI_MODEL_ID,), text),
    Row("response_model", ("ai.response.model",), text),
    Row("response_id", ("ai.response.id",), identifier),
    Row("provider_original", ("ai.model.provider",), text),
    Row("finish_reason", ("ai.response.finishReason", "ai.finishReason"), finish_reason),
    Row("usage.input", ("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"), count),
    Row("usage.output", ("ai.usage.outputTokens", "ai.usage.completionTokens"), count),
    Row("usage.total", ("ai.usage.totalTokens",), count),
    Row("usage.reasoning", ("ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"), count),
    Row("usage.cache_read", ("ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"), count),
    Row("usage.cache_write", ("ai.usage.inputTokenDetails.cacheWriteTokens",), count),
    Row("tools", ("ai.prompt.tools",), _tools),
    Row("tool_name", ("ai.toolCall.name",), text),
    Row("tool_call_id", ("ai.toolCall.id",), identifier),
)
PARAMETERS = {
    "ai.settings.temperature": "temperature",
    "ai.settings.maxOutputTokens": "max_tokens",
    "ai.settings.maxTokens": "max_tokens",
    "ai.settings.topP": "top_p",
}


UNCACHED_INPUT = "ai.usage.inputTokenDetails.noCacheTokens"
# What the exporters of its platform add to every span.
_BOOKKEEPING = ("operation.name", "resource.name")


def recognises(source: Source) -> bool:
    attributes = source.attributes
    if OPERATION in attributes or source.scope == SCOPE:
        return True
    return GEN_AI_OPERATION_NAME in attributes and any(key.startswith("ai.") for key in attributes)


def read(record: AISpan, source: Source) -> None:
    operation = text(source.take(OPERATION))
    record.framework = record.framework or FRAMEWORK
    for ending, kind in CALLS:
        if operation is not None and operation.endswith(ending):
            record.kind = kind
    fill(record, FIELDS, source)
    fill_parameters(record, PARAMETERS, source, parse_json)
    _read_metadata(record, source)
    _read_cache(record, source)
    if operation is None:
        _read_beside_conventions(record, source)
    elif record.kind == "span":
        _read_step(record, source, operation)
    elif record.kind == "embedding":
        record.embedding_input = _embedded(source)
    else:
        _read_call(record, source, operation)
    _declare_pair(record, source, operation)
    source.below("ai.")
    source.used.update(_BOOKKEEPING)


def _read_metadata(record: AISpan, source: Source) -> None:
    for prefix in METADATA:
        for key, value in source.below(prefix).items():
            if not key.startswith("posthog_"):
                record.metadata.setdefault(key, value)


def _read_cache(record: AISpan, source: Source) -> None:
    """Versions and providers differ in whether the input holds what came from the cache; the rest of it tells."""
    uncached, asked = count(source.take(UNCACHED_INPUT)), record.usage.input
    if asked is None:
        asked = count(source.attributes.get(GEN_AI_USAGE_INPUT_TOKENS))
    if uncached is not None and asked is not None and (record.usage.cache_read or record.usage.cache_write):
        record.usage.input_excludes_cache = uncached == asked


def _read_beside_conventions(record: AISpan, source: Source) -> None:
    """Version 7: what the conventions have no word for."""
    if source.attributes.get(GEN_AI_OPERATION_NAME) == "embeddings":
        record.embedding_input = _embedded(source)
        record.may_be_sum = True  # it stands around the requests that it is split into


def _declare_pair(record: AISpan, source: Source, operation: str | None) -> None:
    """Version 7 can write a call down in both ways, in two traces; where it failed, no answer's id makes them one."""
    if record.response_id is not None or not source.status_error:
        return
    if source.attributes.get(GEN_AI_OPERATION_NAME) == "chat":
        record.pair_key = text(source.attributes.get(GEN_AI_REQUEST_MODEL))
    elif record.kind == "generation":
        record.pair_key, record.pair_time_ns = record.request_model, record.end_ns


def _embedded(source: Source) -> list[str] | None:
    return [str(json_text(each)) for each in items(source.first("ai.values", "ai.value")) or ()] or None


def _read_call(record: AISpan, source: Source, operation: str) -> None:
    record.stream = operation.endswith(".doStream")
    milliseconds = number(source.take("ai.response.msToFirstChunk"))
    if milliseconds is not None:
        record.time_to_first_token = milliseconds / 1000
    if unset(record.input):
        record.input = _asked(source)
    if unset(record.output):
        record.output = read_messages([_answer(source)], "assistant")


def _answer(source: Source) -> dict[str, Any]:
    answer: dict[str, Any] = {"role": "assistant", "content": source.first("ai.response.text", "ai.response.object")}
    reasoning = source.take("ai.response.reasoning")
    if reasoning is not None:
        answer["reasoning"] = reasoning
    calls = items(source.take("ai.response.toolCalls"))
    if calls:
        answer["tool_calls"] = [{**call, "type": "tool-call"} for call in calls if isinstance(call, dict)]
    return answer


def _read_step(record: AISpan, source: Source, operation: str) -> None:
    if operation == "ai.toolCall":
        record.span_type = "tool"
        record.name = record.tool_name
        record.input_state = read_state(source.take("ai.toolCall.args"))
        record.output_state = read_state(source.take("ai.toolCall.result"))
        return
    record.span_type = "agent"
    record.name = text(source.take("ai.telemetry.functionId")) or text(source.take("resource.name"))
    asked = _asked(source) or _embedded(source)
    if asked:
        record.input_state = asked
    answered = source.first("ai.response.text", "ai.response.object")
    if answered is not None:
        record.output_state = read_state(answered)


def _asked(source: Source) -> list[Message] | None:
    """What a run was asked: its messages, or the prompt and instructions that it was called with."""
    given = source.first("ai.prompt.messages", "ai.prompt")
    called_with = mapping(given)
    if called_with is None or called_with.keys().isdisjoint(("prompt", "messages", "system")):
        return read_messages(given, "user")
    asked = called_with.get("messages", called_with.get("prompt"))
    return [
        *(read_messages(called_with.get("system"), "system") or ()),
        *(read_messages(asked, "user") or ()),
    ] or None
