"""An answer put together from the pieces of its stream, where only the pieces were recorded whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from otel_posthog_ai.record import AISpan

from .messages import read_messages
from .table import unset
from .values import is_list, is_mapping, parse_json, text


def read_chunks(record: AISpan, chunks: Iterable[Any]) -> None:
    """Fill the answer and why it ended from OpenAI's chunks (objects or their JSON text), in order."""
    pieces = [choice for chunk in chunks for choice in _choices(parse_json(chunk))]
    reasons = [reason for each in pieces if (reason := text(each.get("finish_reason"))) is not None]
    if unset(record.output):
        record.output = read_messages(_message(pieces), "assistant")
    if reasons:
        record.finish_reason = reasons[-1]


def _choices(chunk: Any) -> list[Mapping[str, Any]]:
    choices = chunk.get("choices") if is_mapping(chunk) else None
    return [each for each in choices if is_mapping(each) and not each.get("index")] if is_list(choices) else []


def _message(pieces: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    said: list[str] = []
    calls: dict[Any, dict[str, Any]] = {}
    for piece in pieces:
        delta = piece.get("delta")
        if not is_mapping(delta):
            continue
        said.append(text(delta.get("content")) or str(delta.get("content") or ""))
        for call in delta.get("tool_calls") or ():
            if is_mapping(call):
                _add(calls.setdefault(call.get("index"), {"name": "", "arguments": ""}), call)
    if not any(said) and not calls:
        return None
    return {"role": "assistant", "content": "".join(said) or None, "tool_calls": list(calls.values())}


def _add(whole: dict[str, Any], piece: Mapping[str, Any]) -> None:
    if piece.get("id"):
        whole["id"] = piece["id"]
    function = piece.get("function")
    for field in ("name", "arguments"):
        if is_mapping(function) and isinstance(function.get(field), str):
            whole[field] += function[field]
