"""When to try again: backoff with jitter, the server's Retry-After, one deadline.

Deadlines are moments of `time.monotonic()`; the wall clock is read only to understand an HTTP date.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timezone

from otel_posthog_ai.forks import importing

SHORTEST_WAIT = 0.05
FIRST_WAIT = 0.4
LONGEST_WAIT_IN_ROUND = 5.0
FIRST_REST = 10.0
LONGEST_REST = 60.0
LONGEST_RETRY_AFTER = 300.0
"""A server that asks for more (a day, by a proxy's mistake) is asked again after this many seconds."""

# A wait or a request that took this much longer than it could means that the process stood still (SIGSTOP, a frozen
# sandbox): that time was no chance to deliver, so it does not count against the deadline.
_STANDSTILL = 1.0


def retry_wait(attempt: int, asked: float | None) -> float:
    """Seconds before repeat number `attempt` (1, 2, …): what the server `asked` for, else doubling with jitter."""
    if asked is not None:
        return max(asked, SHORTEST_WAIT)
    whole = min(FIRST_WAIT * 2.0 ** (attempt - 1), LONGEST_WAIT_IN_ROUND)
    return whole * random.uniform(0.5, 1.0)


def rest_after(failed_rounds: int) -> float:
    """Seconds before the next round after `failed_rounds` (1, 2, …) that failed one after another."""
    whole = min(FIRST_REST * 2.0 ** min(failed_rounds - 1, 10), LONGEST_REST)
    return whole * random.uniform(0.8, 1.0)


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, in either form; None when it is absent or garbage.

    An HTTP date is counted from the answer's own `date` header where it has one, so that our clock does not matter.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        seconds = float(text)
    else:
        then, now = _moment(text), _moment(date)
        if then is None:
            return None
        seconds = (then - (now or datetime.now(timezone.utc))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    with importing:
        from email.utils import parsedate_to_datetime  # a server that names a moment is rare, the module is not small

    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


class Deadline:
    """A moment until which a round of tries may go on. It can come nearer (shutdown), and moves over a standstill."""

    def __init__(self, at: float, *, firm: bool = False) -> None:
        self.at = at
        self.firm = firm
        """Somebody waits until this very moment: nothing moves it."""
        self._forgiven = False
        self.abandoned = False

    def remaining(self) -> float:
        """Seconds left, 0 when it has passed."""
        return 0.0 if self.abandoned else max(self.at - time.monotonic(), 0.0)

    def abandon(self) -> None:
        """There is no time left, for good: the round is another process's."""
        self.abandoned = True

    def bring_to(self, at: float) -> None:
        """End no later than `at`."""
        self.at = min(self.at, at)

    def leave_out(self, started: float, *, at_least: float) -> None:
        """The time since `started` was none of trying; unless it is firm, so many seconds are left in any case."""
        now = time.monotonic()
        if not self.firm:
            self.at = max(self.at + now - started, now + at_least)

    def forgive(self, started: float, allowed: float) -> bool:
        """Give the time since `started` back if what could take `allowed` seconds took far longer; whether it did.

        Once only: a resolver that is slow looks the same, and must not hold a caller for ever.
        """
        elapsed = time.monotonic() - started
        if self._forgiven or self.firm or elapsed - allowed < _STANDSTILL:
            return False
        self._forgiven = True
        self.at += elapsed
        return True
