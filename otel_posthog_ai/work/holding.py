"""Which spans wait: those whose event an open ancestor, or a call around them in another trace, could still change."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.calls.timeline import Timeline
from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.giving_way import give_way
from otel_posthog_ai.record import is_call
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.outlook import Outlooks

_OPEN_NS = 1 << 63
"""Later than any time in ns."""


class Coming(NamedTuple):
    """The ancestors of a span that have not been read yet, as far as they could change its event."""

    undecided: bool = False
    """Of one of them nothing is known: it may turn out to be anything."""
    calls: frozenset[tuple[str, str | None]] = frozenset()
    """The kinds of those that are calls, each with its scope."""
    tool: bool = False
    """One of them is the run of a tool."""

    def may_change(self, record: AISpan, *, deduplicate: bool) -> bool:
        """Whether they could change the event of `record`."""
        if self.undecided:
            return True
        if is_call(record):
            others = (scope for kind, scope in self.calls if kind == record.kind and deduplicate)
            return any(scope is None or scope != record.instrumentor or record.pair_key is not None for scope in others)
        return self.tool and record.span_type == "tool"


class Holding:
    """Tells whether a span that was read has to wait for one that was not."""

    def __init__(self, hierarchy: Hierarchy, outlooks: Outlooks, *, deduplicate: bool) -> None:
        self._hierarchy = hierarchy
        self._outlooks = outlooks
        self._deduplicate = deduplicate
        self._coming = Inherited(hierarchy.lineage, Coming(), self._add)
        self._unread_calls: dict[str, tuple[Timeline, dict[int, ReadableSpan]]] = {}
        """By scope, until somebody looks anew."""

    def look_anew(self) -> None:
        """What is open or on its way is looked through once for all that is asked from now on: what begins later cannot
        have run around it."""
        self._unread_calls.clear()

    def must_be_held(self, node: Node, record: AISpan) -> bool:
        """Whether the event of `record` could still change."""
        if self._coming.above(node).may_change(record, deduplicate=self._deduplicate):
            return True
        if not self._deduplicate or not is_call(record):
            return False
        if record.handed_out and node.parent_id and self._hierarchy.unread.get(node.parent_id) is not None:
            return True  # another span of the step may tell of its stream
        return self._runs_inside(node, record)

    def _add(self, node: Node, above: Coming) -> Coming:
        """What is coming below a span, given what is coming above it."""
        if node.fate is not Fate.UNKNOWN or above.undecided:
            return above
        span = self._hierarchy.unread.get(node.span_id)
        if span is None or span.end_time is not None:
            return above._replace(undecided=True) if self._hierarchy.ended.is_on_its_way(node.span_id) else above
        outlook = self._outlooks.of_open(node, span)
        if outlook.ai is False:
            return above
        if outlook.ai is None or outlook.kind is None:
            return above._replace(undecided=True)
        if outlook.kind == "span":
            return above._replace(tool=True) if outlook.span_type == "tool" else above
        scope = span.instrumentation_scope
        call = outlook.kind, (scope.name or None) if scope is not None else None
        return above._replace(calls=above.calls | {call})

    def _runs_inside(self, node: Node, record: AISpan) -> bool:
        """Whether a call of another scope, open or not yet read, may turn out to be this one.

        It is in another trace, or in the same: below the same step, below one that this one's is around, or anywhere
        where its stream may have been handed out.
        """
        self._hierarchy.catch_up()
        unread = self._hierarchy.unread
        own = record.scope or None  # those without a scope may be any instrumentor's
        if node.parent_id:
            others: Iterable[tuple[int, ReadableSpan]] = unread.of_trace(node.trace_id, but=own)
        else:
            others = chain.from_iterable(self._at_work(scope, record) for scope in unread.scopes() if scope != own)
        for span_id, span in others:
            if (span.start_time or 0) > record.start_ns or _reach(span) < record.end_ns:
                continue
            other = self._may_be_a_call(span_id, span, record.kind)
            if other is not None and self._may_meet(other, node, record):
                return True
        return False

    def _at_work(self, scope: str, record: AISpan) -> Iterable[tuple[int, ReadableSpan]]:
        """The calls of a scope, open or not yet read, that were at work when `record` ended."""
        at_work = self._unread_calls.get(scope)
        if at_work is None:
            spans = dict(self._hierarchy.unread.of_scope(scope))
            times = Timeline()
            for span_id, span in spans.items():
                give_way()
                if self._may_be_a_call(span_id, span) is not None:
                    times.add(span_id, span.start_time or 0, _reach(span))
            at_work = self._unread_calls[scope] = times, spans
        times, spans = at_work
        return ((span_id, spans[span_id]) for span_id in times.touching(record.end_ns, record.end_ns))

    def _may_be_a_call(self, span_id: int, span: ReadableSpan, kind: str | None = None) -> Node | None:
        """The node of a span that was not read yet, if it may turn out to be a call (of this kind)."""
        node = self._hierarchy.node(span_id)
        if node is None or node.fate is not Fate.UNKNOWN:
            return None
        outlook = self._outlooks.of_open(node, span)
        return node if outlook.ai and (kind is None or outlook.kind in (None, kind)) else None

    def _may_meet(self, other: Node, node: Node, record: AISpan) -> bool:
        """Whether a call in this place may be the one that a span of no such ancestor reports."""
        if other.trace_id != node.trace_id:
            return not node.parent_id
        if record.stream:
            return True
        return bool(node.parent_id) and self._hierarchy.lineage.is_below(other, node.parent_id)


def _reach(span: ReadableSpan) -> int:
    """Until when a span lasts; of one that handed out a stream when it ended nobody knows."""
    end = span.end_time
    return _OPEN_NS if end is None or any(event.timestamp > end for event in span.events) else end
