"""A conversation, or the parts of a message, that an instrumentor wrote down as the text of one message.

OpenLLMetry does so for Responses, and Catalyst for whatever is a list.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.record import Message

from .messages import is_item, read_messages
from .parts import TYPED
from .values import is_list, is_mapping, parse_json


def unquoted(messages: list[Message] | None) -> list[Message] | None:
    """The messages, with those in their place that stand as JSON in the only text of a user."""
    users = [message for message in messages or () if message["role"] == "user"]
    if not messages or len(users) != 1 or messages[-1] is not users[0]:
        return messages
    found = _told(users[0].get("content"))
    told = read_messages(found, "user") if found is not None and any(map(_is_message, found)) else None
    return [*messages[:-1], *told] if told else messages


def quoted_messages(content: Any, role: str) -> list[Message] | None:
    """The messages and items whose JSON text a content is; None for any other content."""
    found = _told(content)
    return read_messages(found, role) if found is not None else None


def quoted_parts(content: Any) -> Any:
    """The parts whose JSON text a content is; any other content as it is."""
    found = _objects(content)
    return content if found is None or not all(map(_is_part, found)) else found


def _told(content: Any) -> list[Any] | None:
    found = _objects(content)
    return found if found is not None and all(_is_message(entry) or is_item(entry) for entry in found) else None


def _objects(text: Any) -> list[Any] | None:
    """The objects of a list that was written down as JSON text."""
    if not isinstance(text, str) or not text.startswith("[{") or not text.endswith("}]"):
        return None
    found = parse_json(text)
    return list(found) if is_list(found) and all(map(is_mapping, found)) else None


def _is_part(entry: Any) -> bool:
    kind = entry.get("type")
    return kind in TYPED and (kind != "text" or isinstance(entry.get("text"), str))


def _is_message(entry: Any) -> bool:
    return is_mapping(entry) and isinstance(entry.get("role"), str) and ("content" in entry or "parts" in entry)
