"""JSON text that was cut somewhere: what stands whole before the cut."""

from __future__ import annotations

import json
from typing import Any

_decode = json.JSONDecoder(strict=False).raw_decode
_BLANKS = " \t\n\r"


def before_the_cut(text: str) -> dict[str, Any]:
    """The members of an object whose text is whole; of a list that was cut, the items that are. Else empty.

    Only the outermost object and one list in it are looked into: what was deeper in when the text ended is lost.
    """
    found: dict[str, Any] = {}
    place = _past(text, 0, "{")
    while place is not None:
        key, place = _value(text, place)
        place = _past(text, place, ":") if isinstance(key, str) and place is not None else None
        if place is None:
            break
        value, after = _value(text, place)
        if after is None:
            items = _items(text, place)
            if items:
                found[key] = items
            break
        found[key] = value
        place = _past(text, after, ",")
    return found


def _items(text: str, place: int) -> list[Any]:
    found: list[Any] = []
    at = _past(text, place, "[")
    while at is not None:
        item, at = _value(text, at)
        if at is None:
            break
        found.append(item)
        at = _past(text, at, ",")
    return found


def _value(text: str, place: int | None) -> tuple[Any, int | None]:
    """The value that begins here and the place after it; None for that where it is not whole."""
    if place is None:
        return None, None
    try:
        return _decode(text, place)
    except (ValueError, RecursionError):
        return None, None


def _past(text: str, place: int | None, sign: str) -> int | None:
    """The place after a sign and the blanks around it; None where another stands there."""
    if place is None:
        return None
    place = _skipped(text, place)
    return _skipped(text, place + 1) if text[place : place + 1] == sign else None


def _skipped(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BLANKS:
        place += 1
    return place
