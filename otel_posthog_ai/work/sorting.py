"""Which ended spans are for PostHog: told apart behind the app's back, and kept until they are read."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.log import warn
from otel_posthog_ai.settings import Settings

from .no_ai import NoAIYet
from .reading_room import ReadingRoom

MANY_UNSORTED = 512
"""Ended spans that wait to be looked at when the worker is woken for them, and again for every so many more; fewer wait
for its next second."""
MOST_UNSORTED = 640
"""Ended spans that may wait to be looked at: whoever ends one more looks at the oldest few.

Not many more than wake the worker: each is some twenty objects that a full collection of garbage stops the app for.
"""
LONGEST_STALL = 0.002
"""Seconds that a thread which ends a span waits for room in a full queue, before a span is lost."""
STALL_RESERVE = 1.0
"""Seconds that a thread may wait so in all, a burst long,"""
STALL_SHARE = 0.02
"""and of its time from then on."""
_LOOK_SECONDS = 0.0005
_A_FEW = 4
_ROOM_LEFT = 4
"""The worker no longer gives way when a queue is full to this part."""
_LONGEST_SORTING = 10.0


class _Stalls(threading.local):
    """Of each thread: how long it might still wait for room, in seconds, when it was asked last."""

    left = STALL_RESERVE
    asked = 0.0


class Sorter:
    """The ended spans of one processor on their way to the worker.

    No lock is waited for where spans end. When very many wait, whoever ends one looks at a few of them, and where the
    queue is full waits a moment for the worker: 2 ms at most, a second in all and a fiftieth of its time in the long
    run. Then what finds no room is lost, and costs the app no more than to note that it has ended.

    `wake` has the worker come soon.
    """

    def __init__(
        self, settings: Settings, reading: ReadingRoom, counters: Counters, *, wake: Callable[[], None]
    ) -> None:
        self.no_ai = NoAIYet()
        self._most_chosen = settings.max_queue_size
        self._flush_at = settings.flush_at
        self._longest_wait = settings.flush_interval_millis / 1000
        self._reading = reading
        self._counters = counters
        self._wake = wake
        self._stalls = _Stalls()
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child nothing waits: what the parent had queued is the parent's to send."""
        self._ended: deque[ReadableSpan] = deque()
        self._chosen: deque[ReadableSpan] = deque()
        self._since = 0.0
        self.lock = threading.RLock()

    @property
    def queued(self) -> int:
        """How many ended spans wait here."""
        return len(self._ended) + len(self._chosen)

    @property
    def is_behind(self) -> bool:
        """Whether so many wait that some will soon be lost."""
        return self.queued * _ROOM_LEFT >= self._most_chosen

    # ---- the app's threads ---------------------------------------------------------------------------------------

    def add(self, span: ReadableSpan) -> None:
        """Take an ended span. Whether it is AI is looked at later, in another thread, unless very many end."""
        self._ended.append(span)
        waiting = len(self._ended)
        if waiting % MANY_UNSORTED == 0:
            self._wake()
        if waiting <= MOST_UNSORTED:
            return
        if len(self._chosen) >= self._most_chosen:
            self._stall()
        if self.lock.acquire(blocking=False):
            try:
                room = self._most_chosen - len(self._chosen)
                # Also where there is no room: more than may wait have come while the worker was sorting.
                self._sort(min(max(room, waiting - MOST_UNSORTED), _A_FEW))
            finally:
                self.lock.release()

    def _stall(self) -> None:
        """Wait for room; by looks, because a lock could be one that a signal handler's own thread holds."""
        stalls = self._stalls
        began = now = time.monotonic()
        stalls.left = min(stalls.left + STALL_SHARE * (now - stalls.asked), STALL_RESERVE)
        stalls.asked = now
        if stalls.left < LONGEST_STALL:
            return
        while len(self._chosen) >= self._most_chosen and now < began + LONGEST_STALL:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
        stalls.left -= now - began  # less than nothing where others did not let this thread go on

    def refuse(self, span: ReadableSpan) -> None:
        """A span that ends after the shutdown began is counted, if it is AI."""
        if self._reading.wants(span):
            self._lose(1, "after_shutdown")

    # ---- the worker ----------------------------------------------------------------------------------------------

    def sort_out(self) -> None:
        """Choose the ended spans that are AI, as far as there is room; note every other one as a link."""
        if self._room() > 0 and self._ended:
            self._sort_what_fits()
        self._reading.hierarchy.sweep_if_due()

    def _sort_what_fits(self) -> None:
        if not self.lock.acquire(timeout=_LONGEST_SORTING):
            return
        try:
            left = len(self._ended)  # What ends meanwhile is for the next time.
            while left > 0 and (room := self._room()) > 0:
                self._sort(min(left, room))
                left -= room
        finally:
            self.lock.release()

    def _room(self) -> int:
        return self._most_chosen - len(self._chosen)

    def batches(self, *, everything: bool) -> int:
        """How many batches are to be read now: all that wait, or none before they are many or have waited for long."""
        chosen = len(self._chosen)
        if everything or chosen >= self._flush_at or (chosen and time.monotonic() >= self._since + self._longest_wait):
            return -(-(chosen + len(self._ended)) // self._flush_at)
        return 0

    def due_in(self) -> float:
        """Seconds until what was chosen is many, or has waited for long enough."""
        if len(self._chosen) >= self._flush_at:
            return 0.0
        return max(self._since + self._longest_wait - time.monotonic(), 0.0) if self._chosen else self._longest_wait

    def next_batch(self, many: int = 1) -> list[ReadableSpan]:
        """The oldest spans that are for PostHog, `flush_at` or `many` at most, whichever is more."""
        most = max(self._flush_at, many)
        batch: list[ReadableSpan] = []
        try:
            while len(batch) < most:
                batch.append(self._chosen.popleft())
        except IndexError:
            pass  # Not as many wait, or another thread has just dropped one.
        self._counters.add("seen", len(batch))
        return batch

    def give_up(self) -> None:
        """Nobody will read what still waits."""
        while self._ended and self.lock.acquire(timeout=_LONGEST_SORTING):
            try:
                self._sort(len(self._ended))
            finally:
                self.lock.release()
        lost = 0
        while self._chosen:
            self._reading.hierarchy.lost(self._chosen.popleft())
            lost += 1
        if lost:
            self._lose(lost, "unread")
            warn("processor:unread", "%d ended spans could not be read before the shutdown had to end", lost)

    # ---- sorting; the caller holds the lock ----------------------------------------------------------------------

    def _sort(self, most: int) -> None:
        plain = lost = 0
        for _ in range(most):
            give_way()
            try:
                span = self._ended.popleft()
            except IndexError:
                break
            try:
                full = len(self._chosen) >= self._most_chosen
                if not self._note_end(span, lost=full):
                    plain += 1
                elif full:
                    lost += 1
                else:
                    self._choose(span)
            except Exception as error:
                self._lose(1, "unreadable")
                warn("processor:on_end", "a span's end could not be noted (%s)", type(error).__name__)
        if plain:
            self._counters.add("seen", plain)
            self._counters.add("filtered", plain)
        if lost:
            self._lose(lost, "queue_full")
            warn("processor:queue", "the queue of ended spans is full (max_queue_size); what finds no room is dropped")

    def _note_end(self, span: ReadableSpan, *, lost: bool) -> bool:
        """Tell the hierarchy, also of a span that will not be read; whether it is AI."""
        wanted = self._reading.note_end(span, lost=lost)
        if not self.no_ai.over:
            self.no_ai.note(span, wanted)
        return wanted

    def _choose(self, span: ReadableSpan) -> None:
        if not self._chosen:
            self._since = time.monotonic()
        self._chosen.append(span)

    def _lose(self, spans: int, reason: str) -> None:
        self._counters.add("seen", spans)
        self._counters.add("dropped", spans, reason)
