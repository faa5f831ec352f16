"""The Vercel AI SDK's `ai.*` attributes, for traces of Node services that come by a Collector.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry ; an `ai.*` key counts only beside `ai.operationId`, which is documented.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import count, finish_reason, identifier, items, number, parse_json, text
from otel_posthog_ai.record import AISpan, Kind

NAME = "vercel_ai"
OPERATION = "ai.operationId"
PREFIXES = (OPERATION,)
METADATA = "ai.telemetry.metadata."
IDENTITY = IdentityKeys(user=(f"{METADATA}posthog_distinct_id", f"{METADATA}userId"), session=(f"{METADATA}sessionId",))
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
    Row("request_model", ("ai.model.id",), text),
    Row("response_model", ("ai.response.model",), text),
    Row("response_id", ("ai.response.id",), identifier),
    Row("provider_original", ("ai.model.provider",), text),
    Row("finish_reason", ("ai.response.finishReason", "ai.finishReason"), finish_reason),
    Row("usage.input", ("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"), count),
    Row("usage.output", ("ai.usage.outputTokens", "ai.usage.completionTokens"), count),
    Row("usage.total", ("ai.usage.totalTokens",), count),
    Row("usage.reasoning", ("ai.usage.reasoningTokens",), count),
    Row("usage.cache_read", ("ai.usage.cachedInputTokens",), count),
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


def recognises(source: Source) -> bool:
    return OPERATION in source.attributes


def read(record: AISpan, source: Source) -> None:
    operation = str(source.take(OPERATION))
    record.framework = record.framework or FRAMEWORK
    for ending, kind in CALLS:
        if operation.endswith(ending):
            record.kind = kind
    fill(record, FIELDS, source)
    fill_parameters(record, PARAMETERS, source, parse_json)
    metadata = source.below(METADATA)
    record.metadata.update({key: value for key, value in metadata.items() if not key.startswith("posthog_")})
    if record.kind == "span":
        _read_step(record, source, operation)
    elif record.kind == "embedding":
        record.embedding_input = [
            str(parse_json(each)) for each in items(source.first("ai.values", "ai.value")) or ()
        ] or None
    else:
        _read_call(record, source, operation)
    source.below("ai.")


def _read_call(record: AISpan, source: Source, operation: str) -> None:
    record.stream = operation.endswith(".doStream")
    milliseconds = number(source.take("ai.response.msToFirstChunk"))
    if milliseconds is not None:
        record.time_to_first_token = milliseconds / 1000
    if unset(record.input):
        record.input = read_messages(source.first("ai.prompt.messages", "ai.prompt"), "user")
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
    asked = read_messages(source.first("ai.prompt.messages", "ai.prompt"), "user")
    if asked:
        record.input_state = asked
    answered = source.first("ai.response.text", "ai.response.object")
    if answered is not None:
        record.output_state = read_state(answered)
