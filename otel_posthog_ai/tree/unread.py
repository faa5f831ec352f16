"""The spans that the worker has not read yet: open, or ended and on their way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from weakref import ReferenceType, ref

from opentelemetry.sdk.trace import ReadableSpan, Span

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.reading.source import scope_name

from .open_spans import OpenSpans

MOST_ARRIVING = 20_000
_TOLERATED = 256
"""Ids of ended spans that are no reason to begin anew."""


class _Opened:
    """The ids of spans that are open, by scope, and by trace and scope; of some the end was noted meanwhile."""

    __slots__ = ("_indexed", "_open_spans", "by_scope", "by_trace")

    def __init__(self, open_spans: OpenSpans) -> None:
        self._open_spans = open_spans
        self._start_anew()

    def _start_anew(self) -> None:
        self._indexed: set[int] = set()
        self.by_trace: dict[int, dict[str, list[int]]] = {}
        self.by_scope: dict[str, list[int]] = {}

    def catch_up(self) -> None:
        """Take in what has begun since; where most have ended, begin anew. Each span is looked at a few times at most,
        however many stay open."""
        if len(self._indexed) > 2 * len(self._open_spans) + _TOLERATED:
            self._start_anew()
        for span_id, span in self._open_spans.but(self._indexed):
            self._indexed.add(span_id)
            name = scope_name(span)
            self.by_trace.setdefault(span.get_span_context().trace_id, {}).setdefault(name, []).append(span_id)
            self.by_scope.setdefault(name, []).append(span_id)


class UnreadSpans:
    """Finds them by id, by trace and by scope. `catch_up`: has ends noted that were not yet."""

    def __init__(self, open_spans: OpenSpans, catch_up: Callable[[], None]) -> None:
        self._open_spans = open_spans
        self._catch_up = catch_up
        self._arriving: dict[str, dict[int, ReferenceType[ReadableSpan]]] = {}
        """Ended AI spans on their way to the worker, by scope; the queue that they are in holds them."""
        self._arriving_of: dict[tuple[int, str], dict[int, ReferenceType[ReadableSpan]]] = {}
        """The same by trace and scope."""
        self._opened = _Opened(open_spans)
        self._resting = False
        self._caught_up = False
        """The open spans were looked through since all is at rest."""

    def rest(self, resting: bool) -> None:
        """While all is at rest, what is open is looked through only once."""
        self._resting = resting
        self._caught_up = False

    def arrives(self, span_id: int, trace_id: int, span: ReadableSpan) -> None:
        """An AI span has ended and is on its way to the worker."""
        scope = scope_name(span)
        arriving = self._arriving.setdefault(scope, {})
        arriving[span_id] = reference = ref(span)
        place = trace_id, scope
        while True:
            of_place = self._arriving_of.setdefault(place, {})
            of_place[span_id] = reference
            if self._arriving_of.get(place) is of_place:
                break  # else it was empty a moment ago, and was taken away
        forget_oldest(arriving, MOST_ARRIVING)
        forget_oldest(self._arriving_of, MOST_ARRIVING)

    def arrived(self, span_id: int, trace_id: int, scope: str) -> None:
        """The worker has the span (what becomes of it is said by its node), or it is lost on its way."""
        arriving = self._arriving.get(scope)
        if arriving is not None:
            arriving.pop(span_id, None)
        place = trace_id, scope
        of_place = self._arriving_of.get(place)
        if of_place is None:
            return
        of_place.pop(span_id, None)
        if not of_place and self._arriving_of.get(place) is of_place:
            self._arriving_of.pop(place, None)
            if of_place:  # another thread has just added to it
                self._arriving_of.setdefault(place, {}).update(of_place)

    def live(self, span_id: int) -> Span | None:
        """The span itself while it is open or somebody holds it; where nobody does, its end has been noted."""
        known = self._open_spans.known(span_id)
        if known is None:
            return None
        if known[0] is None:  # What the processor gets at the end of a span is a copy of it.
            self._catch_up()
        return known[0]

    def get(self, span_id: int) -> ReadableSpan | None:
        """The span itself until the worker has read it: while it is open, and while it is on its way after that."""
        span = self.live(span_id)
        if span is not None:
            if span.end_time is None:
                return span
            self._catch_up()
        for spans in self._arriving.copy().values():
            arriving = spans.get(span_id)
            if arriving is not None:
                return arriving()
        return None

    def scopes(self) -> set[str]:
        """The scopes of spans that are open or on their way, perhaps of some that no longer are."""
        return self._open().by_scope.keys() | self._arriving.copy().keys()

    def of_scope(self, scope: str) -> Iterator[tuple[int, ReadableSpan]]:
        """The spans of a scope that are open or on their way, by span id."""
        yield from self._still_open(self._open().by_scope.get(scope, ()))
        yield from _still_held(self._arriving.get(scope, {}))

    def of_trace(self, trace_id: int, but: str | None = None) -> Sequence[tuple[int, ReadableSpan]]:
        """Those of one trace and of other scopes than `but`; of spans that begin while all is at rest some may lack."""
        unread: list[tuple[int, ReadableSpan]] = []
        for name, opened in self._open().by_trace.get(trace_id, {}).items():
            if name != but:
                unread += self._still_open(opened)
        for name in self._arriving.copy():
            if name != but:
                unread += _still_held(self._arriving_of.get((trace_id, name), {}))
        return unread

    def _open(self) -> _Opened:
        """The open spans. While all is at rest they are looked through once: what begins meanwhile is not among them.

        It begins after everything that is placed has ended, so nothing that is placed can have run inside it.
        """
        if not (self._resting and self._caught_up):
            self._opened.catch_up()
            self._caught_up = True
        return self._opened

    def _still_open(self, opened: Iterable[int]) -> Iterator[tuple[int, ReadableSpan]]:
        for span_id in opened:
            span = self._open_spans.live(span_id)
            if span is not None:
                yield span_id, span


def _still_held(arriving: dict[int, ReferenceType[ReadableSpan]]) -> Iterator[tuple[int, ReadableSpan]]:
    """Those on their way that somebody holds, while others add to them and take away."""
    for span_id, reference in arriving.copy().items():
        span = reference()
        if span is not None:
            yield span_id, span
