"""When an event happened, by PostHog's rules: lenient parsing, correction by ``sent_at``, bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from otel_posthog_ai.inbox.json_values import is_number, is_object

FUTURE_LIMIT_SECONDS = 23 * 3600
"""An event further ahead of the server's clock than this gets the server's time."""

_ISO = re.compile(
    r"^(\d{4,6})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*([Zz]|[+-]\d{2}:?\d{2}|)$"
)


def parse_time(value: object) -> float | None:
    """Seconds since 1970 in UTC for a time stamp as text; None when no reader understands it.

    A year outside 1 to 9999 gives 0.0, the epoch, as PostHog stores it.
    """
    if not isinstance(value, str):
        return None
    match = _ISO.match(value.strip())
    if match is None:
        return _rfc2822(value)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if not 1 <= int(year) <= 9999:
        return 0.0
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59),
            int((fraction or "0").ljust(6, "0")[:6]), _zone(zone),
        )  # fmt: skip
        return seconds(moment)
    except (ValueError, OverflowError):
        return None


def seconds(moment: datetime) -> float:
    """Seconds since 1970, exact to the microsecond also before 1970 and on every platform."""
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(seconds=1)


def iso(at: float) -> str:
    """The time as ISO 8601 in UTC with microseconds and ``Z``; what lies outside the calendar is moved to its edge."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=min(max(at, _EARLIEST), _LATEST))
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def event_time(event: Mapping[str, Any], sent_at: float | None, now: float) -> float:
    """The time PostHog stores for an event received at ``now`` (both in seconds since 1970)."""
    offset, given = event.get("offset"), parse_time(event.get("timestamp"))
    if is_number(offset):
        given = now - min(max(offset, -_LONGEST_OFFSET), _LONGEST_OFFSET) / 1000
    elif given is None:
        return now
    elif sent_at is not None and not _ignores_sent_at(event):
        given -= sent_at - now
    return now if given - now > FUTURE_LIMIT_SECONDS else max(given, _EARLIEST)


_EARLIEST = seconds(datetime(1, 1, 2, tzinfo=timezone.utc))
_LATEST = seconds(datetime(9999, 12, 31, tzinfo=timezone.utc))
_LONGEST_OFFSET = 10**15


def _zone(text: str) -> timezone:
    if text in ("", "Z", "z"):
        return timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def _rfc2822(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds(moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def _ignores_sent_at(event: Mapping[str, Any]) -> bool:
    properties = event.get("properties")
    return is_object(properties) and properties.get("$ignore_sent_at") is True
