"""What was embedded, as the texts that a reader can see."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.record import Message

from .message_layout import message_text
from .values import is_list, is_mapping, parse_json

_DEEPEST = 8
"""Levels of lists that are looked into; the texts of several modalities stand in the third."""


def embedding_texts(value: Any, depth: int = 0) -> list[str] | None:
    """The input of an embedding request: a text, texts, or arrays of token ids, which only their number describes."""
    value = parse_json(value)
    if isinstance(value, str):
        return [value] if value else None
    if not is_list(value) or not value:
        return None
    if all(isinstance(each, int) for each in value):
        return [f"[{len(value)} token ids]"]
    found: list[str] = []
    for each in value:
        if isinstance(each, str):
            found.append(each)
        elif is_list(each) and depth < _DEEPEST:
            found += embedding_texts(each, depth + 1) or ()
        elif is_mapping(each) and isinstance(each.get("text") or each.get("content"), str):
            found.append(each.get("text") or each["content"])
    return found or None


def readable(text: str) -> str:
    """The text, or where it is the JSON text of token ids, how many they are."""
    value = parse_json(text)
    if is_list(value) and value and all(isinstance(each, int) for each in value):
        return f"[{len(value)} token ids]"
    return text


def texts_of_messages(messages: list[Message] | None) -> list[str] | None:
    """The texts of an embedding call that were recorded as messages: each part of one is a text of its own."""
    found: list[str] = []
    for message in messages or ():
        content = message.get("content")
        if is_list(content):
            found += [part["text"] for part in content if part.get("type") == "text"]
        else:
            found.append(message_text(message))
    return [readable(each) for each in found if each] or None
