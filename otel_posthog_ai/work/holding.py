"""Which spans wait: those whose event an open ancestor, or a call around them in another trace, could still change."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.record import is_call
from otel_posthog_ai.tree.ancestry import Ended, Hierarchy
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.outlook import Outlooks


class Holding:
    """Tells whether a span that was read has to wait for one that was not."""

    def __init__(self, hierarchy: Hierarchy, outlooks: Outlooks, *, deduplicate: bool) -> None:
        self._hierarchy = hierarchy
        self._outlooks = outlooks
        self._deduplicate = deduplicate

    def must_be_held(self, node: Node, record: AISpan) -> bool:
        """Whether the event of `record` could still change."""
        for above in self._hierarchy.ancestors(node):
            if above.fate is Fate.UNKNOWN and self._may_change(above, record):
                return True
        if not self._deduplicate or not is_call(record):
            return False
        if record.handed_out and node.parent_id and self._hierarchy.unread(node.parent_id) is not None:
            return True  # another span of the step may tell of its stream
        return (record.parent_id is None or bool(record.stream)) and self._runs_inside(node, record)

    def _may_change(self, above: Node, record: AISpan) -> bool:
        """Whether an ancestor that has not been read yet could change the event of `record`."""
        span = self._hierarchy.unread(above.span_id)
        if span is None or span.end_time is not None:
            ended = self._hierarchy.ended.get(above.span_id)
            return isinstance(ended, Ended) and ended.ai  # it is on its way to this thread
        outlook = self._outlooks.of_open(above, span)
        if outlook.ai is None:
            return True
        if not outlook.ai:
            return False
        if outlook.kind is None:
            return True
        if outlook.kind == record.kind and is_call(record) and self._deduplicate:
            scope = span.instrumentation_scope
            return scope is None or scope.name != record.scope or record.pair_key is not None
        return outlook.span_type == "tool" and record.span_type == "tool"

    def _runs_inside(self, node: Node, record: AISpan) -> bool:
        """Whether a call of another scope, open or not yet read, may turn out to be this one.

        It is in another trace, or in the same where its stream may have been handed out.
        """
        self._hierarchy.catch_up()
        for span_id, span in self._hierarchy.unread_spans(but=record.scope):
            if (span.start_time or 0) > record.start_ns or not _may_reach(span, record.end_ns):
                continue
            other = self._hierarchy.node(span_id)
            if other is None or other.fate is not Fate.UNKNOWN or not _may_meet(other, node, record):
                continue
            outlook = self._outlooks.of_open(other, span)
            if outlook.ai and outlook.kind in (None, record.kind):
                return True
        return False


def _may_reach(span: ReadableSpan, time_ns: int) -> bool:
    """Whether a span lasts until then, or was ended when the stream was handed out that does."""
    end = span.end_time
    return end is None or end >= time_ns or any(event.timestamp > end for event in span.events)


def _may_meet(other: Node, node: Node, record: AISpan) -> bool:
    """Whether a call in this place may be the one that a span of no such ancestor reports."""
    same_trace = other.trace_id == node.trace_id
    return (record.parent_id is None and not same_trace) or (bool(record.stream) and same_trace)
