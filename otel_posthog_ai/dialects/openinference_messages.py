"""OpenInference's flattened lists (`llm.input_messages.0.message.contents.1.message_content.text`) as messages again.

The index may start at 1 or have gaps; the same text may stand in `content` and in `contents`, the same call in
`tool_calls` and in `contents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.reading.draft import result_text
from otel_posthog_ai.reading.histories import read_entry
from otel_posthog_ai.reading.messages import join_items, read_message
from otel_posthog_ai.reading.quoted_conversations import quoted_messages, quoted_parts
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import is_list, is_mapping, mapping, object_of, parse_json, text
from otel_posthog_ai.record import Message

# Media of a part: the part's key, which also stands once more inside it -> the type of the part that it becomes.
_MEDIA = {"image": "image", "audio": "audio", "video": "video", "document": "document"}


def flattened_messages(source: Source, prefix: str, role: str) -> list[Message] | None:
    """The messages below `prefix`, in order of their index; None when there are none."""
    messages: list[Message] = []
    for flat in source.indexed(prefix).values():
        messages.extend(read_entry("openinference", flat, role, _flat_message))
    return join_items(messages) or None


def _flat_message(flat: Mapping[str, Any], role: str) -> list[Message]:
    return _message(nested(flat), role)


def flattened_texts(source: Source, prefix: str, path: str) -> list[str]:
    """One text of every entry below `prefix`, at `path` inside the entry."""
    found = (text(flat.get(path)) for flat in source.indexed(prefix).values())
    return [each for each in found if each is not None]


def flattened_documents(source: Source, prefix: str) -> list[dict[str, Any]] | None:
    """Documents of a retriever or reranker: id, score, content and metadata, as far as they were recorded."""
    documents: list[dict[str, Any]] = []
    for flat in source.indexed(prefix).values():
        document = {key.removeprefix("document."): parse_json(value) for key, value in flat.items()}
        document.pop("vector", None)
        documents.append(document)
    return documents or None


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as objects inside each other; numbers stay keys."""
    tree: dict[str, Any] = {}
    made: set[int] = set()  # objects of ours, which may grow; one that came as a value is copied first
    for key, value in flat.items():
        place: dict[str, Any] = tree
        *path, last = key.split(".")
        for step in path:
            inner: Any = place.get(step)
            if id(inner) not in made:
                inner = place[step] = dict(object_of(inner))
                made.add(id(inner))
            place = inner
        if not is_mapping(place.get(last)):
            place[last] = value
    return tree


def _ordered(value: Any) -> list[Any]:
    """The entries of a flattened list in order of their index; a list as it is."""
    if is_list(value):
        return list(value)
    if not is_mapping(value):
        return []
    return [value[key] for key in sorted((key for key in value if key.isdigit()), key=int)]


def _message(tree: Mapping[str, Any], role: str) -> list[Message]:
    fields = object_of(tree.get("message"))
    role = text(fields.get("role")) or role
    quoted = quoted_messages(fields.get("content"), role)
    if quoted is not None:
        return quoted
    entry: dict[str, Any] = {
        "role": role,
        "content": _content(fields),
        "tool_calls": [_call(each) for each in _ordered(fields.get("tool_calls"))],
    }
    for key in ("name", "tool_call_id", "refusal"):
        if fields.get(key) is not None:
            entry[key] = fields[key]
    if fields.get("function_call_name") is not None:
        arguments = fields.get("function_call_arguments_json")
        entry["function_call"] = {"name": fields["function_call_name"], "arguments": arguments}
    results = [result for each in _ordered(tree.get("function")) for result in _function_result(each)]
    if results:
        return results
    return read_message(entry, role)


def _content(fields: Mapping[str, Any]) -> Any:
    """The parts where there are any, with the plain text before them unless one of them repeats it."""
    plain = fields.get("content")
    parts = [_part(each) for each in _ordered(fields.get("contents"))]
    if not parts:
        return quoted_parts(plain)
    if isinstance(plain, str) and plain and not any(plain == part.get("text") for part in parts if is_mapping(part)):
        joined = "".join(str(part.get("text") or "") for part in parts if is_mapping(part))
        if plain.strip() != joined.strip():
            return [{"type": "text", "text": plain}, *parts]
    return parts


def _part(each: Any) -> Any:
    if not is_mapping(each):
        return each
    fields = dict(object_of(each.get("message_content")))
    if is_mapping(each.get("tool_call")) or is_mapping(fields.get("tool_call")):
        return _call(each if is_mapping(each.get("tool_call")) else fields)
    whole = mapping(fields.get("text")) if fields.get("type") != "text" else None
    if whole is not None and whole.get("type") == fields.get("type"):  # a tool's result, as the provider wrote it
        return whole
    for key, kind in _MEDIA.items():
        medium = fields.get(key)
        if is_mapping(medium):
            inner = medium.get(key)
            return {"type": kind, **(inner if is_mapping(inner) else medium)}
    return fields


def _call(each: Any) -> dict[str, Any]:
    call = object_of(each)
    call = object_of(call.get("tool_call")) or call
    function = object_of(call.get("function"))
    return {"type": "tool_call", "id": call.get("id"), "function": {**function, "name": text(function.get("name"))}}


def _function_result(value: Any) -> list[Message]:
    """A tool's result that was written as one JSON text: `{"name", "content", "call_id"}`."""
    found = mapping(value)
    if not found or "content" not in found:
        return []
    message: Message = {"role": "tool", "content": result_text(found["content"])}
    if isinstance(found.get("call_id"), str):
        message["tool_call_id"] = found["call_id"]
    if isinstance(found.get("name"), str):
        message["name"] = found["name"]
    return [message]
