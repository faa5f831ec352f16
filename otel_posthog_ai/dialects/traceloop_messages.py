"""Messages whose fields are flattened into attributes: `0.role`, `0.content`, `0.tool_calls.0.name`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from otel_posthog_ai.reading.histories import read_entry
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.messages import read_message
from otel_posthog_ai.reading.values import is_list, is_mapping, parse_json
from otel_posthog_ai.record import Message


def messages_of(entries: Iterable[dict[str, Any]], role: str) -> list[Message] | None:
    """The messages of what stands under each index; `role`: of those that name none."""
    messages: list[Message] = []
    for entry in entries:
        messages += read_entry("traceloop", entry, role, _read)
    return messages or None


def _read(entry: Mapping[str, Any], role: str) -> list[Message]:
    return read_message(_message(entry), role) if entry else []


def _message(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One flattened message as an object of the chat shape."""
    message: dict[str, Any] = {"content": _content(entry)}
    role = entry.get("role")
    if isinstance(role, str) and role:
        message["role"] = role
    elif "user" in entry:  # `gen_ai.prompt.0.user` holds the prompt itself
        message["role"], message["content"] = "user", _content({"content": entry["user"]})
    for key in ("tool_call_id", "name", "refusal", "reasoning", "reasoning_content", "thinking"):
        if isinstance(entry.get(key), str):
            message["reasoning" if key == "thinking" else key] = entry[key]
    calls = _calls(entry) or _call_in_text(message)
    if calls:
        message["tool_calls"] = calls
    return message


def _content(entry: Mapping[str, Any]) -> Any:
    """Text, or the typed parts that it is the JSON text of; a structured answer stays text."""
    value = entry.get("content")
    if value == '""':
        return None
    parsed = parse_json(value)
    if isinstance(parsed, str) and parsed.startswith("[{'type'"):
        parsed = read_literal(parsed)  # Python's text of the parts
    if is_list(parsed) and parsed and all(is_mapping(part) and _is_part(part) for part in parsed):
        return parsed
    if value is None and any(key.startswith("content.") for key in entry):
        return _parts(entry)
    return list(value) if is_list(value) else value


_UNTYPED_PARTS = frozenset({"text", "image", "toolUse", "toolResult", "functionCall", "function_call", "inline_data"})


def _is_part(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("type"), str) or not _UNTYPED_PARTS.isdisjoint(part)


def _parts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`content.0.type`, `content.0.text`: parts that are flattened as well."""
    parts: dict[str, dict[str, Any]] = {}
    for key, value in entry.items():
        prefix, _, rest = key.partition(".")
        index, _, field = rest.partition(".")
        if prefix == "content" and index.isdigit() and field:
            parts.setdefault(index, {})[field] = value
    return [parts[index] for index in sorted(parts, key=int)]


def _calls(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = parse_json(entry.get("tool_calls"))
    if is_list(whole):
        return [dict(call) for call in whole if is_mapping(call)]
    found: dict[str, dict[str, Any]] = {}
    for key, value in entry.items():
        head, _, rest = key.partition(".")
        if head == "tool_calls":
            index, _, field = rest.partition(".")
            found.setdefault(index, {})[field.removeprefix("function.")] = value
        elif head == "function_call":
            found.setdefault("", {})[rest] = value
    calls = [found[index] for index in sorted(found, key=lambda each: int(each) if each.isdigit() else -1)]
    return [call for call in calls if call.get("name")]


def _call_in_text(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A call that stands as JSON where the text belongs: only a call gives an assistant's message the id of one."""
    call = parse_json(message.get("content"))
    if message.get("role") != "assistant" or "tool_call_id" not in message or not is_mapping(call):
        return []
    if call.keys() != {"name", "arguments"}:
        return []
    message["content"] = None
    return [{**call, "id": message.pop("tool_call_id")}]
