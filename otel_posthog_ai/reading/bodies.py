"""What a call was given and gave back, where an instrumentor wrote it down whole: request, messages, reply, or data.

Data is what an app handed to a model, or had it write, as JSON of its own: it is said as it is. It is never searched
for what a request or a provider's reply would tell, because its `model`, `id` or `usage` are the app's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import AISpan, Message

from .literals import ADDRESS
from .messages import read_messages
from .parts import KEYED, is_part_type, type_of
from .raw_answers import raw_output, read_raw_answer
from .raw_requests import PARAMETERS, read_request
from .roles import CLASSES, LANGCHAIN_TYPES
from .table import unset
from .values import dump, is_list, is_mapping, parse_json

# Keys that only a request, a message or a reply has, with the kind of value that they have there.
_LISTS = frozenset(
    {"messages", "choices", "candidates", "generations", "contents", "parts", "tool_calls", "toolCalls", "replies",
     "completions", "output"}
)  # fmt: skip
_OBJECTS = frozenset(
    {"usage", "usage_metadata", "usageMetadata", "token_usage", "response_metadata", "generation_info", "kwargs",
     "additional_kwargs", "llm_output", "message", "delta", "raw", "output", "incomplete_details"}
)  # fmt: skip
_TEXTS = frozenset({"role", "object", "_role", "lc"})
# Keys that requests, messages and replies share with the data of apps: alone or among themselves they are the former.
_WORDS = frozenset(
    {
        *PARAMETERS, "input", "inputs", "output", "outputs", "prompt", "text", "content", "contents", "message",
        "response", "completion", "generation", "answer", "model", "id", "type", "name", "created", "created_at",
        "instructions", "system", "tools", "functions", "tool_choice", "stream", "user", "metadata", "extra_headers",
        "finish_reason", "stop_reason", "stop_sequence", "index", "refusal", "reasoning", "reasoning_content", "data",
        "results", "args", "kwargs", "status", "error", "outputText", "inputText", "images", "audio", "function_call",
        "tool_call_id", "system_fingerprint", "service_tier", "blocks", "media", "files", "history", "meta",
    }
)  # fmt: skip
_TYPES = frozenset({*CLASSES, *LANGCHAIN_TYPES, "message", "reasoning", "constructor"})
# Words for what was said, where nothing beside them tells more; the plainest first.
_SPOKEN = (
    "text", "content", "message", "prompt", "input", "inputs", "inputText", "answer", "response", "completion",
    "generation", "generated_text", "output", "outputs", "outputText", "output_text", "result", "results", "value",
    "data", "body", "args", "kwargs",
)  # fmt: skip
_DEEPEST = 4
_PART_KEYS = frozenset(key for key, _ in KEYED)


def is_data(value: Any) -> bool:
    """Whether a parsed value is an app's own data, and no request, messages or reply."""
    if is_list(value):
        return bool(value) and all(is_mapping(each) and is_data(each) for each in value)
    return is_mapping(value) and bool(value) and not _is_known(value) and not _WORDS.issuperset(value)


def _is_known(value: Mapping[str, Any]) -> bool:
    return (
        any(is_list(value.get(key)) for key in _LISTS & value.keys())
        or any(is_mapping(value.get(key)) for key in _OBJECTS & value.keys())
        or not _TEXTS.isdisjoint(value)
        or any(is_mapping(value.get(key)) for key in _PART_KEYS & value.keys())
        or _has_type(value)
        or ("model" in value and _are_items(value.get("input")))
    )


def _are_items(value: Any) -> bool:
    """Whether a list is what a request of the Responses API hands over: messages, calls and their results."""
    if not is_list(value) or not value:
        return False
    return all(is_mapping(each) and ("role" in each or _has_type(each)) for each in value)


def _has_type(value: Mapping[str, Any]) -> bool:
    kind = type_of(value)
    return kind in _TYPES or is_part_type(kind)


def read_said(value: Any, role: str) -> list[Message] | None:
    """The messages of a value of whatever shape, parsed or as JSON text; None where it says nothing.

    Data is said as its JSON text; of an object that is neither data nor messages, what stands under the word for it.
    """
    return _said(parse_json(value), role, 0)


def _said(found: Any, role: str, depth: int) -> list[Message] | None:
    messages = read_messages(found, role) if not _is_address(found) else None
    if messages is not None:
        return messages
    if is_data(found):
        return _as_text(found, role)
    if not is_mapping(found) or "role" in found or depth == _DEEPEST:
        return None
    inner = (_said(_without_addresses(found[key]), role, depth + 1) for key in _SPOKEN if key in found)
    return next((each for each in inner if each is not None), None)


def _without_addresses(value: Any) -> Any:
    found = parse_json(value)
    return [each for each in found if not _is_address(each)] if is_list(found) else found


def _is_address(value: Any) -> bool:
    """An object's mere address, as Python writes it, says nothing."""
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None


def _as_text(data: Any, role: str) -> list[Message]:
    return [{"role": role, "content": dump(data)}]


def read_given(record: AISpan, body: Any) -> None:
    """Fill what the record leaves open from what a call was given (parsed)."""
    if is_data(body):
        record.input = record.input or _as_text(body, "user")
        return
    if is_mapping(body):
        read_request(record, body)
    if unset(record.input):
        record.input = read_said(body, "user")


def read_result(record: AISpan, answer: Any) -> None:
    """Fill what the record leaves open from what a call gave back (parsed)."""
    if is_data(answer):
        record.output = record.output or _as_text(answer, "assistant")
        return
    if unset(record.output):
        record.output = raw_output(answer) or read_said(answer, "assistant")
    read_raw_answer(record, answer)
