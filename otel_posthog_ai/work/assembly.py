"""From ended spans to those that leave: read, wait for what could still change, join; `building` makes them events.

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
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.dialects import AISpan, Occurrence, read_identity
from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.log import warn
from otel_posthog_ai.reading.source import scope_name
from otel_posthog_ai.record import is_call, is_counted
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.outlook import Outlooks
from otel_posthog_ai.tree.ownership import note_below
from otel_posthog_ai.tree.placement import Placing

from .building import Building, Built
from .hints import hint_cut
from .holding import Holding
from .late_results import LateResults
from .leaving import Held, ancestors_first

_NO_SCOPE: frozenset[str] = frozenset()
_FEW = 64
"""Held spans that are looked through whenever any are read. Of more than that"""
_PART = 4
"""a quarter has to be new, so that each of thousands is not looked at for each,"""
_LONGEST_UNSEEN = 0.5
"""unless the last time was so many seconds ago."""


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
        self._building = Building(settings, counters, hierarchy, self._placing, self._remembered)

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
        scope = scope_name(span)
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
        if record.trace_metadata:
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
            return self._building.events_of(self._ready(everything), final=final)

    def _is_worth_a_look(self, now: float) -> bool:
        """Whether few are held, much of it is new, or the last time was long ago."""
        held = len(self._held)
        return held <= _FEW or self._new * _PART >= held or now - self._looked >= _LONGEST_UNSEEN

    def _ready(self, everything: bool) -> list[Held]:
        """Those that leave now, in the order in which they are placed."""
        self._join()
        for gone in self._totals.counted_otherwise(each.node for each in self._held.values()):
            del self._held[gone.span_id]
        self._holding.look_anew()
        now = time.monotonic()
        ready = [held for held in self._held.values() if everything or self._may_leave(held, now)]
        for held in ready:
            del self._held[held.node.span_id]
            held.node.leave()
        return ancestors_first(ready, self._hierarchy)

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
                joining.join_steps()
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
        return self._building.events_of_results(results)


def _note_call(node: Node, record: AISpan, hierarchy: Hierarchy) -> None:
    counts = is_counted(record)
    stated = _NO_SCOPE if record.unstated else frozenset({record.instrumentor})
    for above in hierarchy.lineage.untold(node, lambda _: ("a call", counts, stated)):
        above.count_below = above.count_below or counts
        if not stated <= above.stated_below:
            above.stated_below |= stated


def _is_private(node: Node) -> bool:
    return node.private or (node.belonging is not None and node.belonging.privacy_mode)
