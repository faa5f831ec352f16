"""The messages that almost every call has, read without a search: those in the shape of OpenTelemetry's conventions.

A role, and a text or parts: texts, calls of tools and results, each with just the keys that the conventions give it.
What anybody else may write is looked for in `messages.py`, which says the same of these.
"""

from __future__ import annotations

from typing import Any, Final

from otel_posthog_ai.record import Message

from .draft import Draft, result_message
from .message_layout import laid_out
from .parts import is_item_text

_ROLES: Final = frozenset({"system", "user", "assistant", "tool"})
_MESSAGE: Final = frozenset({"role", "parts", "content", "finish_reason"})
_CALL: Final = frozenset({"type", "id", "name", "arguments"})
_RESULT: Final = frozenset({"type", "id", "response"})


def plain_message(entry: Any) -> list[Message] | None:
    """The messages that such an entry stands for; None for one that may be of another shape."""
    if type(entry) is not dict or not _MESSAGE.issuperset(entry):
        return None
    role = entry.get("role")
    if type(role) is not str or role not in _ROLES:
        return None
    content = entry.get("content")
    if content is None:
        content = entry.get("parts")
    if type(content) is str and role != "tool":
        return [{"role": role, "content": content}] if content else []
    if type(content) is not list or not content:
        return None
    if role == "tool":
        return _results(content)
    text = _text(content[0]) if len(content) == 1 else None
    if text is not None:
        return [{"role": role, "content": text}] if text else []
    return _said(role, content)


def _said(role: str, parts: list[Any]) -> list[Message] | None:
    """The message of texts and calls; None where one of the parts is neither."""
    draft = Draft()
    for part in parts:
        text = _text(part)
        if text is not None:
            draft.text(text)
        elif type(part) is dict and part.get("type") == "tool_call" and part.keys() == _CALL:
            draft.call(part["name"], part["arguments"], part["id"])
        else:
            return None
    return laid_out(role, draft)


def _text(part: Any) -> str | None:
    """The text of a part that is just that."""
    if type(part) is not dict or len(part) != 2 or part.get("type") != "text":
        return None
    text = part["content"] if "content" in part else part.get("text")
    return text if type(text) is str and (text[:1] != "{" or not is_item_text(text)) else None


def _results(parts: list[Any]) -> list[Message] | None:
    """What tools gave back; None where one of the parts is no result, or an object, which may be an envelope."""
    results: list[Message] = []
    for part in parts:
        if type(part) is not dict or part.get("type") != "tool_call_response" or part.keys() != _RESULT:
            return None
        if type(part["response"]) is dict:
            return None
        results.append(result_message(part["response"], part["id"]))
    return results
