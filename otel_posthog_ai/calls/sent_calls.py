"""Calls whose events have left: so that the other half of a pair, when it comes late, does not count again."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable

from otel_posthog_ai.reading.messages import last_user_text
from otel_posthog_ai.record import MISSING, AISpan
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .evidence import contains, counts_again, nested_calls, ran_inside, read_the_stream, same_response, side_by_side

MOST_CALLS = 1_000


class Found:
    """The half that has left."""

    __slots__ = ("is_inner", "node")

    def __init__(self, node: Node, is_inner: bool) -> None:
        self.node = node
        self.is_inner = is_inner
        """It was the inner one of both."""


class RememberedCalls:
    """The last calls that left, without their content but for what evidence needs."""

    def __init__(self) -> None:
        self._calls: OrderedDict[int, tuple[Node, AISpan]] = OrderedDict()
        self._scopes: Counter[str] = Counter()

    def add(self, node: Node, record: AISpan) -> None:
        """A call has left."""
        if record.kind == "span":
            return
        self._forget(node.span_id)
        self._calls[node.span_id] = node, _slim(record)
        self._scopes[record.scope] += 1
        while len(self._calls) > MOST_CALLS:
            self._forget(next(iter(self._calls)))

    def _forget(self, span_id: int) -> None:
        gone = self._calls.pop(span_id, None)
        if gone is None:
            return
        scope = gone[1].scope
        self._scopes[scope] -= 1
        if not self._scopes[scope]:
            del self._scopes[scope]

    def call_of(self, span_id: int, response_id: str | None) -> tuple[Node, AISpan] | None:
        """The call that left under this span id, else the last one with this answer."""
        known = self._calls.get(span_id)
        if known is not None or response_id is None:
            return known
        return next((each for each in reversed(self._calls.values()) if each[1].response_id == response_id), None)

    def records(self) -> Iterable[AISpan]:
        """What is remembered of each call."""
        return [record for _, record in self._calls.values()]

    def find(self, node: Node, record: AISpan, hierarchy: Hierarchy) -> Found | None:
        """The remembered call that `record` reports too, if there is one."""
        if record.account:
            return self._counted(record)
        if self._scopes.keys() <= {record.scope}:
            return None  # one instrumentor reports a call once
        above = {each.span_id for each in hierarchy.ancestors(node)}
        for other, known in reversed(self._calls.values()):
            if known.scope == record.scope:
                continue
            below = any(each.span_id == node.span_id for each in hierarchy.ancestors(other))
            if same_response(known, record):
                return Found(other, below or (other.span_id not in above and contains(record, known)))
            if other.span_id in above and nested_calls(known, record):
                return Found(other, False)
            if below and nested_calls(record, known):
                return Found(other, True)
            if record.scope in other.reported_by or known.scope in node.reported_by:
                continue
            if read_the_stream(record, known):
                return Found(other, True)
            if read_the_stream(known, record):
                return Found(other, False)
            if other.trace_id != node.trace_id:
                if known.parent_id is None and ran_inside(record, known):
                    return Found(other, True)
                if record.parent_id is None and ran_inside(known, record):
                    return Found(other, False)
            elif side_by_side(record, known):
                return Found(other, True)
            elif side_by_side(known, record):
                return Found(other, False)
        return None

    def _counted(self, account: AISpan) -> Found | None:
        """The call that an account counts again."""
        calls = (each for each in reversed(self._calls.values()) if each[1].usage.input is not None)
        found = next((each for each in calls if counts_again(account, each[1])), None)
        return Found(found[0], False) if found is not None else None


def _slim(record: AISpan) -> AISpan:
    """The record, which nobody else needs any more, cut down to what evidence needs of a call.

    That is ids, times, model, usage, and the user's last text if it is short.
    """
    asked = last_user_text(record.input)
    record.input = [{"role": "user", "content": asked}] if asked is not None and len(asked) < 2_000 else None
    record.output = record.tools = record.instructions = record.embedding_input = None
    record.input_state = record.output_state = MISSING
    record.metadata, record.attributes, record.parameters, record.resource = {}, {}, {}, {}
    return record
