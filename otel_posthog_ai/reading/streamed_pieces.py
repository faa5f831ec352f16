"""An answer that was written down piece by piece, as its stream came, made whole: it is one choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .values import is_list, is_mapping

_UNFINISHED: tuple[Any, ...] = ("", None)


def whole_answer(messages: Any) -> Any:
    """One message for the pieces of a streamed answer; anything else as it is.

    Pieces are messages of which only the last, if any, says why it ended: choices each have a reason of their own.
    """
    if not is_list(messages) or len(messages) < 2 or not all(map(_is_open, messages[:-1])):
        return messages
    last = messages[-1]
    if not is_mapping(last) or not is_list(last.get("parts")):
        return messages
    return [{**last, "parts": _joined([part for message in messages for part in message["parts"]], last["parts"])}]


def _is_open(message: Any) -> bool:
    return (
        is_mapping(message)
        and is_list(message.get("parts"))
        and "finish_reason" in message
        and message["finish_reason"] in _UNFINISHED
    )


def _joined(parts: Sequence[Any], last: Sequence[Any]) -> Sequence[Any]:
    """The parts with texts that follow each other as one, and each call once, as it was when it was complete."""
    joined: list[dict[str, Any]] = []
    calls: dict[Any, int] = {}
    for part in parts:
        if not is_mapping(part):
            continue
        before = joined[-1] if joined else None
        number = calls.get(part.get("id")) if part.get("id") is not None else None
        if number is not None:
            joined[number].update({key: value for key, value in part.items() if value is not None})
        elif before is not None and _is_text(part) and before.get("type") == part.get("type") and _is_text(before):
            before["content"] += part["content"]
        else:
            if part.get("id") is not None:
                calls[part["id"]] = len(joined)
            joined.append(dict(part))
    # Some add the whole answer to its pieces at the end.
    return last if _text(joined) == 2 * _text(last) else joined


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") in ("text", "reasoning") and isinstance(part.get("content"), str)


def _text(parts: Sequence[Any]) -> str:
    return "".join(part["content"] for part in parts if is_mapping(part) and _is_text(part))
