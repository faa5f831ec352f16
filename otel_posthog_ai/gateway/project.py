"""One PostHog project behind the gateway: its open traces, and the thread that makes events of those that are whole."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, Sender
from otel_posthog_ai.giving_way import give_way, giving_way, hurried
from otel_posthog_ai.log import warn
from otel_posthog_ai.otlp.held import HeldTrace, LogsOfSpans, groups
from otel_posthog_ai.otlp.requests import Contents
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.work.whole_traces import WholeTraces

from .budget import Budget
from .journal import Entry
from .open_trace import OpenTrace
from .open_traces import OpenTraces, Patience

_LOOK_SECONDS = 0.5
_SHORT_SHARE = 0.75
"""Of the budget: above it, traces leave before they are quiet."""
_STRAYS_SHARE = 0.1
"""Of the budget: more of log records that name no span is not kept."""
_ROOM_SECONDS = 0.05
_EVENTS_AT_ONCE = 1024 * 1024


class Project:
    """Takes requests in any thread; everything after that happens in two threads of its own.

    Args:
        settings: of the project; `outbox_bytes` bounds the events that wait to be sent.
        patience: how long traces are held.
        budget: what all projects together may hold.
    """

    def __init__(self, settings: Settings, patience: Patience, budget: Budget) -> None:
        self.settings = settings
        self.counters = Counters()
        self.lost_logs = 0
        """Log records with content whose span was not found."""
        self.held_seconds = 0.0
        """How long the traces that have left were held, all together."""
        self.traces = 0
        """How many have left."""
        self._sender = Sender(settings, self.counters, shrink=shrink, own_times=False)
        self._budget = budget
        self._whole = WholeTraces(settings, self.counters)
        self._open = OpenTraces(patience)
        self._condition = threading.Condition()
        self._drain_by: float | None = None
        self._unsafe: list[Entry] = []
        """Requests whose events were handed to the sender, which may not have them on its disk yet."""
        self._of_strays: Counter[Entry] = Counter()
        self._thread = threading.Thread(target=self._loop, name="otel-posthog-ai gateway", daemon=True)
        self._thread.start()

    # ---- what the receiver calls -----------------------------------------------------------------------------------

    def take(self, contents: Contents, size: int, entry: Entry | None) -> None:
        """Hold what a request of `size` bytes held."""
        now = time.monotonic()
        with self._condition:
            before = self._held_bytes()
            self._open.add(contents.spans, now, entry)
            if contents.logs:
                self._open.add_logs(contents.logs, size // (len(contents.logs) + len(contents.spans)), now, entry)
                if entry is not None:
                    self._note_strays()
            self._budget.move(self._held_bytes() - before)
            if self._short_by() > 0:
                self._condition.notify_all()

    def drain(self, deadline: float) -> bool:
        """Send all that is held, by `deadline` (`time.monotonic()`); whether everything was delivered."""
        with self._condition:
            self._drain_by = deadline
            self._condition.notify_all()
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        delivered = self._sender.shutdown(deadline)
        self._settle()
        return delivered and not self._thread.is_alive()

    def status(self) -> dict[str, Any]:
        """The sender's status, and `held_spans`, `held_traces`, `held_bytes`, `held_oldest_seconds`, `seen`."""
        with self._condition:
            return {
                **self._sender.status(),
                "held_spans": self._open.spans,
                "held_traces": len(self._open),
                "held_bytes": self._held_bytes(),
                "held_oldest_seconds": self._open.oldest_seconds(time.monotonic()),
                "seen_by_scope": dict(self._open.seen),
            }

    # ---- the thread ------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            with self._condition:
                draining = self._drain_by is not None
                if not draining and self._short_by() <= 0:
                    self._condition.wait(_LOOK_SECONDS)
                draining = self._drain_by is not None
                leaving = self._open.leaving(time.monotonic(), short_by=self._short_by(), everything=draining)
            try:
                # Whoever sends is answered first, unless memory is short or nobody sends any more.
                with giving_way(), hurried(draining or self._short_by() > 0):
                    self._send(leaving)
            except Exception as error:  # what cannot be made into events must not end the thread
                self.counters.add("dropped", sum(len(trace.spans) for trace in leaving), "unreadable")
                warn("gateway:project", "spans could not be turned into events (%s)", type(error).__name__)
            self._let_go(leaving)
            if draining:
                return

    def _send(self, leaving: Sequence[OpenTrace]) -> None:
        for group in groups(_unpacked(leaving)):
            self._send_group(group)
        if leaving:
            now = time.monotonic()
            self.traces += len(leaving)
            self.held_seconds += sum(now - trace.since for trace in leaving)

    def _send_group(self, group: list[HeldTrace]) -> None:
        with self._condition:
            logs = LogsOfSpans(group, self._open.strays)
        events = self._whole.events(logs.spans, logs.of)
        self.lost_logs += logs.left
        at_once = min(_EVENTS_AT_ONCE, self.settings.outbox_bytes // 4)
        chunk: list[EncodedEvent] = []
        size = 0
        for event in events:
            if chunk and size + len(event.body) > at_once:
                self._put(chunk)
                chunk, size = [], 0
            chunk.append(event)
            size += len(event.body)
        self._put(chunk)

    def _put(self, events: Sequence[EncodedEvent]) -> None:
        """Hand events to the sender as soon as it has room for them: it drops nothing for them."""
        while not self._sender.offer(events):
            with self._condition:
                if self._drain_by is not None and time.monotonic() >= self._drain_by:
                    self._sender.put(events)
                    return
                self._condition.wait(_ROOM_SECONDS)

    def _let_go(self, leaving: Sequence[OpenTrace]) -> None:
        with self._condition:
            before = self._open.strays.bytes
            self._open.forget_strays(time.monotonic(), self._budget.most * _STRAYS_SHARE)
            self._budget.move(int(self._open.strays.bytes - before) - sum(trace.bytes for trace in leaving))
            for trace in leaving:
                self._unsafe += trace.entries
            self._note_strays()
        self._settle()

    def _settle(self) -> None:
        """Requests of which the sender keeps everything need not be kept twice."""
        if self._unsafe and self._sender.is_safe():
            unsafe, self._unsafe = self._unsafe, []
            for entry in unsafe:
                entry.let_go()

    def _note_strays(self) -> None:
        """Requests on disk stay as long as a stray record of theirs does."""
        now = Counter(origin.entry for origin in self._open.strays.origins() if origin.entry is not None)
        if now.keys() == self._of_strays.keys():
            return
        for entry in now.keys() - self._of_strays.keys():
            entry.hold()
        self._unsafe += self._of_strays.keys() - now.keys()
        self._of_strays = now

    # ---- memory ----------------------------------------------------------------------------------------------------

    def _held_bytes(self) -> int:
        return self._open.bytes + int(self._open.strays.bytes)

    def _short_by(self) -> int:
        """Bytes that this project should give back: in proportion to what it holds."""
        over = self._budget.taken - _SHORT_SHARE * self._budget.most
        if over <= 0:
            return 0
        return int(over * self._open.bytes / max(self._budget.taken, 1))


def _unpacked(traces: Sequence[OpenTrace]) -> Iterator[HeldTrace]:
    for trace in traces:
        give_way()
        yield trace.unpacked()
