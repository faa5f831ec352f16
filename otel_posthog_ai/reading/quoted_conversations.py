"""A conversation that an instrumentor wrote down as the text of one message, as OpenLLMetry does for Responses."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.record import Message

from .messages import is_item, read_messages
from .values import is_list, is_mapping, parse_json


def unquoted(messages: list[Message] | None) -> list[Message] | None:
    """The messages, with those in their place that stand as JSON in the only text of a user."""
    users = [message for message in messages or () if message["role"] == "user"]
    if not messages or len(users) != 1 or messages[-1] is not users[0]:
        return messages
    said = users[0].get("content")
    if not isinstance(said, str) or not said.startswith("[{") or not said.endswith("}]"):
        return messages
    found = parse_json(said)
    if not is_list(found) or not all(_is_message(entry) or is_item(entry) for entry in found):
        return messages
    told = read_messages(found, "user") if any(_is_message(entry) for entry in found) else None
    return [*messages[:-1], *told] if told else messages


def _is_message(entry: Any) -> bool:
    return is_mapping(entry) and isinstance(entry.get("role"), str) and ("content" in entry or "parts" in entry)
