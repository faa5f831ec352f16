"""The shape of a request for the debug log: names, types and sizes; never content, never the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from .encoding import EncodedEvent, decode

_MOST_EVENTS = 3


def describe(events: Sequence[EncodedEvent]) -> str:
    """`{"api_key": <redacted>, "batch": [$ai_span 812 bytes {distinct_id: text[6], …}, … 4 more]}`."""
    shown = [f"{event.name} {len(event.body)} bytes {_shape(decode(event))}" for event in events[:_MOST_EVENTS]]
    if len(events) > _MOST_EVENTS:
        shown.append(f"… {len(events) - _MOST_EVENTS} more")
    return f'{{"api_key": <redacted>, "batch": [{", ".join(shown)}]}}'


def _name(key: str) -> str:
    """A key as it stands in one line: whoever names an attribute must not write lines of a log."""
    return key if key.isprintable() else repr(key)


def _shape(value: Any, levels: int = 1) -> str:
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if levels < 0:
            return f"object[{len(entries)}]"
        return "{" + ", ".join(f"{_name(key)}: {_shape(item, levels - 1)}" for key, item in entries.items()) + "}"
    if isinstance(value, list):
        return f"list[{len(cast('Any', value))}]"
    if isinstance(value, str):
        return f"text[{len(value)}]"
    return "null" if value is None else type(value).__name__
