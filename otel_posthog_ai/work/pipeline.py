"""Everything behind the processors of one project in one process: reading, placing, encoding, sending.

Processors on several TracerProviders with the same settings share one pipeline, because spans of one call may end up in
different providers (a library that brings its own), and only who sees both can tell that they are one.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai import forks, log
from otel_posthog_ai.content.outgoing import Privacy
from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, Sender
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.giving_way import giving_way, hurried
from otel_posthog_ai.letting_go import is_behind_the_app, letting_go
from otel_posthog_ai.reading.content_events import EVALUATION
from otel_posthog_ai.settings import Settings

from .held_agents import HeldAgents
from .held_logs import HeldLogs
from .late_results import LateResults
from .reading_room import ReadingRoom
from .sorting import Sorter
from .worker import Worker

_MANY_HELD = 256
_MANY_READ = 128
"""Spans that a worker which is behind reads at once: what it does around a batch costs as much as some of them."""
LONGEST_TICK = 1.0
"""Seconds after which the worker looks again at what has ended and at what waits."""

if TYPE_CHECKING:
    from otel_posthog_ai.agent_logs.entry import AgentEntry


class Member(Protocol):
    """A processor, as its pipeline sees it."""

    sorter: Sorter

    def sort_out(self) -> None:
        """Look at the spans that have ended since, and choose those that are AI."""


class _Registry:
    """The pipelines of this process, held weakly."""

    def __init__(self) -> None:
        self._pipelines: list[weakref.ReferenceType[Pipeline]] = []
        self._lock = threading.RLock()
        forks.in_child(self._start_anew)

    def of(self, settings: Settings) -> Pipeline:
        """The open pipeline with these settings, made when there is none."""
        with self._lock:
            self._pipelines = [each for each in self._pipelines if (known := each()) is not None and not known.closed]
            for reference in self._pipelines:
                pipeline = reference()
                if pipeline is not None and pipeline.settings == settings:
                    return pipeline
            pipeline = Pipeline(settings)
            self._pipelines.append(weakref.ref(pipeline))
            return pipeline

    def _start_anew(self) -> None:
        self._lock = threading.RLock()


class Pipeline:
    """What several processors share. Thread-safe; all waiting is bounded by a deadline (`time.monotonic()`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self.room = ReadingRoom(settings, self.counters, patient=True)
        self.hierarchy = self.room.hierarchy
        self.logs = HeldLogs()
        self.agents = HeldAgents()
        self.results = LateResults()
        self._ready: deque[list[EncodedEvent]] = deque()
        """Events that are written already, on their way into the outbox."""
        self.closed = False
        self._members: list[Member] = []
        self._leaving: set[int] = set()
        self._tick_seconds = min(settings.flush_interval_millis / 1000, LONGEST_TICK)
        self._next_tick = 0.0
        self.hierarchy.catch_up = _weakly(self._catch_up)
        self._sender = Sender(settings, self.counters, shrink=shrink)
        forks.in_child(self._start_anew)
        forks.at_pause_of_child(self._begin_to_deliver)
        self._worker = Worker(self._turn, self._nap)

    def join(self, member: Member) -> None:
        """A processor joins."""
        self._members.append(member)

    def _catch_up(self) -> None:
        for member in list(self._members):
            member.sort_out()

    def wake(self) -> None:
        """Have ended spans looked at soon; never blocks."""
        self._worker.wake()

    def join_log(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a log record for the span that it belongs to; results that judges give afterwards wait by themselves."""
        if occurrence.name == EVALUATION and self.hierarchy.open_spans.live(span_id) is None:
            self.results.add(span_id, occurrence)
        else:
            self.logs.add(trace_id, span_id, occurrence, scope)

    def join_agent(self, entry: AgentEntry) -> None:
        """Keep a log record of a coding agent until its conversation is quiet: it becomes a span itself."""
        self.agents.add(entry)

    def send(
        self, events: Iterable[Mapping[str, Any]], *, private: bool = False, context_keys: Collection[str] = ()
    ) -> bool:
        """Send events that are ready; False where none was queued.

        The worker puts them into the outbox: this thread may be interrupted by a signal handler that flushes, and must
        not hold what the worker needs then.
        """
        encoded = self.room.encode([dict(event) for event in events], Privacy(private, frozenset(context_keys)))
        if encoded:
            self._ready.append(encoded)
            self._worker.wake()
            if self._worker.stopped:
                self._put_ready()
        return bool(encoded)

    def _put_ready(self) -> None:
        while self._ready:
            try:
                events = self._ready.popleft()
            except IndexError:
                return  # Another thread was faster.
            self._sender.put(events)

    def flush(self, deadline: float) -> bool:
        """Deliver everything that is owed; True only when that was done by the deadline, and nothing has been lost
        since the last flush. A thread of ours, in which an object was collected, cannot wait for itself."""
        if is_behind_the_app():
            return False
        with hurried(), letting_go(self._locks()):
            self._sender.gather()
            return self._worker.finish(deadline) and self._sender.flush(deadline)

    def _begin_to_deliver(self) -> None:
        if not self.closed:
            self.flush(time.monotonic())

    def _locks(self) -> list[threading.RLock]:
        """All that the app's threads hold for moments, and the worker or the sender needs."""
        sorters = [member.sorter.lock for member in list(self._members)]
        return [log.lock, self._sender.lock, self.hierarchy.open_spans.lock, self.logs.lock, self.agents.lock, *sorters]

    def leave(self, member: Member, deadline: float) -> None:
        """A processor leaves; with the last one everything is delivered by the deadline and then nothing any more."""
        self._leaving.add(id(member))
        if any(id(other) not in self._leaving for other in self._members):
            self.flush(deadline)  # what it has no time to read now is read later: the others go on
            return
        self.closed = True
        with hurried(), letting_go(self._locks()):
            self._sender.gather()
            self._worker.finish(deadline, final=True)
            self._worker.stop()
            for each in self._members:
                each.sorter.give_up()
            self._put_ready()
            self._sender.shutdown(deadline)

    def dismiss(self, member: Member) -> None:
        """A processor goes that took nothing; with the last one the threads end."""
        self._members.remove(member)
        if not self._members:
            self.closed = True
            self._worker.stop()
            self._sender.shutdown(time.monotonic())

    def status(self) -> dict[str, Any]:
        """Counters, `held` spans that were read and wait, and the sender's own state."""
        return {**self._sender.status(), "held": self.room.held}

    # ---- the worker ----------------------------------------------------------------------------------------------

    def _turn(self, everything: bool, final: bool) -> None:
        """Read what has ended, as far as it is many or has waited for long; every second, see what may leave."""
        with giving_way():
            self._take_turn(everything, final)

    def _take_turn(self, everything: bool, final: bool) -> None:
        self._put_ready()
        for member in list(self._members):
            member.sort_out()
            for _ in range(member.sorter.batches(everything=everything)):
                if self._worker.stopped:
                    return
                behind = member.sorter.is_behind
                with hurried(behind):
                    member.sort_out()
                    # Who is behind places many at once: each time, all that was not read yet is looked through.
                    batch = member.sorter.next_batch(_MANY_READ if behind else 1)
                    self._read(batch, release=not (everything or behind))
                if not batch:
                    break
            self._let_go_if_read(member)
        if everything or time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + self._tick_seconds
            self._release(everything=everything, final=final)

    def _let_go_if_read(self, member: Member) -> None:
        """Who has left while others stay is forgotten once nothing of it waits any more."""
        if not self.closed and id(member) in self._leaving and not member.sorter.queued:
            self._members.remove(member)
            self._leaving.discard(id(member))

    def _nap(self) -> float:
        due = [member.sorter.due_in() for member in list(self._members)]
        return min([self._next_tick - time.monotonic(), *due])

    def _read(self, spans: Sequence[ReadableSpan], *, release: bool) -> None:
        if spans:
            self.room.add(spans, self.logs.of)
            if release or self.room.held >= _MANY_HELD:
                self._release()

    def _release(self, *, everything: bool = False, final: bool = False) -> None:
        """Send what need not wait any longer, and what judges have said since."""
        if self.agents:
            self._read_agents(0.0 if everything else self.settings.flush_interval_millis / 1000)
        if not (self.room.held or self.results or final):
            return
        self._sender.put_patiently(self.room.release(everything=everything, final=final))
        self._sender.put_patiently(self.room.evaluated(self.results))

    def _read_agents(self, quiet: float) -> None:
        with forks.importing:
            from otel_posthog_ai.agent_logs.spans import spans_of  # few apps have such records

        spans = [span for span in spans_of(self.agents.due(quiet)) if self.room.note_end(span)]
        self.counters.add("seen", len(spans))
        self.room.add(spans, self.logs.of)

    def _start_anew(self) -> None:
        """In a forked child: what the parent held is the parent's to send; ancestry stays."""
        self._ready = deque()
        self.room.forget_held()
        self.logs = HeldLogs()
        self.agents = HeldAgents()
        self.results = LateResults()


def _weakly(method: Callable[[], None]) -> Callable[[], None]:
    """The method without keeping its object alive: the sender's thread must not."""
    bound: Any = method
    reference: weakref.ReferenceType[Any] = weakref.ref(bound.__self__)
    function: Callable[[Any], None] = bound.__func__

    def call() -> None:
        owner = reference()
        if owner is not None:
            function(owner)

    return call


_registry = _Registry()


def shared_pipeline(settings: Settings) -> Pipeline:
    """The pipeline of this process for these settings."""
    return _registry.of(settings)
