"""A provider's or framework's raw answer, where an instrumentor copied it whole: id, model, finish reason, usage, text.

Every reader looks for the keys of its own API, so that one answer may be wrapped in another (LlamaIndex keeps the
provider's under `raw`, LangChain under `response_metadata`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan, Message, Usage

from .cache_counting import cached
from .literals import ADDRESS, read_literal
from .messages import read_messages
from .raw_usage import fill_usage, read_raw_usage
from .values import finish_reason, identifier, is_list, is_mapping, parse_json, text

_ID_KEYS = ("id", "response_id", "responseId", "generation_id", "message_id")
_MODEL_KEYS = ("model", "model_version", "modelVersion", "model_name", "model_id", "modelId")
_FINISH_KEYS = (
    "finish_reason", "stop_reason", "stopReason", "finishReason", "done_reason", "completion_reason",
    "completionReason",
)  # fmt: skip
_USAGE_KEYS = (
    "usage", "usage_metadata", "usageMetadata", "token_usage", "usage_details", "billed_units",
    "amazon-bedrock-invocationMetrics",
)  # fmt: skip
_TIER_KEYS = ("service_tier", "serviceTier")
# Lists whose first item may say more about the answer.
_LISTS = ("choices", "candidates", "generations", "results", "outputs", "completions", "replies")
# Objects that hold the provider's own answer.
_WRAPPERS = (
    "raw", "response_metadata", "generation_info", "message", "kwargs", "data", "llm_output", "meta", "_meta",
    "response",
    "provider_data",
)  # fmt: skip
_TEXT_KEYS = ("text", "completion", "generation", "response", "outputText", "output_text")
# Ids that a framework made, which name a run and not an answer.
_OWN_IDS = pattern(r"^(?:run-|lc_|[0-9a-f]{8}-[0-9a-f]{4}-)", re.IGNORECASE)
# Parts of an answer, whose ids are not the answer's.
_ITEMS = frozenset(
    {"message", "reasoning", "function_call", "custom_tool_call", "mcp_call", "tool_call", "tool_use", "function"}
)
# What an answer is called that was put together from the pieces of a stream.
_CHUNKS = ("ChatGenerationChunk", "GenerationChunk", "chat.completion.chunk")
_DEEPEST = 7
# Python's own text of a client library's answer: `ChatCompletion(id='chatcmpl-1', …, finish_reason='stop', …)`.
_REPR = pattern(r"^\s*[A-Z]\w*\(")
_REPR_ID = pattern(
    r"^\s*\w*(?:Completion|Message|Response)\w*\(.{0,40}?\b(?:response_)?id='([\w.:-]{6,})'",
)
_REPR_USAGE = pattern(r"\busage'?(?:=|: )")
_LONGEST_REPR = 100_000
_REPR_FINISH = pattern(r"\b(?:finish_reason|stop_reason)'?(?:=|: )(?:'(\w+)'|<\w+\.\w+: '(\w+)'>)")


def read_raw_answer(record: AISpan, value: Any, *, usage: bool = True) -> None:
    """Fill what the record leaves open from a raw answer (an object, a list of them, or JSON text of either)."""
    _read(record, parse_json(value), usage, 0)


def raw_output(value: Any) -> list[Message] | None:
    """The answer's messages, where the raw answer holds them in a known shape."""
    found = parse_json(value)
    if isinstance(found, str) and ADDRESS.fullmatch(found):
        return None
    if isinstance(found, str) and len(found) <= _LONGEST_REPR and _REPR_ID.match(found):
        found = read_literal(found) or found
    if is_list(found) and len(found) == 1 and is_mapping(found[0]) and _holds_messages(found[0]):
        found = found[0]  # the OpenAI Agents SDK writes an answer as a list of answers
    if not is_mapping(found):
        return read_messages(found, "assistant") if isinstance(found, str) or is_list(found) else None
    if _holds_messages(found):
        return read_messages(found, "assistant")
    if is_mapping(found.get("output")) or is_mapping(found.get("message")) or "role" in found or "content" in found:
        return read_messages([found], "assistant")
    spoken = next((found[key] for key in _TEXT_KEYS if isinstance(found.get(key), str)), None)
    return read_messages(spoken, "assistant") if spoken is not None else None


def _holds_messages(answer: Mapping[str, Any]) -> bool:
    return any(is_list(answer.get(key)) for key in ("choices", "candidates", "generations", "output", "messages"))


def _read(record: AISpan, found: Any, usage: bool, depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(found, str):
        _read_repr(record, found, usage, depth)
    elif is_list(found):
        if found:
            _read(record, found[0], usage, depth + 1)
    elif is_mapping(found):
        _read_object(record, found)
        if usage:
            _read_usage(record, _first(found, _USAGE_KEYS, read_raw_usage))
            _read_cached_reply(record, found.get("usage_metadata"))
        for inner in _inner(found):
            _read(record, inner, usage, depth + 1)


def _read_usage(record: AISpan, found: Usage | None) -> None:
    """All counts where there are none yet; else the details of an input that both count alike."""
    known = record.usage
    if found is None:
        return
    apart = cached(found) if found.as_provider_counts else 0  # the same input, of which the provider counts less
    nothing = known.input is None and known.output is None
    if nothing or found.input == known.input or (found.input is not None and found.input + apart == known.input):
        fill_usage(known, found)


def _read_cached_reply(record: AISpan, usage: Any) -> None:
    """LangChain takes a reply out of its cache with the usage of the first time, and says that it cost nothing."""
    if is_mapping(usage) and usage.get("total_cost") == 0 and record.cost.total is None:
        record.cost.total, record.cost.from_cache = 0, True


def _inner(found: Mapping[str, Any]) -> Iterable[Any]:
    for key in (*_LISTS, *_WRAPPERS):
        inner = found.get(key)
        if is_list(inner) or is_mapping(inner):
            yield inner
        elif key == "raw" and isinstance(inner, str):
            yield parse_json(inner)


def _first(found: Mapping[str, Any], keys: tuple[str, ...], parse: Callable[[Any], Any]) -> Any:
    return next((value for key in keys if (value := parse(found.get(key))) is not None), None)


def _read_object(record: AISpan, found: Mapping[str, Any]) -> None:
    is_item = "model" not in found and isinstance(found.get("type"), str) and found["type"] in _ITEMS
    if record.response_id is None and not is_item:
        record.response_id = _first(found, _ID_KEYS, _response_id)
    if record.response_model is None:
        record.response_model = _first(found, _MODEL_KEYS, _plain_text)
    if record.finish_reason is None:
        record.finish_reason = _first(found, _FINISH_KEYS, _finish)
        if record.finish_reason is None and (found.get("object") == "response" or is_list(found.get("output"))):
            record.finish_reason = _responses_status(found)
    if record.service_tier is None:
        record.service_tier = _first(found, _TIER_KEYS, _plain_text)
    if found.get("type") in _CHUNKS or found.get("object") in _CHUNKS:
        record.stream = True
    fingerprint = _plain_text(found.get("system_fingerprint"))
    if fingerprint is not None:
        record.provider_metadata.setdefault("system_fingerprint", fingerprint)


def _responses_status(found: Mapping[str, Any]) -> str | None:
    """OpenAI Responses: why it is incomplete, else its status."""
    details = found.get("incomplete_details")
    reason = _plain_text(details.get("reason")) if is_mapping(details) else None
    if reason is not None:
        return reason
    status = _plain_text(found.get("status"))
    return status if status in ("completed", "incomplete", "cancelled") else None


def _response_id(value: Any) -> str | None:
    found = identifier(value) if isinstance(value, str) else None
    return found if found is not None and not _OWN_IDS.match(found) else None


def _plain_text(value: Any) -> str | None:
    return text(value) if isinstance(value, str) else None


def _finish(value: Any) -> str | None:
    if is_mapping(value):
        value = value.get("reason") or value.get("name")
    return finish_reason(value) if isinstance(value, str) else None


def _read_counts(record: AISpan, found: Any, depth: int) -> None:
    """What only the text of an object tells of an answer: what came from the cache, and that it was streamed."""
    if depth > _DEEPEST:
        return
    if is_list(found):
        found = found[0] if found else None
    if is_mapping(found):
        _read_usage(record, _first(found, _USAGE_KEYS, read_raw_usage))
        if "completion_start_time" in found:  # Haystack, when the pieces of a stream began
            record.stream = True
        for inner in _inner(found):
            _read_counts(record, inner, depth + 1)


def _read_repr(record: AISpan, found: str, usage: bool, depth: int) -> None:
    if not _REPR.match(found):
        return
    if usage and record.usage.cache_read is None and len(found) <= _LONGEST_REPR and _REPR_USAGE.search(found):
        _read_counts(record, read_literal(found), depth)
    match = _REPR_ID.match(found)
    if match is not None and record.response_id is None:
        record.response_id = match.group(1)
    if record.finish_reason is None:
        finish = _REPR_FINISH.search(found)
        if finish is not None:
            record.finish_reason = finish.group(1) or finish.group(2)
