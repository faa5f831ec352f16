"""What will become of a span that is still open: as far as its attributes, its scope and its like tell."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.dialects import AISpan, is_ai_scope, is_marked, is_plain_scope
from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.reading.source import scope_name

from .nodes import Node, Outlook

MOST_LEARNED = 1_000


UNDECIDED = Outlook(None)
NOT_AI = Outlook(False)


class Outlooks:
    """Reads open spans, and remembers what spans of one scope and name turned out to be."""

    def __init__(self) -> None:
        self._learned: dict[tuple[str, str], Outlook] = {}

    def learn(self, scope: str, span_name: str, record: AISpan | None) -> None:
        """A span of this scope and name has ended, as `record` or as no AI span."""
        if len(self._learned) >= MOST_LEARNED:
            self._learned.clear()
        self._learned[(scope, span_name)] = of_record(record) if record is not None else NOT_AI

    def of_open(self, node: Node, span: ReadableSpan) -> Outlook:
        """The outlook of an open span."""
        stated = self._stated(node, span)
        if stated is not None:
            return stated
        scope = scope_name(span)
        if is_plain_scope(scope):
            return NOT_AI
        known = self._learned.get((scope, span.name))
        if known is not None:
            return known
        return Outlook(True) if is_ai_scope(scope) else UNDECIDED

    def _stated(self, node: Node, span: ReadableSpan) -> Outlook | None:
        """What the attributes say, read again only when there are more of them."""
        size = len(span.attributes or ())
        if node.glimpse is not None and node.glimpse[0] == size:
            return node.glimpse[1]
        found: Outlook | None = None
        if size and is_marked(span):
            try:
                record = read_span(span)
            except Exception:  # what an open span holds may be half written
                record = None
            if record is not None and (record.kind != "span" or record.span_type is not None):
                found = of_record(record)
        node.glimpse = (size, found)
        return found


def of_record(record: AISpan) -> Outlook:
    """The outlook of a span that was read."""
    if record.noise:
        return NOT_AI
    if record.span_type != "tool":
        return Outlook(True, record.kind, record.span_type)
    name = record.tool_name if record.tool_name is not None else record.name
    return Outlook(True, record.kind, record.span_type, (name, record.tool_call_id))


def is_same_tool(outer: Outlook, inner: Outlook) -> bool:
    """Whether a tool span and the tool span right below it are one execution."""
    if outer.tool is None or inner.tool is None:
        return False
    (name, call_id), (inner_name, inner_call_id) = outer.tool, inner.tool
    if call_id is not None and inner_call_id is not None:
        return call_id == inner_call_id
    if name is None:  # it only says which call of the model it runs
        return call_id is not None
    return name == inner_name
