"""Langfuse: `langfuse.observation.*` on the spans of its SDK and wrappers, `langfuse.trace.*` on any span.

https://langfuse.com/integrations/native/opentelemetry
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from otel_posthog_ai.reading.bodies import read_given, read_result
from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM, Stated
from otel_posthog_ai.reading.kinds import name_after_span, weigh
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_answers import read_raw_answer
from otel_posthog_ai.reading.raw_usage import fill_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import metadata_of, read_metadata, user_tags
from otel_posthog_ai.reading.values import (
    identifier,
    is_list,
    is_mapping,
    json_text,
    mapping,
    number,
    parse_json,
    text,
    texts,
)
from otel_posthog_ai.record import AISpan, Failure

from .langfuse_usage import read_usage_details

NAME = "langfuse"
OBSERVATION = "langfuse.observation."
TRACE = "langfuse.trace."
PREFIXES = (OBSERVATION,)
AI_SCOPES = ("langfuse",)
IDENTITY = IdentityKeys(
    user=(
        "langfuse.user.id", "langfuse.trace.user_id", f"{TRACE}metadata.user_id", f"{OBSERVATION}metadata.user_id",
        f"{TRACE}metadata.userId", f"{OBSERVATION}metadata.userId",
    ),
    session=(
        "langfuse.session.id", "langfuse.trace.session_id", f"{TRACE}metadata.session_id",
        f"{OBSERVATION}metadata.session_id", f"{TRACE}metadata.sessionId", f"{OBSERVATION}metadata.sessionId",
    ),
    incidental_session=(f"{OBSERVATION}metadata.thread_id",),
    metadata=(f"{TRACE}metadata", f"{OBSERVATION}metadata"),
)  # fmt: skip
PLUMBING = ("langfuse.",)
LABELS = {"langfuse-sdk": "langfuse"}

# Attributes that say what the observation is. Others of its namespace stand on spans of other instrumentors, too.
STATING = ("langfuse.observation.type", "langfuse.observation.model.name", "langfuse.observation.usage_details")
SIGNS = Signs(keys=STATING)
ANNOTATIONS = ("langfuse.",)
TYPES: dict[str, Stated] = {
    "generation": ("generation", None),
    "embedding": ("embedding", None),
    "agent": ("span", "agent"),
    "tool": ("span", "tool"),
    "chain": ("span", "chain"),
    "retriever": ("span", "retriever"),
    "guardrail": ("span", "guardrail"),
    "evaluator": ("span", "evaluator"),
}


def _version(value: Any) -> int | str | None:
    return value if isinstance(value, (int, str)) else None


FIELDS: Table = (
    Row("response_model", ("langfuse.observation.model.name", "langfuse.observation.model"), text),
    Row("prompt_name", ("langfuse.observation.prompt.name",), text),
    Row("prompt_version", ("langfuse.observation.prompt.version",), _version),
)  # fmt: skip
TRACE_FIELDS: Table = (
    Row("trace_name", ("langfuse.trace.name",), text),
)  # fmt: skip
# Metadata of the OpenAI wrapper's own: the rest of an answer, and how the output was to be structured.
_STRUCTURE = ("response_format", "text_format")
# What an answer of the Responses API is known by: all of it but its output, or the part of it that JavaScript keeps.
_RESPONSE_OBJECTS = (frozenset({"id", "object"}), frozenset({"status", "tools", "metadata"}))
_RESPONSE_METADATA = frozenset(
    {
        "id", "object", "status", "error", "incomplete_details", "instructions", "parallel_tool_calls", "temperature",
        "tool_choice", "tools", "top_p", "max_output_tokens", "previous_response_id", "reasoning", "truncation", "user",
        "store", "background", "conversation", "service_tier", "usage", "text", "prompt", "prompt_cache_key",
        "safety_identifier", "top_logprobs", "max_tool_calls", "billing", "completed_at", "output_text",
    }
)  # fmt: skip
_BOOKKEEPING = (
    "langfuse.internal.", "langfuse.environment", "langfuse.release", "langfuse.version", "langfuse.experiment.",
)  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    _classify(record, source)
    fill(record, FIELDS, source)
    _read_metadata(record, source)
    _read_level(record, source)
    given = source.take("langfuse.observation.input")
    result = source.take("langfuse.observation.output")
    if record.kind == "span":
        _read_step(record, given, result)
        return
    _read_parameters(record, source)
    fill_usage(record.usage, read_usage_details(source.take("langfuse.observation.usage_details")))
    _read_cost(record, source)
    _read_first_token(record, source)
    if record.kind == "embedding":
        _read_embedding(record, given)
    else:
        _read_call(record, given, result)


def annotate(record: AISpan, source: Source) -> None:
    """What Langfuse's processor writes on every span of a trace, whoever made the span: its name, tags and metadata."""
    fill(record, TRACE_FIELDS, source)
    for tag in texts(source.first("langfuse.trace.tags", "langfuse.tags")) or ():
        if tag not in record.tags:
            record.tags = [*record.tags, tag]
    for key, value in metadata_of(source.take("langfuse.trace.metadata")).items():
        record.trace_metadata.setdefault(key, value)
    for key, value in source.below("langfuse.trace.metadata.").items():
        record.trace_metadata.setdefault(key, json_text(value))
    for key in source.attributes:
        if key.startswith(_BOOKKEEPING) or key.startswith(TRACE):
            source.used.add(key)


def _classify(record: AISpan, source: Source) -> None:
    stated = text(source.take("langfuse.observation.type"))
    if stated is not None:
        weigh(record, source, TYPES.get(stated.lower(), CUSTOM))
    else:
        weigh(record, source, CALL if source.has(*STATING) else CUSTOM)
    name_after_span(record, source)


def _read_metadata(record: AISpan, source: Source) -> None:
    metadata = mapping(source.take("langfuse.observation.metadata")) or {}
    for key, value in source.below("langfuse.observation.metadata.").items():
        metadata[key] = json_text(value)
    if record.kind == "generation" and any(metadata.keys() >= known for known in _RESPONSE_OBJECTS):
        read_raw_answer(record, {**metadata, "output": []}, usage=False)
        if record.instructions is None:
            record.instructions = text(metadata.get("instructions"))
        if not record.tools:
            record.tools = read_tools(metadata.get("tools"))
        nested = metadata.get("metadata")
        metadata = {key: value for key, value in metadata.items() if key not in _RESPONSE_METADATA | {"metadata"}}
        metadata.update(nested if is_mapping(nested) else {})
    elif record.kind == "generation" and text(metadata.get("finish_reason")) is not None:
        record.finish_reason = record.finish_reason or text(metadata.pop("finish_reason"))
    for key in _STRUCTURE if record.kind == "generation" else ():
        if key in metadata:
            record.parameters.setdefault("response_format", metadata.pop(key))
    tags = metadata.pop("tags", None) if is_list(metadata.get("tags")) else None
    if tags and not record.tags:
        record.tags = user_tags(tags)
    read_metadata(record, metadata)


def _read_level(record: AISpan, source: Source) -> None:
    level = text(source.take("langfuse.observation.level"))
    message = text(source.take("langfuse.observation.status_message"))
    if level is not None and level.upper() == "ERROR" and record.error is None:
        record.error = Failure(message=message)


def _read_step(record: AISpan, given: Any, result: Any) -> None:
    if unset(record.input_state) and given is not None and given != "":
        record.input_state = read_state(given, "user")
    if unset(record.output_state) and result is not None and result != "":
        record.output_state = read_state(result, "assistant")


def _read_parameters(record: AISpan, source: Source) -> None:
    for name, value in (mapping(source.take("langfuse.observation.model.parameters")) or {}).items():
        if value is None or value in ("", "Infinity"):
            continue
        if name in ("tools", "functions"):
            record.tools = record.tools or read_tools(value)
            continue
        record.parameters.setdefault(name, parse_json(value))
    if record.service_tier is None:
        record.service_tier = text(record.parameters.get("service_tier"))


def _read_cost(record: AISpan, source: Source) -> None:
    details = mapping(source.take("langfuse.observation.cost_details")) or {}
    cost = record.cost
    cost.input = number(details.get("input")) if cost.input is None else cost.input
    cost.output = number(details.get("output")) if cost.output is None else cost.output
    cost.total = number(details.get("total")) if cost.total is None else cost.total


def _read_first_token(record: AISpan, source: Source) -> None:
    started = text(json_text(source.take("langfuse.observation.completion_start_time")))
    if started is None:
        return
    if record.stream is None:
        record.stream = True
    try:
        moment = datetime.fromisoformat(started.strip().replace("Z", "+00:00"))
    except ValueError:
        return
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    seconds = moment.timestamp() - record.start_ns / 1e9
    if record.time_to_first_token is None and seconds >= 0:
        record.time_to_first_token = round(seconds, 6)


def _read_embedding(record: AISpan, given: Any) -> None:
    if record.embedding_input is None:
        found = read_state(given)
        record.embedding_input = embedding_texts(found.get("input", found) if is_mapping(found) else found)


def _read_call(record: AISpan, given: Any, result: Any) -> None:
    request, answer = parse_json(given), parse_json(result)
    if is_list(request):
        request, definitions = _without_definitions(request)
        if definitions and not record.tools:
            record.tools = read_tools(definitions)
    captured = read_state(given) if is_mapping(request) and set(request) == {"args", "kwargs"} else request
    read_given(record, captured)
    read_result(record, answer)
    if unset(record.output):
        record.output = read_messages(answer, "assistant")


def _without_definitions(entries: Any) -> tuple[list[Any], list[Any]]:
    """The LangChain handler appends every tool's definition to the messages, as one of a tool's."""
    messages: list[Any] = []
    definitions: list[Any] = []
    for entry in entries:
        (definitions if _is_definition(entry) else messages).append(entry)
    return messages, [entry["content"] for entry in definitions]


def _is_definition(entry: Any) -> bool:
    if not is_mapping(entry) or entry.get("role") != "tool" or identifier(entry.get("tool_call_id")) is not None:
        return False
    content = entry.get("content")
    return is_mapping(content) and ("function" in content or "name" in content)
