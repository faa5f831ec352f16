"""The sender: an outbox, and the one thread of the process that empties it over the network."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from otel_posthog_ai import forks, log
from otel_posthog_ai.counters import Counters, lost, undelivered
from otel_posthog_ai.settings import Settings

from .answers import Verdict
from .encoding import EncodedEvent
from .outbox import Outbox, Owed
from .pace import Pace
from .poster import Poster, Shrink
from .retry import LONGEST_REST, Deadline

if TYPE_CHECKING:
    from .spool import Spool
    from .spooler import Spooler

_LONGEST_SLEEP = 5.0  # While something waits: it may expire.
_LONGEST_PAUSE = 1.0
_JOIN_SECONDS = 0.1
_STUCK_DISK_SECONDS = 5.0
_LAST_WRITE_SECONDS = 1.0


class Sender:
    """Takes encoded events and sees to it that they are delivered, or counted as dropped.

    Only its own thread touches the network: it starts here, and again in a forked child. `put` is CPU work alone;
    `put_patiently`, `flush` and `shutdown` wait for the thread, no longer than their deadline. A signal handler may
    call any of them while its thread is in the middle of one: the lock is one that its thread may take again.

    `shrink(event, limit_bytes)` gives a smaller event or None. `own_times`: events tell times by this machine's clock.
    """

    def __init__(
        self,
        settings: Settings,
        counters: Counters,
        *,
        shrink: Shrink,
        own_times: bool = True,
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._poster = Poster(settings, counters, shrink=shrink, wait=self._interruptible_wait, own_times=own_times)
        self._spool: Spool | None = None
        if settings.spool_directory is not None and settings.api_key:
            from .spool import Spool  # only who keeps events on disk pays for loading that

            self._spool = Spool(settings.spool_directory, settings.host, settings.api_key)
        self._start_anew()
        self._start_threads()
        forks.in_child(self._in_child)
        forks.start_in_child(self._start_threads)
        forks.at_end_of_child(self._deliver_at_end)

    def _start_anew(self, *, stopped: bool = False) -> None:
        self._pid = os.getpid()
        self._condition = threading.Condition()
        self._outbox = Outbox(
            self._settings.outbox_bytes,
            self._settings.outbox_seconds,
            longest_gap=_LONGEST_SLEEP + self._settings.timeout,
        )
        self._pace = Pace()
        self._limit: Deadline | None = None
        self._stop_by: float | None = None
        self._stopped = stopped
        self._shutdown_result: bool | None = None
        self._tries_again = False
        self._lost_at_last_flush = 0
        self._spooler: Spooler | None = None
        if self._spool is not None:
            from .spooler import Spooler

            self._spooler = Spooler(self._spool, self._condition, self._outbox, self._counters)
        self._threads: list[threading.Thread] = []

    def _in_child(self) -> None:
        if self._limit is not None:
            self._limit.abandon()
        if self._spool is not None:
            self._spool.forget_parent()
        self._start_anew(stopped=self._stopped)

    def _start_threads(self) -> None:
        if self._stopped or not self._settings.api_key:
            return
        jobs: list[tuple[str, Callable[[], None]]] = [("otel-posthog-ai sender", self._send_loop)]
        spooler = self._spooler
        if spooler is not None:
            jobs.append(("otel-posthog-ai spool", lambda: self._keep_spool(spooler)))
        try:
            for name, job in jobs:
                thread = threading.Thread(target=job, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        except RuntimeError as error:  # The interpreter is ending, or the machine has no threads left.
            self._spooler = None
            log.warn("thread", "no sender thread: %s; events leave at flush and shutdown only", error)

    # ---- what callers use --------------------------------------------------------------------------------------

    def put(self, events: Sequence[EncodedEvent]) -> None:
        """Take the events in. Never waits for I/O and never raises; what does not fit is dropped, oldest first."""
        forks.notice()
        if not events:
            return
        with self._condition:
            self._counters.add("queued", len(events))
            if self._stopped or not self._settings.api_key:
                self._counters.add("dropped", len(events), "shutdown" if self._settings.api_key else "no_api_key")
                return
            if not len(self._outbox):
                self._pace.gather()  # a request costs more than all that is in it: what follows may come along
            dropped = self._outbox.add(events, spooled_first=self._spooler is not None)
            self._condition.notify_all()
            self._drop(dropped, "outbox_full")

    def offer(self, events: Sequence[EncodedEvent]) -> bool:
        """`put`, where nothing has to be dropped for these events; else False, and they are still the caller's.

        More than the outbox may ever hold is taken once it is empty, and counted as dropped.
        """
        with self._condition:
            size = sum(len(event.body) for event in events)
            if len(self._outbox) and size > self._outbox.room():
                return False
            self.put(events)
            return True

    def is_safe(self) -> bool:
        """Whether all that is owed is on disk, or nothing is owed."""
        with self._condition:
            return self._outbox.is_on_disk()

    def put_patiently(self, events: Sequence[EncodedEvent]) -> None:
        """Take the events in, and wait for room while the host takes what it is sent.

        An outbox that is full for a moment is no reason to lose anything; one that is full because the host has failed
        is: then the oldest are dropped as by `put`.
        """
        for event in events:
            self._wait_for_room(len(event.body))
            self.put([event])

    def _wait_for_room(self, size: int) -> None:
        with self._condition:
            while len(self._outbox) and self._outbox.room() < size and self._threads and self._is_taken():
                self._condition.wait(_LONGEST_PAUSE)

    def _is_taken(self) -> bool:
        """Whether all is well with the host, for all we know."""
        failing = self._pace.failures or self._tries_again or time.monotonic() < self._poster.blocked_until
        return not (failing or self._stopped or self._stop_by is not None)

    def gather(self) -> None:
        """Events follow one after another, and then a flush: for a moment they wait for each other."""
        with self._condition:
            self._pace.gather()

    def flush(self, deadline: float) -> bool:
        """Whether everything owed was delivered, by `deadline` (`time.monotonic()`) at the latest, and nothing was lost
        since the last flush.

        Gives up as soon as a full round of tries has failed, or when the server asked for a longer wait.
        """
        lost_before = self._lost_at_last_flush
        delivered = self._emptied(deadline)
        self._lost_at_last_flush = lost(self._counters.snapshot())
        return delivered and self._lost_at_last_flush == lost_before

    def _emptied(self, deadline: float) -> bool:
        if not self._threads:
            self._send_in_this_thread(deadline)
        if threading.current_thread() in self._threads:
            return not self._busy()  # The thread cannot wait for itself.
        with self._condition:
            last_round = self._pace.want()
            self._condition.notify_all()
            while self._busy():
                if self._stopped or self._pace.failed_round > last_round or self._poster.blocked_until > deadline:
                    return False
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._condition.wait(remaining)
            return True

    def shutdown(self, deadline: float) -> bool:
        """Flush, then stop: afterwards nothing is sent. Returns what the flush did.

        A second call returns the same; one that comes while the first is at work waits for what is owed, as a flush.
        """
        with self._condition:
            first = self._stop_by is None
            self._stop_by = deadline if first else self._stop_by
            if self._limit is not None:
                self._limit.bring_to(deadline)
            self._condition.notify_all()
        if not first:
            # Perhaps in a signal handler on top of the first call, which then cannot come to its end meanwhile.
            return self._emptied(deadline) if self._shutdown_result is None else self._shutdown_result
        delivered = self.flush(deadline)
        with self._condition:
            if self._threads:  # One of them keeps the spool: what came in last is still to be written.
                grace = max(deadline - time.monotonic(), _LAST_WRITE_SECONDS)
                self._condition.wait_for(lambda: not self._outbox.fresh, grace)
            self._stopped = True
            self._condition.notify_all()
        self._poster.close()
        patience = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(patience - time.monotonic(), 0.0))
        self._leave()
        with self._condition:
            self._shutdown_result = delivered
            self._condition.notify_all()
        return delivered

    def status(self) -> dict[str, Any]:
        """The counters, what waits (`waiting`, `waiting_bytes`, `oldest_seconds`), and why (`paused`, `last_error`)."""
        with self._condition:
            counts = self._counters.snapshot()
            hindrance = self._poster.hindrance
            paused = hindrance is not None and hindrance.verdict is Verdict.FORBIDDEN
            return {
                **counts,
                "waiting": counts["queued"] - counts["sent"] - undelivered(counts),
                "waiting_bytes": self._outbox.bytes,
                "oldest_seconds": self._outbox.oldest_seconds(),
                "paused": "the project key is refused" if paused and self._resting() else None,
                "last_error": None if hindrance is None else hindrance.answer.describe(),
            }

    # ---- the sender thread -------------------------------------------------------------------------------------

    def _send_loop(self) -> None:
        outbox = self._outbox
        while not self._stopped and self._outbox is outbox:
            self._send_turn()
        forks.rest_in_peace(copied=self._outbox is not outbox)

    def _keep_spool(self, spooler: Spooler) -> None:
        outbox = self._outbox
        spooler.loop(lambda: self._stopped or self._outbox is not outbox)
        forks.rest_in_peace(copied=self._outbox is not outbox)

    def _send_turn(self) -> None:
        try:
            if not self._send_round():
                with self._condition:
                    if not self._stopped and not self._due():
                        self._condition.wait(self._nap())
        except Exception as error:
            log.warn("sender", "the sender goes on after %s", type(error).__name__)
            time.sleep(_LONGEST_PAUSE)

    def _send_round(self) -> bool:
        """Send one chunk, if one is due; whether one was."""
        with self._condition:
            self._drop(self._outbox.expire(), "expired")
            self._outbox.release_stuck(_STUCK_DISK_SECONDS)
            if not self._due():
                return False
            outbox = self._outbox
            chunk = outbox.take(self._poster.overhead, self._poster.request_bytes)
            self._pace.begin()
            self._limit = Deadline(time.monotonic() + self._settings.timeout)
            if self._stop_by is not None:
                self._limit.bring_to(self._stop_by)
        events = [owed.event for owed in chunk]
        owed = events
        try:
            owed = self._poster.post(events, self._limit)
        finally:
            if self._outbox is outbox:
                self._settle(owed)
        return True

    def _settle(self, owed: list[EncodedEvent]) -> None:
        with self._condition:
            self._limit = None
            self._tries_again = False
            settled = self._outbox.settle(owed)
            self._forget_on_disk(settled)
            if owed and self._poster.hindrance is not None:
                self._pace.fail()
            elif self._pace.succeed():
                log.warn("recovered", "%s takes events again", self._settings.host, level=logging.INFO)
            if self._stopped:
                self._drop_the_rest()
            self._condition.notify_all()
        if self._spooler is not None:
            self._spooler.clean()

    def _due(self) -> bool:
        if self._stopped or not self._outbox.ready or time.monotonic() < self._poster.blocked_until:
            return False
        if self._pace.gathers() and self._outbox.bytes < self._poster.request_bytes:
            return False
        return self._pace.allows()

    def _busy(self) -> bool:
        return len(self._outbox) > 0 or (self._spooler is not None and not self._spooler.has_looked)

    def _resting(self) -> bool:
        return time.monotonic() < max(self._poster.blocked_until, self._pace.rest_until)

    def _nap(self) -> float:
        """Seconds until the thread has something to do."""
        now = time.monotonic()
        naps = [_LONGEST_SLEEP if len(self._outbox) else LONGEST_REST]
        if self._outbox.ready:
            naps.append(max(self._pace.rest_until, self._pace.gather_until, self._poster.blocked_until) - now)
        return max(min(naps), 0.001)

    def _interruptible_wait(self, seconds: float) -> bool:
        """The poster's waits between two tries: a flush or shutdown interrupts."""
        end = time.monotonic() + seconds
        wanted, stop_by = self._pace.wanted_round, self._stop_by
        with self._condition:
            self._tries_again = True
            self._condition.notify_all()
            while (left := end - time.monotonic()) > 0:
                if self._stopped or (self._pace.wanted_round, self._stop_by) != (wanted, stop_by):
                    return True
                self._condition.wait(left)
        return False

    def _send_in_this_thread(self, deadline: float) -> None:
        """Where no thread could be started, a flush does its work itself."""
        while time.monotonic() < deadline:
            with self._condition:
                self._pace.want()
                self._stop_by, stop_by = deadline, self._stop_by
            sent = self._send_round()
            self._stop_by = stop_by
            if not sent or self._pace.failures:
                return

    # ---- endings -----------------------------------------------------------------------------------------------

    def _drop(self, dropped: Sequence[Owed], reason: str) -> None:
        if dropped:
            self._counters.add("dropped", len(dropped), reason)
            self._forget_on_disk(dropped)
            log.warn(f"dropped:{reason}", "%d events are dropped: %s", len(dropped), reason)

    def _leave(self) -> None:
        """After the last round: what a spool keeps stays owed, the rest is dropped and counted."""
        if self._spooler is not None and not self._threads:
            self._spooler.write_all()
        with self._condition:
            self._drop_the_rest()
        if self._spooler is not None:
            self._spooler.close()

    def _forget_on_disk(self, settled: Sequence[Owed]) -> None:
        if self._spooler is not None:
            self._spooler.settled(settled)

    def _drop_the_rest(self) -> None:
        """What is not on disk is dropped (what is under way is settled by the sender thread when it comes back)."""
        self._drop(self._outbox.clear(), "shutdown")

    def _deliver_at_end(self) -> None:
        """A child of a process pool ends: there is no `atexit` there, so this is its flush."""
        if self._pid == os.getpid() and not self._stopped:
            self.flush(time.monotonic() + self._settings.timeout)
