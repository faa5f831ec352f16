"""The rounds in which an outbox is emptied: when one begins, what it takes along, what its end means."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_posthog_ai import forks, log
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.letting_go import behind_the_app
from otel_posthog_ai.settings import Settings

from .ahead import Ahead
from .encoding import EncodedEvent
from .outbox import Outbox, Owed
from .pace import Pace
from .poster import Poster
from .retry import LONGEST_REST, Deadline

if TYPE_CHECKING:
    from .spooler import Spooler

_LONGEST_SLEEP = 5.0  # While something waits: it may expire.
_AFTER_ERROR_SECONDS = 1.0
_STUCK_DISK_SECONDS = 5.0


class Rounds:
    """What one process owes, and the work of its sender thread. `condition` guards all of it.

    One thread at a time calls `loop` or `take_one`; a forked child has rounds of its own.
    """

    def __init__(self, settings: Settings, counters: Counters, poster: Poster, *, stopped: bool) -> None:
        self.lock = threading.RLock()
        self.condition = threading.Condition(self.lock)
        self.outbox = Outbox(
            settings.outbox_bytes, settings.outbox_seconds, longest_gap=_LONGEST_SLEEP + settings.timeout
        )
        self.pace = Pace()
        self.spooler: Spooler | None = None
        self.limit: Deadline | None = None
        """Of the round that is under way."""
        self.stop_by: float | None = None
        self.stopped = stopped
        self.abandoned = False
        """The process has forked, and these are the parent's."""
        self._tries_again = False
        self._settings = settings
        self._counters = counters
        self._poster = poster
        self._ahead = Ahead(poster.body)

    # ---- what it is like; the caller holds the condition -------------------------------------------------------

    def is_taken(self) -> bool:
        """Whether the host takes what it is sent, for all we know."""
        failing = self.pace.failures or self._tries_again or time.monotonic() < self._poster.blocked_until
        return not (failing or self.stopped or self.stop_by is not None)

    def busy(self) -> bool:
        """Whether anything is owed, or may be found on disk."""
        return len(self.outbox) > 0 or (self.spooler is not None and not self.spooler.has_looked)

    def blocked_beyond(self, deadline: float) -> bool:
        """Whether the host asked for a rest that is longer than that, for all that waits."""
        large_alone = len(self.outbox) and not self.outbox.moving
        return max(self._poster.blocked_until, self._poster.large_route.blocked_until if large_alone else 0) > deadline

    def resting(self) -> bool:
        """Whether the next round has to wait, after failures."""
        return time.monotonic() < max(self._poster.blocked_until, self.pace.rest_until)

    def is_due(self) -> bool:
        """Whether a round is to begin now."""
        if self.stopped or not self.outbox.ready or time.monotonic() < self._poster.blocked_until:
            return False
        if self.pace.gathers() and self.outbox.bytes < self._poster.request_bytes:
            return False
        return self.pace.allows()

    def drop(self, dropped: Sequence[Owed], reason: str) -> None:
        """These are lost: count them, and say so."""
        if dropped:
            self._counters.add("dropped", len(dropped), reason)
            self._forget_on_disk(dropped)
            log.warn(f"dropped:{reason}", "%d events are dropped: %s", len(dropped), reason)

    def drop_the_rest(self) -> None:
        """What is not on disk is dropped (what is under way is settled by the sender thread when it comes back)."""
        self.drop(self.outbox.clear(), "shutdown")

    # ---- the work ----------------------------------------------------------------------------------------------

    def loop(self) -> None:
        """The sender thread."""
        behind_the_app()
        while not (self.stopped or self.abandoned):
            self._take_turn()
        forks.rest_in_peace(copied=self.abandoned)

    def _take_turn(self) -> None:
        try:
            if not self.take_one():
                with self.condition:
                    if not self.stopped and not self.is_due():
                        self.condition.wait(self._nap())
        except Exception as error:
            log.warn("sender", "the sender goes on after %s", type(error).__name__)
            time.sleep(_AFTER_ERROR_SECONDS)

    def take_one(self, limit: Deadline | None = None) -> bool:
        """Send one chunk by `limit` (default: within the timeout), if one is due; whether one was."""
        with self.condition:
            self.drop(self.outbox.expire(), "expired")
            self.outbox.release_stuck(_STUCK_DISK_SECONDS)
            self._bring_back_large()
            if not self.is_due():
                return False
            chunk = self.outbox.take(self._poster.overhead, self._poster.request_bytes)
            following = self._following()
            self.pace.begin()
            self.limit = limit or Deadline(time.monotonic() + self._settings.timeout)
            if self.stop_by is not None:
                self.limit.bring_to(self.stop_by)
        events = [owed.event for owed in chunk]
        owed = events
        body = self._ahead.body_of(events)
        if following:
            self._ahead.begin(following)
        try:
            owed = self._poster.post(events, self.limit, body)
        finally:
            if not self.abandoned:
                self._settle(owed)
        return True

    def _bring_back_large(self) -> None:
        """What waits for the large route alone goes along again when that has rested, or a flush wants it."""
        if self.outbox.aside:
            if self.pace.is_wanted():
                self._poster.large_route.hurry()
            if not self._poster.large_route.rests():
                self.outbox.bring_back()

    def _following(self) -> list[EncodedEvent]:
        """The events of the next request, where it is full already and all is well."""
        if not self._poster.may_prepare or not self.is_taken():
            return []
        return self.outbox.next_full(self._poster.overhead, self._poster.request_bytes)

    def _settle(self, owed: list[EncodedEvent]) -> None:
        with self.condition:
            self.limit = None
            self._tries_again = False
            hindrance = self._poster.hindrance if owed else None
            large_alone = hindrance is not None and hindrance is self._poster.large_route.hindrance
            settled = self.outbox.settle(owed, self._poster.goes_large if large_alone else None)
            self._forget_on_disk(settled)
            if large_alone:
                self.pace.fail_in_part()
            elif hindrance is not None:
                self.pace.fail()
            elif self.pace.succeed():
                log.warn("recovered", "%s takes events again", self._settings.host, level=logging.INFO)
            if self.stopped:
                self.drop_the_rest()
            self.condition.notify_all()
        if self.spooler is not None:
            self.spooler.clean()

    def wait(self, seconds: float) -> bool:
        """The poster's waits between two tries: a flush or shutdown interrupts; whether one did."""
        end = time.monotonic() + seconds
        wanted, stop_by = self.pace.wanted_round, self.stop_by
        with self.condition:
            self._tries_again = True
            self.condition.notify_all()
            while (left := end - time.monotonic()) > 0:
                if self.stopped or (self.pace.wanted_round, self.stop_by) != (wanted, stop_by):
                    return True
                self.condition.wait(left)
        return False

    def _nap(self) -> float:
        """Seconds until the thread has something to do."""
        now = time.monotonic()
        naps = [_LONGEST_SLEEP if len(self.outbox) else LONGEST_REST]
        if self.outbox.ready:
            naps.append(max(self.pace.rest_until, self.pace.gather_until, self._poster.blocked_until) - now)
        return max(min(naps), 0.001)

    def _forget_on_disk(self, settled: Sequence[Owed]) -> None:
        if self.spooler is not None:
            self.spooler.settled(settled)
