"""When the next round of requests may begin. Its owner's lock guards it."""

from __future__ import annotations

import time

from .retry import rest_after

LONGEST_GATHERING = 0.1
"""Seconds that a round waits for events which are being made: about one round trip, which an early round would cost."""


class Pace:
    """At once while all is well; after failures a rest that grows, unless a flush wants a round now."""

    def __init__(self) -> None:
        self.round = 0
        """Number of the last round that began."""
        self.failed_round = 0
        """Number of the last round that failed."""
        self.wanted_round = 0
        """A flush wants the round of this number, without a rest before it."""
        self.failures = 0
        """Rounds that failed one after another."""
        self.rest_until = 0.0
        self.gather_until = 0.0

    def gather(self) -> None:
        """More events follow at once: a round that began now would only be followed by another."""
        self.gather_until = time.monotonic() + LONGEST_GATHERING

    def want(self) -> int:
        """Have a round begin after this moment, and soon; the number of the last that began before it."""
        self.wanted_round = self.round + 1
        self.gather_until = 0.0
        return self.round

    def allows(self) -> bool:
        """Whether a round may begin now."""
        return self.is_wanted() or time.monotonic() >= self.rest_until

    def gathers(self) -> bool:
        """Whether a round should wait for more events, unless it is full."""
        return time.monotonic() < self.gather_until

    def begin(self) -> None:
        """A round begins."""
        self.round += 1

    def fail(self) -> None:
        """The round that began last has failed: a full set of tries, and events still owed."""
        self.failed_round = self.round
        self.failures += 1
        self.rest_until = time.monotonic() + rest_after(self.failures)

    def fail_in_part(self) -> None:
        """The round that began last has failed for events that wait apart; the others need no rest."""
        self.failed_round = self.round
        self.failures, self.rest_until = 0, 0.0

    def is_wanted(self) -> bool:
        """Whether a flush wants a round that has not begun."""
        return self.round < self.wanted_round

    def succeed(self) -> bool:
        """The round that began last went well; whether that is news."""
        news = self.failures > 0
        self.failures, self.rest_until = 0, 0.0
        return news
