"""JSON that stands in a text, read tolerantly."""

from __future__ import annotations

import json
from typing import Any, Final

# NaN and Infinity are no JSON; control characters inside texts are not either, but are met.
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None, strict=False)
_FIRST_CHARACTERS: Final = frozenset("{[")
_FIRST_SCALAR_CHARACTERS: Final = frozenset('{["-0123456789tfn')


def parse_json(text: Any, *, scalars: bool = False) -> Any:
    """The object or array that a text holds, else the text itself; anything but text comes back as it is.

    Text that was cut, nests too deep for the parser, or is no JSON at all stays text. NaN and infinities become None,
    the last of two equal keys counts. With `scalars` also `"…"`, numbers, true, false and null are read.
    """
    if not isinstance(text, str):
        return text
    stripped = text.strip()
    if not stripped or stripped[0] not in (_FIRST_SCALAR_CHARACTERS if scalars else _FIRST_CHARACTERS):
        return text
    if not scalars and stripped[-1] not in "}]":
        return text
    try:
        return _DECODER.decode(stripped)
    except (ValueError, RecursionError, MemoryError):
        return text
