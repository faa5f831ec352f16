"""Datadog's ddtrace, which exports OTLP: what its LLM Observability knows of a span, packed into one attribute.

https://docs.datadoghq.com/llm_observability/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.failures import short_type
from otel_posthog_ai.reading.identity import SESSION_NAMES, USER_NAMES
from otel_posthog_ai.reading.kind_words import stated_by
from otel_posthog_ai.reading.kinds import name_after_span, weigh
from otel_posthog_ai.reading.message_pack import unpacked
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import read_metadata
from otel_posthog_ai.reading.values import (
    conversation,
    finish_reason,
    identifier,
    is_list,
    is_mapping,
    number,
    object_of,
    text,
)
from otel_posthog_ai.record import AISpan, Failure

NAME = "datadog"
PACKED = "_llmobs"
PREFIXES = (PACKED, "_dd.llmobs.")
SIGNS = Signs(keys_begin=PREFIXES)
LABELS = {"ddtrace": "ddtrace (LLM Observability, over OTLP)"}
PLUMBING = (
    "_dd.", PACKED, "_sampling_priority_v1", "component", "language", "llmobs_parent_id",
    "llmobs_trace_id", "operation.name", "out.host", "process_id", "resource.name", "runtime-id", "span.kind",
    "span.type", "tracestate", "gen_ai.application.name", "openai.request.endpoint", "openai.request.method",
    "openai.request.model", "openai.request.provider", "openai.response.model",
)  # fmt: skip
ANNOTATIONS = ("_dd.", "_sampling_priority_v1")  # on every span that leaves through it, also OpenTelemetry's own
# Its word where the address of the model is not the provider's.
_UNKNOWN = ("unknown", "custom")
# What it adds to the tags of the user.
_OWN_TAGS = frozenset(
    {
        "agent_service", "ddtrace.version", "decorator", "env", "error", "error_type", "integration", "language",
        "ml_app", "service", "source", "version", *USER_NAMES, *SESSION_NAMES,
    }
)  # fmt: skip
_OWN_METADATA = frozenset({"finish_reason", "stop_reason", "stream"})


def read(record: AISpan, source: Source) -> None:
    known = _unpacked(source.take(PACKED))
    meta = object_of(known.get("meta"))
    provider = source.attributes.get("gen_ai.provider.name")
    if text(provider) in _UNKNOWN:
        source.discard("gen_ai.provider.name")
    kind = object_of(meta.get("span")).get("kind") or source.attributes.get("_dd.llmobs.span_kind")
    weigh(record, source, stated_by(kind))
    _read_belonging(record, known)
    error = object_of(meta.get("error"))
    if record.error is None and text(error.get("message")) is not None:
        record.error = Failure(short_type(error.get("type")), text(error.get("message")))
    given, result = object_of(meta.get("input")), object_of(meta.get("output"))
    if record.kind == "span":
        record.name = record.name or text(known.get("name"))
        record.input_state, record.output_state = _state(given, "user"), _state(result, "assistant")
        name_after_span(record, source)
        return
    _read_call(record, meta, given, result)
    fill_usage(record.usage, read_raw_usage(known.get("metrics")))
    record.usage.input_excludes_cache = False  # it adds up itself what a provider counts apart
    record.time_to_first_token = number(object_of(known.get("metrics")).get("time_to_first_token"))


def annotate(_record: AISpan, source: Source) -> None:
    """What it writes on the spans of other instrumentors serves it alone, too."""
    source.used.update(PLUMBING)


def _unpacked(packed: Any) -> Mapping[str, Any]:
    """What the attribute holds; nothing where it is damaged, because the rest of the span still says something."""
    try:
        return object_of(unpacked(packed)) if isinstance(packed, bytes) else object_of(packed)
    except ValueError:
        return {}


def _read_belonging(record: AISpan, known: Mapping[str, Any]) -> None:
    tags = object_of(known.get("tags"))
    record.identity.user = next((found for key in USER_NAMES if (found := identifier(tags.get(key)))), None)
    sessions = (known.get("session_id"), *(tags.get(key) for key in SESSION_NAMES))
    record.identity.session = next((found for each in sessions if (found := conversation(each))), None)
    read_metadata(record, {key: value for key, value in tags.items() if key not in _OWN_TAGS and value != ""})


def _read_call(record: AISpan, meta: Mapping[str, Any], given: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    model, metadata = text(meta.get("model_name")), object_of(meta.get("metadata"))
    record.request_model = record.request_model or model
    if (provider := text(meta.get("model_provider"))) not in _UNKNOWN:
        record.provider_original = record.provider_original or provider
    read_request(record, {key: value for key, value in metadata.items() if key not in _OWN_METADATA})
    record.finish_reason = finish_reason(metadata.get("finish_reason") or metadata.get("stop_reason"))
    record.stream = metadata.get("stream") is True or None
    record.tools = read_tools(meta.get("tool_definitions"))
    if record.kind == "embedding":
        record.embedding_input = embedding_texts(_documents(given) or given.get("value"))
        return
    record.input = read_messages(_messages(given), "user")
    record.output = read_messages(_messages(result), "assistant")


def _messages(side: Mapping[str, Any]) -> Any:
    messages = side.get("messages")
    return list(_laid_open(messages)) if is_list(messages) else side.get("value")


def _laid_open(messages: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    """Its messages in the usual shape: ids under `id`, a message for each result of a tool, none that is empty."""
    for message in messages:
        if not is_mapping(message):
            continue
        results, calls = message.get("tool_results"), message.get("tool_calls")
        for result in results if is_list(results) else ():
            yield {"role": "tool", "tool_call_id": result.get("tool_id"), "content": result.get("result")}
        if is_list(calls):
            yield {**message, "tool_calls": [{**call, "id": call.get("tool_id")} for call in calls if is_mapping(call)]}
        elif not results and message.get("content"):
            yield message


def _documents(side: Mapping[str, Any]) -> list[Any] | None:
    documents = side.get("documents")
    return [each.get("text") for each in documents if is_mapping(each)] if is_list(documents) else None


def _state(side: Mapping[str, Any], role: str) -> Any:
    found = _documents(side) or _messages(side)
    return None if found is None or found == "" else read_state(found, role)
