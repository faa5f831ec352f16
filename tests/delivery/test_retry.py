"""When to try again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from otel_posthog_ai.delivery import retry
from otel_posthog_ai.delivery.retry import Deadline, rest_after, retry_after, retry_wait


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), (" 0 ", 0.0), ("1.5", 1.5), ("86400", retry.LONGEST_RETRY_AFTER), ("-5", None), ("soon", None),
     ("", None), (None, None), ("١٢", None)],
)  # fmt: skip
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    assert retry_after(http_date(30)) == pytest.approx(30, abs=2)
    assert retry_after(http_date(-30)) == 0.0


def test_a_date_is_counted_from_the_servers_clock() -> None:
    assert retry_after(http_date(7230), http_date(7200)) == pytest.approx(30, abs=1)


def test_waits_double_within_bounds_and_differ() -> None:
    for attempt in range(1, 40):
        whole = min(retry.FIRST_WAIT * 2 ** (attempt - 1), retry.LONGEST_WAIT_IN_ROUND)
        assert whole / 2 <= retry_wait(attempt, None) <= whole
    assert len({retry_wait(3, None) for _ in range(20)}) > 1
    assert retry_wait(1, 3.0) == 3.0


def test_rests_between_rounds_never_exceed_a_minute() -> None:
    assert rest_after(1) <= retry.FIRST_REST
    assert all(rest_after(failed) <= 60.0 for failed in range(1, 2000))


def test_a_deadline_forgives_a_standstill_and_only_that() -> None:
    deadline = Deadline(time.monotonic() + 1)
    before = deadline.at
    assert not deadline.forgive(time.monotonic() - 0.5, 0.2)
    assert deadline.at == before
    assert deadline.forgive(time.monotonic() - 60, 0.2)
    assert deadline.at == pytest.approx(before + 60, abs=0.1)
    assert not deadline.forgive(time.monotonic() - 60, 0.2)
