"""Ids and times of events, derived from the span alone: the same span gives the same event by every door."""

from __future__ import annotations

import time
from functools import lru_cache
from hashlib import blake2b

# What RFC 9562 makes of the digit that holds the variant.
_VARIANTS = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}


def event_uuid(trace_id: str, span_id: str, event_name: str | None = None) -> str:
    """A version 8 UUID (RFC 9562: made of a digest) of a span's event.

    `trace_id` has 32 hex digits, `span_id` 16 or none; `event_name` tells a second event of the same span apart.
    """
    digits = blake2b(f"{trace_id}:{span_id}:{event_name or ''}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"


_EARLIEST = 0
_LATEST = 253_402_300_799_999_999  # the last microsecond of the year 9999


def timestamp(nanoseconds: int) -> str:
    """RFC 3339 in UTC with microseconds, e.g. `2026-11-21T10:00:00.123456Z`; years outside 1970 to 9999 are clamped."""
    micros = min(max(nanoseconds // 1000, _EARLIEST), _LATEST)
    seconds, fraction = divmod(micros, 1_000_000)
    return f"{_to_the_second(seconds)}.{fraction:06d}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    """Spans end many to the second."""
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
