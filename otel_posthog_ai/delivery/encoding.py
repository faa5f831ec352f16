"""One event → the bytes of one strict JSON object: no NaN, no lone surrogate, no NUL, no bytes.

An event is encoded once; every later step (size, spool, request body, retry) works on these bytes.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NamedTuple, cast

from otel_posthog_ai.kept_encoder import kept_encoder

_DEEPEST = 100  # PostHog's JSON parser refuses a whole request at 128 levels; the envelope takes two of them.


class EncodingError(ValueError):
    """The event holds a value that JSON has no form for."""


class Stretch(NamedTuple):
    """A part of an event's JSON that was deflated before (`compression.deflate`), for it stands in other events too."""

    start: int
    end: int
    deflated: bytes


class EncodedEvent(NamedTuple):
    """One event as it goes over the wire: its name, its uuid (the key of de-duplication) and its JSON bytes."""

    name: str
    uuid: str
    body: bytes
    stretches: tuple[Stretch, ...] = ()
    """In their order."""


_strict_json = kept_encoder(allow_nan=False)


def _dump_with_json(value: Any) -> bytes:
    return _strict_json(value).encode("utf-8")


def _fast_dump() -> Callable[[Any], bytes]:
    """orjson where the extra `fast` installed it, else the standard library."""
    try:
        orjson: Any = importlib.import_module("orjson")
    except ImportError:
        return _dump_with_json
    dumps = cast("Callable[..., bytes]", orjson.dumps)
    # Only plain JSON types: what orjson alone would accept (dataclasses, dates) must not depend on its being there.
    options = (
        orjson.OPT_NON_STR_KEYS
        | orjson.OPT_PASSTHROUGH_DATACLASS
        | orjson.OPT_PASSTHROUGH_DATETIME
        | orjson.OPT_PASSTHROUGH_SUBCLASS
    )

    def dump(value: Any) -> bytes:
        return dumps(value, option=options)

    return dump


_dump = _fast_dump()


def encode(event: Mapping[str, Any]) -> EncodedEvent:
    """The event's strict JSON.

    NaN and infinities become null, lone surrogates U+FFFD, NUL characters go, bytes become a placeholder with their
    length, keys become text. Raises EncodingError when the event holds anything that is not JSON-like.
    """
    name, uuid = str(event.get("event", "")), str(event.get("uuid", ""))
    body = write(event)
    if body is not None:
        return EncodedEvent(name, uuid, body)
    try:
        return EncodedEvent(name, uuid, _dump_with_json(_mended(event, _DEEPEST)))
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise EncodingError(f"event cannot be written as JSON: {type(error).__name__}") from None


def write(value: Any) -> bytes | None:
    """The strict JSON of a value that needs no mending; None where it may need some."""
    try:
        body = _dump(value)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return None
    # An escaped NUL looks like this in the bytes; a backslash followed by "u0000" in a text does too, and is kept by
    # the careful way.
    return None if b"\\u0000" in body else body


def decode(event: EncodedEvent) -> dict[str, Any]:
    """The event that was encoded."""
    return cast("dict[str, Any]", json.loads(event.body))


def _mended(value: Any, levels: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _mended_text(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"[{len(cast('Sequence[int]', value))} bytes]"
    if levels == 0:
        raise EncodingError("event is nested too deep")
    if isinstance(value, Mapping):
        items = cast("Any", value).items()
        return {
            _mended_text(key if isinstance(key, str) else str(key)): _mended(item, levels - 1) for key, item in items
        }
    if isinstance(value, (Sequence, Set)):
        return [_mended(item, levels - 1) for item in cast("Sequence[Any]", value)]
    raise EncodingError(f"{type(value).__name__} is not JSON")


def _mended_text(text: str) -> str:
    # A surrogate pair that arrived as two halves is one character; a half alone is none.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\x00", "")
