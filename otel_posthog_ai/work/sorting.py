"""Which ended spans are for PostHog: told apart behind the app's back, and queued as far as there is room."""

from __future__ import annotations

import threading
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
"""Ended spans that wait to be looked at when our thread is woken for them; fewer wait for its next second."""
MOST_UNSORTED = 2_048
"""Ended spans that may wait to be looked at: the thread that ends one more looks at them itself."""

LONGEST_STALL = 0.05
"""Seconds that a thread which ends spans faster than they can be read waits for room, before a span is lost."""


class Sorter:
    """The ended spans of one processor on their way to its queue.

    `queue` takes a span that is for PostHog; `wake` has `sort_out` called soon, by another thread.
    """

    def __init__(
        self,
        settings: Settings,
        reading: ReadingRoom,
        counters: Counters,
        *,
        queue: Callable[[ReadableSpan], None],
        wake: Callable[[], None],
    ) -> None:
        self.no_ai = NoAIYet()
        self._most_queued = settings.max_queue_size
        self._reading = reading
        self._counters = counters
        self._queue = queue
        self._wake = wake
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child nothing waits: what the parent had queued is the parent's to send."""
        self._ended: deque[ReadableSpan] = deque()
        self._chosen: deque[ReadableSpan] = deque()
        self._queued = 0
        self._sorting = threading.Lock()
        self._room = threading.Condition()

    @property
    def queued(self) -> int:
        """How many ended spans wait here or in the queue."""
        return self._queued + len(self._ended) + len(self._chosen)

    @property
    def queues(self) -> int:
        """How many queues the spans that wait here would fill."""
        return 1 + (len(self._ended) + len(self._chosen)) // self._most_queued

    # ---- the app's threads ---------------------------------------------------------------------------------------

    def add(self, span: ReadableSpan) -> None:
        """Take an ended span. Whether it is AI is looked at later, in another thread, unless very many end."""
        self._ended.append(span)
        waiting = len(self._ended) + len(self._chosen)
        if waiting == MANY_UNSORTED:
            self._wake()
        elif waiting >= MOST_UNSORTED:
            self._make_room()

    def _make_room(self) -> None:
        """Too many spans wait: this thread helps, then waits a moment for the worker, then a span is lost."""
        self.sort_out(LONGEST_STALL)
        with self._room:
            self._room.wait_for(self._has_room, LONGEST_STALL)
        self.sort_out(LONGEST_STALL)
        if len(self._ended) + len(self._chosen) >= MOST_UNSORTED and self._sorting.acquire(timeout=LONGEST_STALL):
            try:
                if self._chosen:
                    self._chosen.popleft()
                    self._lose(1, "queue_full")
                    warn("processor:queue", "the queue of ended spans is full (max_queue_size); spans are dropped")
            finally:
                self._sorting.release()

    # ---- the worker ----------------------------------------------------------------------------------------------

    def sort_out(self, patience: float = -1) -> None:
        """Choose the ended spans that are AI and queue them as far as there is room; note every other one as a link.

        Gives up when another thread has been at it for `patience` seconds.
        """
        if not self._sorting.acquire(timeout=patience):
            return
        plain = lost = 0
        try:
            for _ in range(len(self._ended)):
                give_way()
                span = self._ended.popleft()
                try:
                    if self._note_end(span):
                        self._chosen.append(span)
                    else:
                        plain += 1
                except Exception as error:
                    lost += 1
                    warn("processor:on_end", "a span's end could not be noted (%s)", type(error).__name__)
            while self._chosen and self._has_room():
                self._send_on(self._chosen.popleft())
        finally:
            self._sorting.release()
        self._reading.hierarchy.sweep()
        if plain:
            self._counters.add("seen", plain)
            self._counters.add("filtered", plain)
        if lost:
            self._lose(lost, "unreadable")

    def taken(self, spans: int) -> None:
        """So many spans have left the queue."""
        with self._room:
            self._queued -= spans
            self._room.notify_all()

    def _note_end(self, span: ReadableSpan) -> bool:
        """Tell the hierarchy; whether the span is AI."""
        wanted = self._reading.note_end(span)
        if not self.no_ai.over:
            self.no_ai.note(span, wanted)
        return wanted

    def _send_on(self, span: ReadableSpan) -> None:
        with self._room:
            self._queued += 1
        self._counters.add("seen")
        self._queue(span)

    def _has_room(self) -> bool:
        return self._queued < self._most_queued

    def _lose(self, spans: int, reason: str) -> None:
        self._counters.add("seen", spans)
        self._counters.add("dropped", spans, reason)
