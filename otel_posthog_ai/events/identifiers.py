"""Ids and times of events, derived from the span alone: the same span gives the same event by every door."""

from __future__ import annotations

import time
from hashlib import blake2b

_DIGITS = slice(0, 8), slice(8, 12), slice(12, 16), slice(16, 20), slice(20, 32)


def event_uuid(trace_id: str, span_id: str, event_name: str | None = None) -> str:
    """A version 8 UUID (RFC 9562: made of a digest) of a span's event.

    `trace_id` has 32 hex digits, `span_id` 16 or none; `event_name` tells a second event of the same span apart.
    """
    digest = blake2b(f"{trace_id}:{span_id}:{event_name or ''}".encode(), digest_size=16).hexdigest()
    text = f"{digest[:12]}8{digest[13:16]}{'89ab'[int(digest[16], 16) & 3]}{digest[17:]}"
    return "-".join(text[part] for part in _DIGITS)


_EARLIEST = 0
_LATEST = 253_402_300_799_999_999  # the last microsecond of the year 9999


def timestamp(nanoseconds: int) -> str:
    """RFC 3339 in UTC with microseconds, e.g. `2026-11-21T10:00:00.123456Z`; years outside 1970 to 9999 are clamped."""
    micros = min(max(nanoseconds // 1000, _EARLIEST), _LATEST)
    seconds, fraction = divmod(micros, 1_000_000)
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}Z"
