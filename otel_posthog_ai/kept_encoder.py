"""JSON by an encoder that is kept: `json` sets up another one for each text, at the cost of a short text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def kept_encoder(*, allow_nan: bool, default: Callable[[Any], Any] | None = None) -> Callable[[Any], str]:
    """`json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), …).encode`; a cycle raises RecursionError."""
    encoder = json.JSONEncoder(
        ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=allow_nan, default=default
    )
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # not CPython
        return encoder.encode
    pieces: Callable[[Any, int], tuple[str, ...]] = make(
        None, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, allow_nan
    )
    join = "".join

    def encode(value: Any) -> str:
        return join(pieces(value, 0))

    return encode
