"""An answer whose stream was written down piece by piece, as one message."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.record import Message

from .messages import read_messages
from .values import is_list, is_mapping, object_of


def answer_of_pieces(pieces: Any) -> list[Message] | None:
    """Gemini's pieces, contents or whole responses: texts that follow each other are one, and so are thoughts."""
    parts: list[Any] = []
    for piece in pieces if is_list(pieces) else ():
        for part in _parts(object_of(piece)):
            if parts and _goes_on(parts[-1], part):
                parts[-1] = {**parts[-1], "text": parts[-1]["text"] + part["text"]}
            else:
                parts.append(part)
    return read_messages([{"role": "model", "parts": parts}], "assistant") if parts else None


def _parts(piece: Any) -> list[Any]:
    candidates = piece.get("candidates")
    if is_list(candidates) and candidates:
        piece = object_of(object_of(candidates[0]).get("content"))
    found = piece.get("parts")
    return list(found) if is_list(found) else []


def _goes_on(before: Any, part: Any) -> bool:
    both = (before, part)
    return all(is_mapping(each) and isinstance(each.get("text"), str) for each in both) and (
        bool(before.get("thought")) == bool(part.get("thought"))
    )
