"""Log records with content that wait for the end of their span, bounded in count, bytes and time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

from opentelemetry.sdk.trace import ReadableSpan

from .dialects import Occurrence

MOST_SPANS = 2_048
MOST_RECORDS_OF_A_SPAN = 256
MOST_STRAYS = 256
LONGEST_WAIT = 600.0
"""Seconds."""
_AFTER_END_NS = 2_000_000_000
CHOICE = "gen_ai.choice"


class JoinedLogs:
    """Log records by the span that they name; those that name none wait for a span that lacks them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_span: OrderedDict[tuple[int, int], list[Occurrence]] = OrderedDict()
        self._since: dict[tuple[int, int], float] = {}
        self._strays: list[tuple[str, Occurrence]] = []

    def add(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a record; the oldest go first when there are too many."""
        with self._lock:
            if not span_id:
                self._strays.append((scope, occurrence))
                del self._strays[:-MOST_STRAYS]
                return
            key = (trace_id, span_id)
            records = self._of_span.setdefault(key, [])
            if len(records) < MOST_RECORDS_OF_A_SPAN:
                records.append(occurrence)
            self._since.setdefault(key, time.monotonic())
            while self._of_span and (
                len(self._of_span) > MOST_SPANS or time.monotonic() - self._since[next(iter(self._of_span))] > LONGEST_WAIT
            ):
                oldest, _ = self._of_span.popitem(last=False)
                self._since.pop(oldest, None)

    def of(self, span: ReadableSpan) -> Iterable[Occurrence]:
        """The records of an ended span, handed out once."""
        if not self._of_span and not self._strays:
            return ()
        context = span.get_span_context()
        if context is None:
            return ()
        key = (context.trace_id, context.span_id)
        with self._lock:
            self._since.pop(key, None)
            own = self._of_span.pop(key, [])
            if self._strays and not any(record.name == CHOICE for record in own):
                own = own + self._stray(span)
        return own

    def _stray(self, span: ReadableSpan) -> list[Occurrence]:
        """The record without ids that was written by the span's scope nearest to its end."""
        scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
        start, end = span.start_time or 0, span.end_time or 0
        near = [
            (abs(record.time_ns - end), index)
            for index, (of_scope, record) in enumerate(self._strays)
            if of_scope == scope and start <= record.time_ns <= end + _AFTER_END_NS
        ]
        if not near:
            return []
        return [self._strays.pop(min(near)[1])[1]]
