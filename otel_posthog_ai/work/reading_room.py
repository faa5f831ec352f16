"""Ended spans in, encoded events out: the one way that every door and every command goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from otel_posthog_ai.content.outgoing import Outgoing, Privacy
from otel_posthog_ai.context import entries
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent
from otel_posthog_ai.dialects import read_identity
from otel_posthog_ai.events.event import Event
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.log import warn_once
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.admission import admit, passes
from otel_posthog_ai.tree.ancestry import Hierarchy

from .assembly import Assembly
from .building import Built
from .late_results import LateResults

LogsOf = Callable[[ReadableSpan], Iterable[Occurrence]]
"""The log records that belong to a span."""

_UNKNOWN_CONTEXT = (
    "spans arrive whose start was not seen, and a posthog_context of this process is private: their content is left out"
    " (use PostHogSpanProcessor, or exporter.attach(provider) before spans start)"
)


class ReadingRoom:
    """Notes ends, reads, holds, places and encodes; one thread at a time, except for `note_end`.

    `patient`: it sees spans start, so that waiting for ancestors is worth it. `one_process`: all spans are of this
    process, whatever their resources say.
    """

    def __init__(self, settings: Settings, counters: Counters, *, patient: bool, one_process: bool = True) -> None:
        self.hierarchy = Hierarchy()
        self._filter = settings.span_filter
        self._counters = counters
        self._patient = patient
        self._assembly = Assembly(settings, counters, self.hierarchy, patient=patient, one_process=one_process)
        self._outgoing = Outgoing(settings, counters)

    @property
    def held(self) -> int:
        """How many spans were read and wait."""
        return self._assembly.held

    def note_end(self, span: ReadableSpan, *, lost: bool = False) -> bool:
        """Tell the hierarchy that a span has ended; whether it is for PostHog. `lost`: it will not be read even so."""
        context = span.get_span_context()
        if context is None:
            return not self._patient  # reading it says that it is lost
        if not self._patient:
            return self._let_through(span, context)
        wanted, identity = admit(span, self._filter, sampled=context.trace_flags.sampled)
        if not wanted:
            self.hierarchy.refusals.answered(span)
        elif not lost:
            self.hierarchy.unread.arrives(context.span_id, context.trace_id, span)
        self.hierarchy.finished(context.span_id, span.parent, context.trace_id, identity, wanted and not lost)
        if wanted and lost:
            self.hierarchy.lost(span)
        return wanted

    def wants(self, span: ReadableSpan) -> bool:
        """Whether a span is for PostHog; nothing is noted."""
        context = span.get_span_context()
        return context is not None and admit(span, self._filter, sampled=context.trace_flags.sampled)[0]

    def _let_through(self, span: ReadableSpan, context: SpanContext) -> bool:
        """Without starts every span is read: one that a child has named as its parent leaves, whatever it says."""
        self.hierarchy.refusals.answered(span)
        if not passes(self._filter, span):
            identity = read_identity(span.attributes or {})
            self.hierarchy.finished(context.span_id, span.parent, context.trace_id, identity, False)
            return False
        if entries.any_was_private() and not self.hierarchy.saw_start(context.span_id):
            node = self.hierarchy.learn(context.span_id, context.trace_id, span.parent)
            node.tainted = True
            self._counters.add("contexts_unknown")
            warn_once("reading_room:unknown_context", _UNKNOWN_CONTEXT)
        return True

    def add(self, spans: Iterable[ReadableSpan], logs_of: LogsOf) -> None:
        """Read spans that have ended and are for PostHog; they are held from now on."""
        self._assembly.add(spans, logs_of)

    def release(self, *, everything: bool = False, final: bool = False) -> list[EncodedEvent]:
        """The events of all spans that need not wait any longer; `final`: no open span will ever end."""
        return self._encoded(self._assembly.release(everything=everything, final=final))

    def evaluated(self, results: LateResults) -> list[EncodedEvent]:
        """The events of results that arrived after their call had left."""
        return self._encoded(self._assembly.evaluated(results))

    def encode(self, events: Iterable[Event], privacy: Privacy) -> list[EncodedEvent]:
        """Events that no span stands behind, as they may leave."""
        return self._outgoing.encode(events, privacy)

    def forget_held(self) -> None:
        """In a forked child what is held is the parent's to send; ancestry stays."""
        self.hierarchy.start_anew()
        self._assembly.forget_held()

    def _encoded(self, built: Iterable[Built]) -> list[EncodedEvent]:
        encoded: list[EncodedEvent] = []
        for each in built:
            give_way()
            encoded += self._outgoing.encode(each.events, each.privacy)
        return encoded
