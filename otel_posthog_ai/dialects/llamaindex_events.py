"""llama-index-observability-otel: LlamaIndex's own spans, which say nothing but in their events.

https://docs.llamaindex.ai/en/stable/module_guides/observability/ ; an event bears the fields of LlamaIndex's object
with dots for nesting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_answers import read_raw_answer
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state, shaped
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import identifier, is_mapping, object_of, parse_json, text
from otel_posthog_ai.record import AISpan, Kind, SpanType

NAME = "llamaindex_events"
PREFIXES = ("llamaindex.run_id", "llamaindex.step.")
SCOPES = AI_SCOPES = ("llamaindex.opentelemetry.tracer",)
SIGNS = Signs(scopes=SCOPES)
PLUMBING = ("llamaindex.",)
LABELS = {SCOPES[0]: "llama-index-observability-otel"}
FRAMEWORK = "llamaindex"
STEP = "llamaindex.step.input_summary"

# How the name of an event begins, before `StartEvent` or `EndEvent` -> what its span is.
KINDS: dict[str, tuple[Kind, SpanType | None]] = {
    "LLMChat": ("generation", None),
    "LLMCompletion": ("generation", None),
    "Embedding": ("embedding", None),
    "SparseEmbedding": ("embedding", None),
    "Retrieval": ("span", "retriever"),
    "ReRank": ("span", "reranker"),
    "Query": ("span", "chain"),
    "Synthesize": ("span", "chain"),
    "GetResponse": ("span", "chain"),
    "LLMPredict": ("span", "chain"),
    "LLMStructuredPredict": ("span", "chain"),
    "AgentRunStep": ("span", "task"),
    "AgentChatWithStep": ("span", "agent"),
    "StreamChat": ("span", "chain"),
}
# Where the fields of an event hold what the step was given and what it gave.
_GIVEN = ("query", "query.query_str", "query_str", "str_or_query_bundle.query_str", "template_args", "user_msg")
_RESULT = ("response.response", "output", "nodes", "response")
# Methods that only hand on, or serve the class itself.
_INNER = pattern(r"\._\w+$|\.a?(?:stream_)?(?:chat|predict)_(?:with_tools|and_call)$|\.split_text\w*$")
_STREAM = pattern(r"\.a?stream_")
_ENDINGS = ("StartEvent", "EndEvent")
_OUTPUTS = ("step.output", "workflow.output")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    found = dict(_events(source))
    for ending in _ENDINGS:
        stem = next((name.removesuffix(ending) for name in found if name.removesuffix(ending) in KINDS), None)
        if stem is not None:
            record.kind, record.span_type = KINDS[stem]
            _read_known(record, found.get(f"{stem}StartEvent", {}), found.get(f"{stem}EndEvent", {}), source)
            return
    _read_step(record, found, source)


def _events(source: Source) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((event.name, event.attributes) for event in source.events)


def _read_known(record: AISpan, start: Mapping[str, Any], end: Mapping[str, Any], source: Source) -> None:
    model = object_of(_part(start, "model_dict"))
    if record.kind == "embedding":
        record.request_model = text(model.get("model_name") or model.get("model"))
        record.embedding_input = embedding_texts(list(end.get("chunks") or ()))
    elif record.kind == "generation":
        record.request_model = text(model.get("model_name") or model.get("model"))
        record.stream = True if _STREAM.search(source.name) else None
        record.handed_out = record.stream is True and not end and not source.status_error
        _read_call(record, start, end)
    else:
        given, result = _first(start, _GIVEN), _first(end, _RESULT)
        record.input_state = record.input_state if given is None else read_state(given, "user")
        record.output_state = record.output_state if result is None else read_state(result, "assistant")


def _read_call(record: AISpan, start: Mapping[str, Any], end: Mapping[str, Any]) -> None:
    asked = start.get("messages") or start.get("prompt")
    record.input = read_messages(asked, "user")
    extra = object_of(_part(start, "additional_kwargs"))
    record.tools = read_tools(extra["tools"]) if extra.get("tools") else None
    record.parameters.update({key: value for key, value in extra.items() if key in ("tool_choice", "temperature")})
    response = object_of(_part(end, "response"))
    message = response.get("message")
    record.output = read_messages([message] if is_mapping(message) else response.get("text"), "assistant")
    read_raw_answer(record, response.get("raw"))
    if record.usage.input is None:  # what the class counted, where the provider's answer is not there
        read_raw_answer(record, {"usage": response.get("additional_kwargs")})


def _read_step(record: AISpan, found: Mapping[str, Mapping[str, Any]], source: Source) -> None:
    """A step of a workflow, a workflow, or a method that was only wrapped."""
    summary = text(source.take(STEP))
    result = next((text(found[name].get("output")) for name in _OUTPUTS if name in found), None)
    owner = source.name.partition(".")[0]
    if "workflow.output" in found:
        record.span_type = "agent" if owner.endswith("Agent") else "workflow"
        record.name = owner
    elif source.attributes.get("llamaindex.step.input_event") == "ToolCall":
        _read_tool(record, summary, result)
        return
    else:
        record.span_type = "task"
        record.noise = _INNER.search(source.name) is not None
    record.input_state = record.input_state if summary is None else _written(summary, "user")
    record.output_state = record.output_state if result is None else _written(result, "assistant")


def _read_tool(record: AISpan, summary: str | None, result: str | None) -> None:
    """`ToolCall(tool_name=…, tool_kwargs=…, tool_id=…)` and what it became."""
    call, answer = object_of(_literal(summary)), object_of(_literal(result))
    record.span_type = "tool"
    record.tool_name = record.name = text(call.get("tool_name"))
    record.tool_call_id = identifier(call.get("tool_id"))
    if "tool_kwargs" in call:
        record.input_state = shaped(call["tool_kwargs"])
    blocks = object_of(answer.get("tool_output")).get("blocks")
    if blocks is not None:
        said = read_messages([{"role": "tool", "content": blocks}], "tool") or [{"content": blocks}]
        record.output_state = read_state(said[0]["content"])


def _written(value: str, role: str) -> Any:
    found = _literal(value)
    return value if found is None else shaped(found, role)


def _literal(value: str | None) -> Any:
    return read_literal(value) if value is not None else None


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((found for name in names if (found := _part(fields, name)) is not None), None)


def _part(fields: Mapping[str, Any], name: str) -> Any:
    """One field of an event, put together again where it was taken apart."""
    if name in fields:
        value = parse_json(fields[name])
        return None if value == "null" else value
    whole: dict[str, Any] = {}
    for key, value in fields.items():
        if key.startswith(f"{name}."):
            *path, last = key[len(name) + 1 :].split(".")
            inner = whole
            for step in path:
                inner = inner.setdefault(step, {}) if is_mapping(inner.get(step, {})) else {}
            value = parse_json(value)
            inner[last] = None if value == "null" else value
    return whole or None
