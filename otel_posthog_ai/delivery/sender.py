"""The sender: an outbox, and the one thread of the process that empties it over the network."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_posthog_ai import forks, log
from otel_posthog_ai.counters import Counters, lost, waiting
from otel_posthog_ai.letting_go import LONGEST_SLEEP
from otel_posthog_ai.one_at_a_time import OneAtATime
from otel_posthog_ai.settings import Settings

from .answers import Verdict
from .chunks import fitting
from .encoding import EncodedEvent
from .poster import Poster
from .retry import Deadline
from .rounds import Rounds
from .sizes import Shrink

if TYPE_CHECKING:
    from .spool import Spool
    from .spooler import Spooler

_LONGEST_PAUSE = 1.0
_JOIN_SECONDS = 0.1
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
        self._poster = Poster(settings, counters, shrink=shrink, wait=self._wait, own_times=own_times)
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
        self._rounds = Rounds(self._settings, self._counters, self._poster, stopped=stopped)
        self._condition = self._rounds.condition
        self._outbox = self._rounds.outbox
        self._pace = self._rounds.pace
        self._shutdown_result: bool | None = None
        self._lost_at_last_flush = 0
        if self._spool is not None:
            from .spooler import Spooler

            self._rounds.spooler = Spooler(self._spool, self._condition, self._outbox, self._counters)
        self._threads: list[threading.Thread] = []
        self._sending_here = OneAtATime()

    def _in_child(self) -> None:
        parents = self._rounds
        parents.abandoned = True
        if parents.limit is not None:
            parents.limit.abandon()
        if self._spool is not None:
            self._spool.forget_parent()
        self._start_anew(stopped=parents.stopped)

    def _start_threads(self) -> None:
        if self._rounds.stopped or not self._settings.api_key:
            return
        jobs: list[tuple[str, Callable[[], None]]] = [("otel-posthog-ai sender", self._rounds.loop)]
        spooler = self._rounds.spooler
        if spooler is not None:
            jobs.append(("otel-posthog-ai spool", partial(self._keep_spool, self._rounds, spooler)))
        try:
            for name, job in jobs:
                thread = threading.Thread(target=job, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        except RuntimeError as error:  # The interpreter is ending, or the machine has no threads left.
            self._rounds.spooler = None
            log.warn("thread", "no sender thread: %s; events leave at flush and shutdown only", error)

    @property
    def lock(self) -> threading.RLock:
        """What guards all that is owed in this process."""
        return self._rounds.lock

    # ---- what callers use --------------------------------------------------------------------------------------

    def put(self, events: Sequence[EncodedEvent]) -> None:
        """Take the events in. Never waits for I/O and never raises; what does not fit is dropped, oldest first."""
        forks.notice()
        if not events:
            return
        with self._condition:
            self._counters.add("queued", len(events))
            if self._rounds.stopped or not self._settings.api_key:
                self._counters.add("dropped", len(events), "shutdown" if self._settings.api_key else "no_api_key")
                return
            sleeps = not self._outbox.ready  # till something is, as far as the sender knows
            if not len(self._outbox):
                self._pace.gather()  # a request costs more than all that is in it: what follows may come along
            dropped = self._outbox.add(events, spooled_first=self._rounds.spooler is not None)
            # Else it knows until when it gathers or rests: to be woken for each event costs the app's threads a turn.
            if sleeps or self._rounds.spooler is not None or self._rounds.is_due():
                self._condition.notify_all()
            self._rounds.drop(dropped, "outbox_full")

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
        rounds = self._rounds
        at = 0
        while at < len(events):
            self._wait_for_room(len(events[at].body))
            if self._rounds is not rounds:
                return  # A greenlet of gevent has gone on in a forked child: these are the parent's.
            with self._condition:
                # All that fits at once: each time the sender wakes up.
                count = fitting((len(events[each].body) for each in range(at, len(events))), 0, self._outbox.room())
                self.put(events[at : at + count])
            at += count

    def _wait_for_room(self, size: int) -> None:
        with self._condition:
            while self._outbox.moving and self._outbox.room() < size and self._threads and self._rounds.is_taken():
                self._condition.wait(_LONGEST_PAUSE)

    def gather(self) -> None:
        """Events follow one after another, and then a flush: for a moment they wait for each other."""
        self._pace.gather()  # without the lock, which a signal handler on top of this would keep from the worker

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
            with self._condition:
                return not self._rounds.busy()
        if threading.current_thread() in self._threads:
            return not self._rounds.busy()  # The thread cannot wait for itself.
        with self._condition:
            last_round = self._pace.want()
            self._condition.notify_all()
            while self._rounds.busy():
                failed = self._pace.failed_round > last_round
                if self._rounds.stopped or failed or self._rounds.blocked_beyond(deadline):
                    return False
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._condition.wait(min(remaining, LONGEST_SLEEP))
            return True

    def shutdown(self, deadline: float) -> bool:
        """Flush, then stop: afterwards nothing is sent. Returns what the flush did.

        A second call returns the same; one that comes while the first is at work waits for what is owed, as a flush.
        """
        with self._condition:
            first = self._rounds.stop_by is None
            self._rounds.stop_by = deadline if first else self._rounds.stop_by
            if self._rounds.limit is not None:
                self._rounds.limit.bring_to(deadline)
            self._condition.notify_all()
        if not first:
            # Perhaps in a signal handler on top of the first call, which then cannot come to its end meanwhile.
            return self._emptied(deadline) if self._shutdown_result is None else self._shutdown_result
        delivered = self.flush(deadline)
        with self._condition:
            if self._threads:  # One of them keeps the spool: what came in last is still to be written.
                grace = max(deadline - time.monotonic(), _LAST_WRITE_SECONDS)
                self._condition.wait_for(lambda: not self._outbox.fresh, grace)
            self._rounds.stopped = True
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
        """The counters, what waits (`waiting`, `waiting_bytes`, `oldest_seconds`), and why (`paused`, `last_error`).

        Without the lock: a signal handler on top of this may wait for a thread that needs it.
        """
        counts = self._counters.snapshot()
        hindrance = self._poster.hindrance
        paused = hindrance is not None and hindrance.verdict is Verdict.FORBIDDEN
        return {
            **counts,
            "waiting": waiting(counts),
            "waiting_bytes": self._outbox.bytes,
            "oldest_seconds": self._outbox.oldest_seconds(),
            "paused": "the project key is refused" if paused and self._rounds.resting() else None,
            "last_error": None if hindrance is None else hindrance.answer.describe(),
        }

    # ---- the threads -------------------------------------------------------------------------------------------

    @staticmethod
    def _keep_spool(rounds: Rounds, spooler: Spooler) -> None:
        spooler.loop(lambda: rounds.stopped or rounds.abandoned)
        forks.rest_in_peace(copied=rounds.abandoned)

    def _wait(self, seconds: float) -> bool:
        return self._rounds.wait(seconds)

    def _send_in_this_thread(self, deadline: float) -> None:
        """Where no thread could be started, a flush does its work itself, and others wait for it."""
        if not self._sending_here.begin(max(deadline - time.monotonic(), 0.0)):
            return
        try:
            while time.monotonic() < deadline:
                with self._condition:
                    self._pace.want()
                if not self._rounds.take_one(Deadline(deadline, firm=True)) or self._pace.failures:
                    return
        finally:
            self._sending_here.end()

    # ---- endings -----------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """After the last round: what a spool keeps stays owed, the rest is dropped and counted."""
        spooler = self._rounds.spooler
        if spooler is not None and not self._threads:
            spooler.write_all()
        with self._condition:
            self._rounds.drop_the_rest()
        if spooler is not None:
            spooler.close()

    def _deliver_at_end(self) -> None:
        """A child of a process pool ends: there is no `atexit` there, so this is its flush."""
        if self._pid == os.getpid() and not self._rounds.stopped:
            self.flush(time.monotonic() + self._settings.timeout)
