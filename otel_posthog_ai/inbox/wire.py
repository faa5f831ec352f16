"""From the bytes of a request to JSON: the encodings that PostHog's capture endpoints take, and their limits."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qs

from otel_posthog_ai.inbox.json_values import is_array, is_object

WIRE_LIMIT_BYTES = 20 * 1024 * 1024
"""The largest body that is read."""

DECODED_LIMIT_BYTES = 5 * WIRE_LIMIT_BYTES
"""The largest body after decompression."""

NESTING_LIMIT = 127
"""Levels of nesting that PostHog's JSON parser (serde_json) follows, counted from the request body."""

_GZIP_MAGIC = b"\x1f\x8b"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class Refused(Exception):
    """PostHog would refuse the whole request with ``status``; ``str()`` says why in one sentence."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def decode_body(body: bytes, content_type: str = "", query: Mapping[str, str] | None = None) -> Any:
    """The JSON value in a request body.

    Takes plain JSON, gzip (known by its first bytes, whatever the headers say), base64, and a form or query field
    ``data``. Raises `Refused` with 400 for what cannot be read and 413 for what is too large.
    """
    hint = (query or {}).get("compression", "")
    if len(body) > WIRE_LIMIT_BYTES:
        raise Refused(413, f"the body of {len(body):,} bytes is over the limit of {WIRE_LIMIT_BYTES:,}")
    if not body and query and "data" in query:
        body = query["data"].encode()
    elif body.startswith(b"data=") or "x-www-form-urlencoded" in content_type:
        # curl -d calls every body a form, so the type alone does not make one.
        body, hint = _form_data(body, hint)
    if not body.strip():
        raise Refused(400, "the body is empty")
    if hint.startswith("lz64"):
        raise Refused(400, "the inbox does not read lz64; send gzip or plain JSON")
    return strict_json(_text(body))


def _form_data(body: bytes, hint: str) -> tuple[bytes, str]:
    fields = parse_qs(body.decode("latin-1"), keep_blank_values=True)
    if "data" not in fields:
        return body, hint
    data = fields["data"][0]
    if not _looks_like_json(data):
        data = data.replace(" ", "+")  # of base64 that the sender did not quote
    return data.encode("utf-8"), fields.get("compression", [hint])[0]


def _looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _text(body: bytes) -> str:
    if body.startswith(_GZIP_MAGIC):
        return _utf8(_gunzip(body))
    text = _utf8(body)
    if _looks_like_json(text):
        return text
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    return _utf8(_gunzip(decoded) if decoded.startswith(_GZIP_MAGIC) else decoded)


def _gunzip(body: bytes) -> bytes:
    """Decompress, stopping at the limit: a small body can hold gigabytes."""
    stream = zlib.decompressobj(wbits=31)
    try:
        decoded = stream.decompress(body, DECODED_LIMIT_BYTES + 1)
    except zlib.error as error:
        raise Refused(400, "the gzip body cannot be decompressed") from error
    if len(decoded) > DECODED_LIMIT_BYTES:
        raise Refused(413, f"the decompressed body is over the limit of {DECODED_LIMIT_BYTES:,} bytes")
    if not stream.eof:
        raise Refused(400, "the gzip body ends early")
    return decoded


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, "the body is neither gzip nor UTF-8") from error


def strict_json(text: str) -> Any:
    """Parse as PostHog does: no NaN or Infinity, no number beyond a double, no lone surrogate, bounded nesting."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise Refused(400, f"the JSON is nested deeper than {NESTING_LIMIT} levels") from None
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {_without_content(error)}") from error
    if text.count("{") + text.count("[") > NESTING_LIMIT and _deeper_than(value, NESTING_LIMIT):
        raise Refused(400, f"the JSON is nested deeper than {NESTING_LIMIT} levels")
    if _SURROGATE_ESCAPE.search(text) and _has_lone_surrogate(value):
        raise Refused(400, "the JSON holds a lone surrogate")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _without_content(error: ValueError) -> str:
    """Where the parser stopped; never the text that it stopped at."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return str(error)[:100]


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    """A container's containers: the walk counts `{}` and `[]`, not the scalars in them."""
    if is_object(value):
        return [child for child in value.values() if isinstance(child, (dict, list))]
    if is_array(value):
        return [child for child in value if isinstance(child, (dict, list))]
    return []


def _has_lone_surrogate(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
