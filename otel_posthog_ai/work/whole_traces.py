"""Traces that are known to their end, as the events that they would have become live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.settings import Settings

from .reading_room import LogsOf, ReadingRoom

SPANS_AT_ONCE = 2_000
"""Spans to hand over at once, unless one trace has more: few enough for the memory of the hierarchy."""


class WholeTraces:
    """Reads, joins, places and encodes. Not thread-safe. It remembers the last thousands of spans for late children."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._counters = counters
        self.unread: Counter[str] = Counter()
        """Spans that were not for PostHog, by scope."""
        self._room = ReadingRoom(settings, counters, patient=True, one_process=False)

    def events(self, spans: Iterable[ReadableSpan], logs_of: LogsOf) -> list[EncodedEvent]:
        """The events of all spans of some traces; `logs_of` gives the log records that belong to a span."""
        # Parents end last in a running app, and that order decides what a trace knows when.
        ended = sorted(spans, key=lambda span: span.end_time or 0)
        chosen: list[ReadableSpan] = []
        for span in ended:
            give_way()
            if self._room.note_end(span):
                chosen.append(span)
            else:
                scope = span.instrumentation_scope
                self.unread[scope.name if scope is not None else ""] += 1
        self._counters.add("seen", len(ended))
        self._counters.add("filtered", len(ended) - len(chosen))
        self._room.add(chosen, logs_of)
        return self._room.release(everything=True)
