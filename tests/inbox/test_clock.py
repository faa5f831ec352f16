"""When an event happened, by PostHog's rules."""

from __future__ import annotations

import pytest

from otel_posthog_ai.inbox.clock import event_time, iso, parse_time, seconds

from .samples import NOW

NOW_SECONDS = seconds(NOW)
HOUR = 3600.0


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456Z"),
        ("2026-01-02t03:04:05.1z", "2026-01-02T03:04:05.100000Z"),
        ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-01T22:04:05-0500", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02", "2026-01-02T00:00:00.000000Z"),
        ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05.000000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("1905-06-07T00:00:00Z", "1905-06-07T00:00:00.000000Z"),
        ("12026-01-02T03:04:05Z", "1970-01-01T00:00:00.000000Z"),
    ],
)
def test_reads_times(text: str, moment: str) -> None:
    at = parse_time(text)
    assert at is not None
    assert iso(at) == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2026-01-02T25:00:00Z", None, 5, "9" * 400])
def test_knows_what_is_no_time(text: object) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("event", "sent_at", "ahead"),
    [
        ({"timestamp": "2026-01-02T02:04:05Z"}, None, -HOUR),
        ({"timestamp": "2026-01-02T02:04:05Z"}, NOW_SECONDS - 10, -HOUR + 10),
        ({"timestamp": "2026-01-02T02:04:05Z", "properties": {"$ignore_sent_at": True}}, NOW_SECONDS - 10, -HOUR),
        ({"timestamp": "2026-01-02T02:04:05Z", "properties": {"$ignore_sent_at": 1}}, NOW_SECONDS - 10, -HOUR + 10),
        ({"timestamp": "2026-01-02T02:04:05Z", "offset": 2000}, NOW_SECONDS - 10, -2),
        ({"timestamp": "2026-01-03T02:00:00Z"}, None, 22 * HOUR + 55 * 60 + 55),
        ({"timestamp": "2026-01-03T02:04:06Z"}, None, 0),
        ({"timestamp": "2500-01-01T00:00:00Z"}, None, 0),
        ({"timestamp": "soon"}, None, 0),
        ({}, None, 0),
        ({"offset": 10**400}, None, None),
    ],
)
def test_corrects_times(event: dict[str, object], sent_at: float | None, ahead: float | None) -> None:
    at = event_time(event, sent_at, NOW_SECONDS)
    assert ahead is None or at - NOW_SECONDS == pytest.approx(ahead, abs=1e-5)
    assert iso(at)
