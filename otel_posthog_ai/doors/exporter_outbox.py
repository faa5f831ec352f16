"""What a bare exporter owes: its callers' threads deliver it, one at a time, each no longer than its own deadline."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Sequence
from typing import Any

from otel_posthog_ai.counters import Counters, waiting
from otel_posthog_ai.delivery import Deadline, EncodedEvent, Poster
from otel_posthog_ai.log import warn
from otel_posthog_ai.one_at_a_time import OneAtATime

_JOIN_SECONDS = 0.1


class ExporterOutbox:
    """Owed events, oldest first, of which at most `most_bytes` wait. Thread-safe; a forked child begins with none."""

    def __init__(self, poster: Poster, counters: Counters, most_bytes: int) -> None:
        self._poster = poster
        self._counters = counters
        self._most_bytes = most_bytes
        self._closed = False
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child: what is owed is the parent's, and a lock may be held by a thread that is not there."""
        self._owed: deque[EncodedEvent] = deque()
        self._bytes = 0
        self._lock = threading.RLock()
        self._posting = OneAtATime()

    def add(self, events: Sequence[EncodedEvent]) -> None:
        """Owe these too; for what does not fit the oldest are dropped."""
        with self._lock:
            self._counters.add("queued", len(events))
            self._owed.extend(events)
            self._bytes += _bytes_of(events)
            while self._bytes > self._most_bytes and self._owed:
                self._bytes -= len(self._owed.popleft().body)
                self._counters.add("dropped", reason="outbox_full")
                warn("exporter:outbox", "the events that wait for PostHog exceed outbox_bytes; the oldest are dropped")

    def deliver(self, limit: Deadline) -> bool:
        """Post what is owed by `limit`; whether nothing is owed any more.

        While another thread posts, this one waits for it, but not beyond its own limit.
        """
        somebody_waits = limit.firm
        if not self._posting.begin(0.0):
            if not self._posting.begin(limit.remaining()):
                return False
            limit.firm = True  # the time was no standstill: somebody waits, and has waited
        try:
            if somebody_waits:
                self._poster.large_route.hurry()
            with self._lock:
                under_way = list(self._owed)
                self._owed.clear()
            return self._settled(under_way, self._poster.post(under_way, limit))
        finally:
            self._posting.end()

    def _settled(self, under_way: Sequence[EncodedEvent], still: Sequence[EncodedEvent]) -> bool:
        with self._lock:
            self._owed.extendleft(reversed(still))
            self._bytes += _bytes_of(still) - _bytes_of(under_way)
            if self._closed:
                self._drop_the_rest()
            return not self._owed

    def close(self) -> None:
        """Afterwards nothing is sent: what is under way is broken off, and what is owed is dropped."""
        self._poster.close()
        settled = self._posting.begin(_JOIN_SECONDS)
        with self._lock:
            self._closed = True  # from now on, whoever is under way drops what comes back
            self._drop_the_rest()
        if settled:
            self._posting.end()

    def _drop_the_rest(self) -> None:
        if self._owed:
            self._counters.add("dropped", len(self._owed), reason="shutdown")
            warn("exporter:shutdown", "%d events could not be delivered before shutdown", len(self._owed))
            self._bytes -= _bytes_of(self._owed)
            self._owed.clear()

    def status(self) -> dict[str, Any]:
        """The counters, and what is owed: `waiting` events, `waiting_bytes`."""
        with self._lock:
            counts = self._counters.snapshot()
            return {**counts, "waiting": waiting(counts), "waiting_bytes": self._bytes}


def _bytes_of(events: Collection[EncodedEvent]) -> int:
    return sum(len(event.body) for event in events)
