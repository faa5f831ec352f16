"""An answer in attributes of its own beside the messages: its texts in one, the tools that it calls in another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from otel_posthog_ai.record import Message

from .message_layout import message_text
from .messages import read_messages
from .values import is_list, is_mapping, parse_json


def answer_of(texts: Any, calls: Any) -> list[Message] | None:
    """The answer of which `texts` (one, or one for each choice) and `calls` say a part each, as values or JSON text."""
    said = _texts(texts)
    found = parse_json(calls)
    called = list(found) if is_list(found) else [found] if is_mapping(found) else []
    if called:
        return read_messages(
            [{"role": "assistant", "content": "\n".join(said) or None, "tool_calls": called}], "assistant"
        )
    return [{"role": "assistant", "content": text} for text in said] or None


def _texts(value: Any) -> list[str]:
    found = parse_json(value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value
    each_one: Iterable[Any] = found if is_list(found) and all(isinstance(each, str) for each in found) else (value,)
    return [each for each in each_one if isinstance(each, str) and each]


def calls_written_as_text(message: Message) -> list[Message]:
    """The message whose text is nothing but calls of tools, in the form of OpenAI's API, as the calls that it is."""
    text = message_text(message)
    found = parse_json(text) if text.startswith("[") else None
    if not is_list(found) or not found or not all(map(_is_call, found)):
        return [message]
    return read_messages([{**message, "content": None, "tool_calls": found}], "assistant") or [message]


def _is_call(value: Any) -> bool:
    return is_mapping(value) and value.get("type") == "function" and is_mapping(value.get("function"))
