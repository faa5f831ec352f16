"""From ended spans to placed events: read, wait for what could still change, join, place, build.

One thread at a time is in here (the caller holds the lock). What waits, waits because an ancestor that is still open
could change it; the wait ends with that ancestor, after the flush interval, or when everything has to leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.calls.joining import Joining
from otel_posthog_ai.calls.processes import process_of
from otel_posthog_ai.calls.run_totals import RunTotals
from otel_posthog_ai.calls.sent_calls import RememberedCalls
from otel_posthog_ai.content.outgoing import Privacy
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.dialects import AISpan, Occurrence, read_identity
from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.events.event import Event, build_events, named_trace, result_events
from otel_posthog_ai.events.naming import private_name
from otel_posthog_ai.events.usage import split_is_impossible
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.log import warn
from otel_posthog_ai.reading.content_events import add_evaluation
from otel_posthog_ai.record import is_call
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.outlook import Outlooks
from otel_posthog_ai.tree.ownership import note_below
from otel_posthog_ai.tree.place import Placement
from otel_posthog_ai.tree.placement import Placing

from .hints import hint_cut, hint_missing
from .holding import Holding
from .late_results import LateResults
from .leaving import Held, ancestors_first

_PUBLIC = Privacy()


_FEW = 64
"""Held spans that are looked through whenever any are read. Of more than that"""
_PART = 4
"""a quarter has to be new, so that each of thousands is not looked at for each,"""
_LONGEST_UNSEEN = 0.5
"""unless the last time was so many seconds ago."""


class Built:
    """The events of one span, and what privacy mode needs to know of it."""

    __slots__ = ("events", "privacy")

    def __init__(self, events: list[Event], privacy: Privacy) -> None:
        self.events = events
        self.privacy = privacy


class Assembly:
    """Turns ended AI spans into events.

    `patient`: it sees spans start, so that waiting is worth it. `one_process`: all spans are of this process, whatever
    their resources say.
    """

    def __init__(
        self, settings: Settings, counters: Counters, hierarchy: Hierarchy, *, patient: bool, one_process: bool = True
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._hierarchy = hierarchy
        self._patient = patient
        self._one_process = one_process
        self._longest_wait = settings.flush_interval_millis / 1000
        self._held: dict[int, Held] = {}
        self._new = 0
        """Spans that were read since those that are held were looked through last,"""
        self._looked = 0.0
        """which was then."""
        self._outlooks = Outlooks()
        self._remembered = RememberedCalls()
        self._holding = Holding(hierarchy, self._outlooks, deduplicate=settings.deduplicate)
        self._totals = RunTotals(hierarchy, self._remembered)
        self._private_above = Inherited(hierarchy.lineage, False, lambda node, above: above or _is_private(node))
        self._placing = Placing(settings, hierarchy, self._outlooks, patient=patient)

    @property
    def held(self) -> int:
        """How many spans wait."""
        return len(self._held)

    def forget_held(self) -> None:
        """In a forked child: what waits is the parent's to send."""
        for held in self._held.values():
            held.node.leave()
            held.node.record = None
        self._held = {}

    # ---- reading -------------------------------------------------------------------------------------------------

    def add(self, spans: Iterable[ReadableSpan], logs_of: Callable[[ReadableSpan], Iterable[Occurrence]]) -> None:
        """Read ended spans; those that are AI wait from now on."""
        now = time.monotonic()
        with self._hierarchy.at_rest():
            for span in spans:
                give_way()
                try:
                    self._read(span, logs_of(span), now)
                except Exception as error:  # a bad span loses that span
                    self._counters.add("dropped", reason="unreadable")
                    warn("assembly:unreadable", "a span could not be read and is lost (%s)", type(error).__name__)
        self._hierarchy.trim()

    def _read(self, span: ReadableSpan, logs: Iterable[Occurrence], now: float) -> None:
        context = span.get_span_context()
        if context is None:
            self._counters.add("dropped", reason="unreadable")
            return
        node = self._hierarchy.learn(context.span_id, context.trace_id, span.parent)
        # A span that the user's filter let through, or that a child names as its parent, is exported whatever it says.
        record = read_span(span, logs, forced=self._settings.span_filter is not None or node.promised)
        scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
        self._hierarchy.unread.arrived(node.span_id, context.trace_id, scope)
        self._outlooks.learn(scope, span.name, record)
        if record is None or (record.noise and not node.promised):
            node.identity = record.identity if record is not None else read_identity(span.attributes or {})
            if record is not None and record.tags:
                self._placing.trace(node).tags = record.tags
            self._drop(node, "no dialect recognises it" if record is None else "plumbing that no person wants to read")
            return
        if node.is_taken:
            self._counters.add("dropped", reason="repeated")
            return
        if span.dropped_attributes:
            hint_cut(scope, span.dropped_attributes)
        node.hold(record)
        self._new += 1
        node.identity = record.identity
        if not self._one_process:
            node.process = process_of(span.resource.attributes)
        self._mark_private(node, record)
        if is_call(record):
            _note_call(node, record, self._hierarchy)
        note_below(node, record, self._hierarchy)
        self._placing.trace(node).metadata.update(record.trace_metadata)
        self._held[node.span_id] = Held(node, record, span.resource.attributes, now)
        made = self._totals.note(node, record)
        if made is not None and made.record is not None:
            self._mark_private(made, made.record)
            self._held[made.span_id] = Held(made, made.record, span.resource.attributes, now)

    def _mark_private(self, node: Node, record: AISpan) -> None:
        """What runs below a private span is private; what it ran in leaves without content, too."""
        was_private, below_private = _is_private(node), self._private_above.above(node)
        node.private = record.private or was_private or below_private
        if not node.private:
            return
        if not (was_private or below_private):
            self._private_above.forget()
        for above in self._hierarchy.lineage.untold(node, lambda _: "private"):
            above.tainted = True

    def _drop(self, node: Node, because: str) -> None:
        node.drop(because)
        self._counters.add("filtered")

    # ---- releasing -----------------------------------------------------------------------------------------------

    def release(self, *, everything: bool = False, final: bool = False) -> list[Built]:
        """The events of all spans that need not wait any longer; `final`: no open span will ever end."""
        if final:
            self._hold_unfinished()
        now = time.monotonic()
        if not self._held or not (everything or final or self._is_worth_a_look(now)):
            return []
        self._new, self._looked = 0, now
        with self._hierarchy.at_rest():
            return self._placed_and_built(everything, final)

    def _is_worth_a_look(self, now: float) -> bool:
        """Whether few are held, much of it is new, or the last time was long ago."""
        held = len(self._held)
        return held <= _FEW or self._new * _PART >= held or now - self._looked >= _LONGEST_UNSEEN

    def _placed_and_built(self, everything: bool, final: bool) -> list[Built]:
        self._join()
        for gone in self._totals.counted_otherwise(each.node for each in self._held.values()):
            del self._held[gone.span_id]
        now = time.monotonic()
        ready = [held for held in self._held.values() if everything or self._may_leave(held, now)]
        for held in ready:
            del self._held[held.node.span_id]
            held.node.leave()
        return self._built(ancestors_first(ready, self._hierarchy), final)

    def _may_leave(self, held: Held, now: float) -> bool:
        if not self._patient or now - held.since >= self._longest_wait:
            return True
        return not self._holding.must_be_held(held.node, held.record)

    def _join(self) -> None:
        held = {span_id: each.node for span_id, each in self._held.items()}
        joining = Joining(held, self._hierarchy, self._remembered, self._counters)
        try:
            joining.gather_calls()
            joining.join_logged()
            if self._settings.deduplicate:
                joining.join_calls()
            joining.drop_repetitions(graph_only=self._settings.chain_spans == "graph")
        except Exception as error:  # better twice than never
            self._counters.add("join_failed")
            warn("assembly:join", "spans of one call could not be joined (%s)", type(error).__name__)
        for span_id in self._held.keys() - held.keys():
            del self._held[span_id]

    def _hold_unfinished(self) -> None:
        """Open spans that a child has named as its parent leave as far as they got: no id may dangle."""
        for node in list(self._hierarchy.nodes.values()):
            span = (
                self._hierarchy.open_spans.live(node.span_id) if node.promised and node.fate is Fate.UNKNOWN else None
            )
            if span is None:
                continue
            try:
                record = read_span(span, forced=True)
            except Exception as error:
                warn("assembly:unfinished", "a span that never ended could not be read (%s)", type(error).__name__)
                continue
            if record is not None:
                record.end_ns = max(record.start_ns, time.time_ns())
                node.hold(record)
                self._held[node.span_id] = Held(node, record, span.resource.attributes, 0.0)

    def evaluated(self, results: LateResults) -> Iterator[Built]:
        """The events of results that arrived after their call had left."""
        for (node, record), result in results.due(self._call_of):
            first = len(record.evaluations)
            if not add_evaluation(record, result):
                continue
            owner = self._placing.owners.find(node, record, {})
            yield Built(
                result_events(record, Placement(distinct_id=owner.distinct_id), first),
                Privacy(node.private or node.tainted, name=private_name(record)),
            )

    def _call_of(self, span_id: int, response_id: str | None) -> tuple[Node, AISpan] | None:
        node = self._hierarchy.node(span_id) if span_id else None
        return self._remembered.call_of(
            self._hierarchy.survivor(node).span_id if node is not None else span_id, response_id
        )

    # ---- building ------------------------------------------------------------------------------------------------

    def _built(self, ready: list[Held], final: bool) -> list[Built]:
        placed: list[tuple[Held, Placement]] = []
        for held in ready:
            give_way()
            try:
                place = self._placing.place(held.node, held.record, held.resource, final=final)
            except Exception as error:
                self._lose(error)
            else:
                placed.append((held, place))
        built: list[Built] = []
        for held, place in placed:
            give_way()
            try:
                built.extend(self._build(held, place))
            except Exception as error:
                self._lose(error)
            held.node.record = None
        return built

    def _lose(self, error: Exception) -> None:
        """A bad record loses that record."""
        self._counters.add("dropped", reason="unreadable")
        warn("assembly:unbuildable", "a span could not be turned into an event (%s)", type(error).__name__)

    def _build(self, held: Held, place: Placement) -> Iterator[Built]:
        node, record = held.node, held.record
        trace = self._placing.trace(node)
        if place.is_trace:
            self._placing.complete_states(record, trace)
        if record.error is not None and record.error.status is None:
            record.error.status = self._hierarchy.refusals.of(node.span_id)
        private = node.private or node.tainted
        if private or self._settings.privacy_mode:
            privacy = Privacy(private, frozenset(place.context_properties), private_name(record))
        else:
            privacy = _PUBLIC
            hint_missing(record)
        events, dropped = build_events(record, place, costs=self._settings.costs == "span")
        self._count_dropped(record, dropped)
        self._counters.add("exported")
        self._remembered.add(node, record)
        yield Built(events, privacy)
        name = place.trace_name
        if name is not None and is_call(record) and place.parent_id is None and trace.may_be_named():
            trace.named = True
            yield Built([named_trace(record, place, name)], privacy._replace(name=name))

    def _count_dropped(self, record: AISpan, attributes: int) -> None:
        if attributes:
            self._counters.add("attributes_dropped", attributes)
        if is_call(record) and split_is_impossible(record.usage):
            self._counters.add("cache_splits_dropped")
            warn("assembly:cache", "more tokens from the cache than in all (%s): the split is left out", record.scope)


def _note_call(node: Node, record: AISpan, hierarchy: Hierarchy) -> None:
    if record.usage.input is not None or record.usage.output is not None:
        for above in hierarchy.lineage.untold(node, lambda _: "a count"):
            above.count_below = True
    if not record.unstated:
        for above in hierarchy.lineage.untold(node, lambda _: ("a stated call", record.scope)):
            above.stated_below |= {record.scope}


def _is_private(node: Node) -> bool:
    return node.private or (node.belonging is not None and node.belonging.privacy_mode)
