"""Keeps the outbox on disk: writes what comes in, takes over what dead processes left, removes what is settled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from otel_posthog_ai import log
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.letting_go import behind_the_app

from .outbox import Outbox, Owed
from .spool import RENEW_SECONDS, SEGMENT_BYTES, Segment, Spool

_AFTER_ERROR_SECONDS = 1.0


class Spooler:
    """The disk side of an outbox. It has a thread of its own, because the sender's may be waiting for an answer while
    events come in that a crash must not lose. `condition` guards the outbox, and is notified when it changes."""

    def __init__(self, spool: Spool, condition: threading.Condition, outbox: Outbox, counters: Counters) -> None:
        self._spool = spool
        self._condition = condition
        self._outbox = outbox
        self._counters = counters
        self._changed: set[Segment] = set()
        self.has_looked = False
        """Whether what earlier processes left was looked for."""

    def loop(self, stopped: Callable[[], bool]) -> None:
        """The thread's work, until `stopped()`."""
        behind_the_app()
        next_look = 0.0
        while not stopped():
            try:
                self._spool.renew()
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + RENEW_SECONDS
                    self._take_leftovers()
                self._write_fresh()
                self.clean()
            except Exception as error:
                log.warn("spool_loop", "the spool goes on after %s", type(error).__name__)
                time.sleep(_AFTER_ERROR_SECONDS)
            with self._condition:
                if not stopped() and not self._outbox.fresh:
                    self._condition.wait(max(next_look - time.monotonic(), 0.001))

    def settled(self, entries: Iterable[Owed]) -> None:
        """These are no longer owed; `clean` will take them off the disk. Called under the condition, without I/O."""
        self._changed.update(owed.segment for owed in entries if owed.segment is not None)

    def clean(self) -> None:
        """Bring the files in line with what is still owed."""
        with self._condition:
            changed, self._changed = self._changed, set()
        for segment in changed:
            self._spool.clean(segment)

    def write_all(self) -> None:
        """Put everything that is not yet on disk there."""
        while self._outbox.fresh:
            self._write_fresh()

    def close(self) -> None:
        """Leave the files to the next process."""
        self.clean()
        self._spool.close()

    def _take_leftovers(self) -> None:
        try:
            with self._condition:
                room = self._outbox.room()
            recovered = self._spool.adopt(room)
            damaged, self._spool.damaged = self._spool.damaged, 0
            with self._condition:
                if damaged:
                    self._counters.add("dropped", damaged, "spool_damaged")
                self._counters.add("queued", len(recovered))
                self._outbox.add_recovered(recovered)
        finally:
            with self._condition:
                self.has_looked = True
                self._condition.notify_all()

    def _write_fresh(self) -> None:
        """Put the oldest of what has come in on disk, a segment; from then on it may be sent."""
        with self._condition:
            batch: list[Owed] = []
            size = 0
            for owed in self._outbox.fresh:
                size += len(owed.event.body)
                batch.append(owed)
                if size >= SEGMENT_BYTES:
                    break
        if not batch:
            return
        segment = self._spool.write(owed.event for owed in batch)
        with self._condition:
            self._outbox.spooled(batch, segment)
            if segment is not None and len(segment.members) < segment.written:
                self._changed.add(segment)  # Some were dropped while they were written.
            self._condition.notify_all()
