"""Log records with content that wait for the end of their span, bounded in count, bytes and time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.log import warn
from otel_posthog_ai.reading.content_events import CHOICE
from otel_posthog_ai.reading.source import scope_name
from otel_posthog_ai.reading.values import is_list, is_mapping

MOST_SPANS = 2_048
MOST_RECORDS_OF_A_SPAN = 1_024
MOST_STRAYS = 256
MOST_BYTES = 64 * 1024 * 1024
"""Of all records that wait, as far as their texts and bytes weigh."""
LONGEST_WAIT = 600.0
"""Seconds."""
_AFTER_END_NS = 2_000_000_000
_DEEPEST = 12
_OBJECT_BYTES = 50
_NUMBER_BYTES = 16


class _Records:
    """The records of one span, or one that names no span."""

    __slots__ = ("all", "scope", "since", "weight")

    def __init__(self, since: float, scope: str) -> None:
        self.since = since
        self.scope = scope
        self.all: list[Occurrence] = []
        self.weight = 0

    def add(self, record: Occurrence, weight: int) -> None:
        self.all.append(record)
        self.weight += weight


class HeldLogs:
    """Log records by the span that they name; those that name none wait for a span that lacks them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._of_span: OrderedDict[tuple[int, int], _Records] = OrderedDict()
        self._strays: list[_Records] = []
        self._weight = 0

    def add(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a record; the oldest go first when there are too many."""
        now, size = time.monotonic(), weight(occurrence.attributes) + weight(occurrence.body)
        with self.lock:
            if size > MOST_BYTES:
                _tell_dropped()
                return
            if span_id:
                records = self._of_span.setdefault((trace_id, span_id), _Records(now, scope))
                if len(records.all) >= MOST_RECORDS_OF_A_SPAN:
                    _tell_dropped()
                    return
            else:
                records = _Records(now, scope)
                self._strays.append(records)
            records.add(occurrence, size)
            self._weight += size
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        while len(self._strays) > MOST_STRAYS or (self._strays and now - self._strays[0].since > LONGEST_WAIT):
            self._weight -= self._strays.pop(0).weight
        while self._of_span:
            oldest = next(iter(self._of_span.values()))
            expired = now - oldest.since > LONGEST_WAIT
            if not expired and len(self._of_span) <= MOST_SPANS and self._weight <= MOST_BYTES:
                return
            self._of_span.popitem(last=False)
            self._weight -= oldest.weight
            if not expired:
                _tell_dropped()

    def of(self, span: ReadableSpan) -> Iterable[Occurrence]:
        """The records of an ended span, handed out once."""
        if not self._of_span and not self._strays:
            return ()
        context = span.get_span_context()
        if context is None:
            return ()
        with self.lock:
            records = self._of_span.pop((context.trace_id, context.span_id), None)
            own = records.all if records is not None else []
            self._weight -= records.weight if records is not None else 0
            if self._strays and not any(record.name == CHOICE for record in own):
                own = own + self._stray(span)
        return own

    def _stray(self, span: ReadableSpan) -> list[Occurrence]:
        """The record without ids that was written by the span's scope nearest to its end, rather before than after."""
        if span.status.status_code is StatusCode.ERROR:
            return []
        scope = scope_name(span)
        start, end = span.start_time or 0, span.end_time or 0
        near = [
            (stray.all[0].time_ns > end, abs(stray.all[0].time_ns - end), index)
            for index, stray in enumerate(self._strays)
            if stray.scope == scope and start <= stray.all[0].time_ns <= end + _AFTER_END_NS
        ]
        if not near:
            return []
        found = self._strays.pop(min(near)[2])
        self._weight -= found.weight
        return found.all


def _tell_dropped() -> None:
    warn("joined_logs:full", "log records with message content are dropped: too many wait for the end of their spans")


def weight(value: Any, depth: int = 0) -> int:
    """Roughly how many bytes a structured value holds in memory."""
    if isinstance(value, (str, bytes, bytearray)):
        return _OBJECT_BYTES + len(value)
    if depth < _DEEPEST:
        if is_mapping(value):
            return _OBJECT_BYTES + sum(weight(key, depth + 1) + weight(item, depth + 1) for key, item in value.items())
        if is_list(value):
            return _OBJECT_BYTES + sum(weight(item, depth + 1) for item in value)
    return _NUMBER_BYTES
