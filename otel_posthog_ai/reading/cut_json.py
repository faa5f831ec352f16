"""JSON text that was cut, by OpenTelemetry's limit of a value's length or by an agent: what stands before the cut."""

from __future__ import annotations

import json
from typing import Any

from otel_posthog_ai.patterns import pattern

_decode = json.JSONDecoder(strict=False).raw_decode
_BLANKS = " \t\n\r"
_SIGN = pattern(r'["\[\]{},]')
_IN_A_TEXT = pattern(r'["\\]')
_HALF_ESCAPED = pattern(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$")
_LONGEST_HALF = 64
_CLOSED_BY = {"[": "]", "{": "}"}


_Open = tuple[str, Any]
"""What closes the innermost that is open, and the same of what is around it."""


def up_to_the_cut(text: str) -> list[Any] | None:
    """The items of a list of objects whose text was cut, the last one as far as it goes; None for any other text."""
    first = _past(text, _skipped(text, 0), "[")
    if first is None or text[first : first + 1] != "{":
        return None
    for end, still_open in _open_ends(text):
        found, after = _value(text[:end] + _closing(still_open), 0)
        if after is not None:
            return [item for item in found if item] or None
    return None


def _open_ends(text: str) -> list[tuple[int, _Open | None]]:
    """Where the text can be taken to end, best first, with what is open there; none where nothing is."""
    still_open: _Open | None = None
    whole: list[tuple[int, _Open | None]] = []
    sign = _SIGN.search(text)
    while sign is not None:
        place, character = sign.end(), sign.group()
        if character == '"':
            within = _IN_A_TEXT.search(text, place)
            while within is not None and within.group() == "\\":
                within = _IN_A_TEXT.search(text, within.end() + 1)
            if within is None:
                return [(_before_half_a_sign(text), ('"', still_open)), *whole]
            place = within.end()
        elif character in _CLOSED_BY:
            still_open = _CLOSED_BY[character], still_open
            whole = [(place, still_open)]
        elif character == ",":
            whole = [(place - 1, still_open)]
        elif still_open is None or still_open[0] != character:
            return []
        else:
            still_open = still_open[1]
        sign = _SIGN.search(text, place)
    return [(len(text), still_open), *whole] if still_open is not None else []


def _before_half_a_sign(text: str) -> int:
    """The end of a text without the first half of what would have been one character of it."""
    last = text[-_LONGEST_HALF:]
    half = _HALF_ESCAPED.search(last)
    return len(text) - len(last) + (half.start(1) if half is not None else len(last))


def _closing(still_open: _Open | None) -> str:
    signs: list[str] = []
    while still_open is not None:
        sign, still_open = still_open
        signs.append(sign)
    return "".join(signs)


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
