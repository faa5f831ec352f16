"""Traces that are known to their end, as the events that they would have become live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.content.outgoing import Outgoing
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.admission import admit
from otel_posthog_ai.tree.ancestry import Hierarchy

from .assembly import Assembly

SPANS_AT_ONCE = 2_000
"""Spans to hand over at once, unless one trace has more: few enough for the memory of the hierarchy."""


class WholeTraces:
    """Reads, joins, places and encodes. Not thread-safe. It remembers the last thousands of spans for late children."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._settings = settings
        self._counters = counters
        self._hierarchy = Hierarchy()
        self._assembly = Assembly(settings, counters, self._hierarchy, patient=True)
        self._outgoing = Outgoing(settings, counters)

    def events(
        self, spans: Iterable[ReadableSpan], logs_of: Callable[[ReadableSpan], Iterable[Occurrence]]
    ) -> list[EncodedEvent]:
        """The events of all spans of some traces; `logs_of` gives the log records that belong to a span."""
        # Parents end last in a running app, and that order decides what a trace knows when.
        ended = sorted(spans, key=lambda span: span.end_time or 0)
        chosen = self._note_ends(ended)
        self._assembly.add(chosen, logs_of)
        encoded: list[EncodedEvent] = []
        for built in self._assembly.release(everything=True):
            encoded += self._outgoing.encode(built.events, built.privacy)
        return encoded

    def _note_ends(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        """Tell the hierarchy of every span; those that are for PostHog."""
        chosen: list[ReadableSpan] = []
        for span in spans:
            context = span.get_span_context()
            if context is None:
                continue
            ai, identity = admit(span, self._settings.span_filter)
            self._hierarchy.finished(context.span_id, span.parent, context.trace_id, identity, ai)
            if ai:
                chosen.append(span)
        self._counters.add("seen", len(spans))
        self._counters.add("filtered", len(spans) - len(chosen))
        return chosen
