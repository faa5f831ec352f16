"""From the spans that leave to their events: each is placed, then each is built, and what is bad is lost alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from otel_posthog_ai.calls.sent_calls import RememberedCalls
from otel_posthog_ai.content.outgoing import Privacy
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.events.event import Event, build_events, named_trace, result_events
from otel_posthog_ai.events.naming import private_name
from otel_posthog_ai.events.usage import split_is_impossible
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.log import warn
from otel_posthog_ai.reading.content_events import add_evaluation
from otel_posthog_ai.record import is_call
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node
from otel_posthog_ai.tree.place import Placement
from otel_posthog_ai.tree.placement import Placing

from .hints import hint_missing
from .late_results import LateResults
from .leaving import Held

_PUBLIC = Privacy()


class Built:
    """The events of one span, and what privacy mode needs to know of it."""

    __slots__ = ("events", "privacy")

    def __init__(self, events: list[Event], privacy: Privacy) -> None:
        self.events = events
        self.privacy = privacy


class Building:
    """Places and builds, and remembers the calls that have left."""

    def __init__(
        self,
        settings: Settings,
        counters: Counters,
        hierarchy: Hierarchy,
        placing: Placing,
        remembered: RememberedCalls,
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._hierarchy = hierarchy
        self._placing = placing
        self._remembered = remembered

    def events_of(self, ready: Iterable[Held], *, final: bool) -> list[Built]:
        """The events of the spans that leave now, ancestors first; `final`: no open span will ever end."""
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
            if held.node.identity is not None and held.node.identity.names_nobody():
                held.node.identity = None
        return built

    def _lose(self, error: Exception) -> None:
        """A bad record loses that record."""
        self._counters.add("dropped", reason="unreadable")
        warn("assembly:unbuildable", "a span could not be turned into an event (%s)", type(error).__name__)

    def _build(self, held: Held, place: Placement) -> Iterator[Built]:
        node, record = held.node, held.record
        if place.is_trace:
            self._placing.complete_states(record, self._placing.trace(node))
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
        if name is not None and is_call(record) and place.parent_id is None:
            trace = self._placing.trace(node)
            if not trace.may_be_named():
                return
            trace.named = True
            yield Built([named_trace(record, place, name)], privacy._replace(name=name))

    def _count_dropped(self, record: AISpan, attributes: int) -> None:
        if attributes:
            self._counters.add("attributes_dropped", attributes)
        if is_call(record) and split_is_impossible(record.usage):
            self._counters.add("cache_splits_dropped")
            warn("assembly:cache", "more tokens from the cache than in all (%s): the split is left out", record.scope)

    def events_of_results(self, results: LateResults) -> Iterator[Built]:
        """The events of results that arrived after their call had left."""
        for (node, record), result in results.due(self._call_of):
            first = len(record.evaluations)
            if not add_evaluation(record, result):
                continue
            owner = self._placing.owners.find(node, record, {})
            yield Built(
                result_events(record, Placement(distinct_id=owner.distinct_id), first),
                Privacy(node.private or node.tainted),
            )

    def _call_of(self, span_id: int, response_id: str | None) -> tuple[Node, AISpan] | None:
        node = self._hierarchy.node(span_id)
        return self._remembered.call_of(
            self._hierarchy.survivor(node).span_id if node is not None else span_id, response_id
        )
