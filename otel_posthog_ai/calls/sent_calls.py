"""Calls whose events have left: so that the other half of a pair, when it comes late, does not count again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from otel_posthog_ai.reading.messages import last_user_text
from otel_posthog_ai.record import MISSING, AISpan
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Lineage
from otel_posthog_ai.tree.nodes import Node

from .evidence import (
    counts_again,
    nested_calls,
    ran_around,
    ran_beside,
    ran_inside,
    read_the_stream,
    same_response,
    slack,
)
from .logged import NEAR_NS, same_logged_call
from .pairing import is_outer
from .processes import may_be_one
from .timeline import Timeline, reach
from .told_steps import ToldSteps

MOST_CALLS = 1_000
_Key = TypeVar("_Key")


class Found:
    """The half that has left."""

    __slots__ = ("is_inner", "node")

    def __init__(self, node: Node, is_inner: bool) -> None:
        self.node = node
        self.is_inner = is_inner
        """It was the inner one of both."""


class _Line(NamedTuple):
    """What the calls of one timeline have in common."""

    instrumentor: str
    logged: bool
    """They were told in log records."""


class _Call(NamedTuple):
    number: int
    """Counts up: who left later has the higher one."""
    node: Node
    record: AISpan

    @property
    def line(self) -> _Line:
        return _Line(self.record.instrumentor, self.record.logged)


class RememberedCalls:
    """The last calls that left, without their content but for what evidence needs."""

    def __init__(self) -> None:
        self.steps = ToldSteps()
        self._calls: OrderedDict[int, _Call] = OrderedDict()
        """By span id, in the order in which they left."""
        self._next = 0
        self._numbers: dict[int, int] = {}
        """Number → span id."""
        self._of_trace: defaultdict[int, set[int]] = defaultdict(set)
        """Trace id → numbers."""
        self._of_response: defaultdict[str, set[int]] = defaultdict(set)
        self._lines: defaultdict[_Line, Timeline] = defaultdict(Timeline)

    def add(self, node: Node, record: AISpan) -> None:
        """A call has left, or a step."""
        if record.kind == "span":
            self.steps.add(node, record)
            return
        self._forget(node.span_id)
        call = self._calls[node.span_id] = _Call(self._next, node, _slim(record))
        self._next += 1
        self._numbers[call.number] = node.span_id
        self._of_trace[node.trace_id].add(call.number)
        if record.response_id is not None:
            self._of_response[record.response_id].add(call.number)
        self._lines[call.line].add(call.number, record.start_ns, reach(record))
        while len(self._calls) > MOST_CALLS:
            self._forget(next(iter(self._calls)))

    def _forget(self, span_id: int) -> None:
        call = self._calls.pop(span_id, None)
        if call is None:
            return
        number, record = call.number, call.record
        del self._numbers[number]
        _drop(self._of_trace, call.node.trace_id, number)
        if record.response_id is not None:
            _drop(self._of_response, record.response_id, number)
        line = self._lines[call.line]
        line.remove(number)
        if not line:
            del self._lines[call.line]

    def call_of(self, span_id: int, response_id: str | None) -> tuple[Node, AISpan] | None:
        """The call that left under this span id, else the last one with this answer."""
        known = self._calls.get(span_id)
        if known is None and response_id is not None and response_id in self._of_response:
            known = self._calls[self._numbers[max(self._of_response[response_id])]]
        return (known.node, known.record) if known is not None else None

    def of_trace(self, trace_id: int) -> Iterator[tuple[Node, AISpan]]:
        """The calls of one trace."""
        for number in self._of_trace.get(trace_id, ()):
            _, node, record = self._calls[self._numbers[number]]
            yield node, record

    def records(self) -> Iterable[AISpan]:
        """What is remembered of each call."""
        return [call.record for call in self._calls.values()]

    def find(self, node: Node, record: AISpan, hierarchy: Hierarchy) -> Found | None:
        """The remembered call that `record` reports too, if there is one: of several, that which fits best."""
        if record.account:
            return self._counted(node, record)
        told = self._told(record)
        if told is not None:
            return told
        if all(line.instrumentor == record.instrumentor for line in self._lines):
            return None  # one instrumentor reports a call once
        lineage = hierarchy.lineage
        apart: list[tuple[tuple[Any, ...], int, Found]] = []
        for number in sorted(self._candidates(node, record), reverse=True):
            _, other, known = self._calls[self._numbers[number]]
            if known.instrumentor == record.instrumentor:
                continue
            nested = lineage.is_above(other, node) or lineage.is_above(node, other)
            if same_response(known, record) or (nested and nested_calls(known, record)):
                return Found(other, is_outer(node, record, other, known, lineage))
            if record.instrumentor in other.reported_by or known.instrumentor in node.reported_by:
                continue
            found = _found_apart(node, record, other, known, lineage)
            if found is not None:
                apart.append((slack(*((record, known) if found.is_inner else (known, record))), -number, found))
        return min(apart)[2] if apart else None

    def _told(self, record: AISpan) -> Found | None:
        """The call that its agent has told in log records or in a span already."""
        found = [
            (abs(known.end_ns - record.end_ns), number, other)
            for line, times in self._lines.items()
            if line.logged != record.logged
            for number in times.touching(record.start_ns - NEAR_NS, reach(record) + NEAR_NS)
            for _, other, known in (self._calls[self._numbers[number]],)
            if record.instrumentor not in other.reported_by  # of equal calls, each is told once
            and (same_logged_call(record, known) or same_logged_call(known, record))
        ]
        return Found(min(found)[2], False) if found else None

    def _candidates(self, node: Node, record: AISpan) -> set[int]:
        """Those for which there may be evidence: of the same trace, with the same answer, or at work meanwhile."""
        numbers = set(self._of_trace.get(node.trace_id, ()))
        if record.response_id is not None:
            numbers |= self._of_response.get(record.response_id, set())
        for line, times in self._lines.items():
            if line.instrumentor != record.instrumentor:
                for number in times.touching(record.start_ns, reach(record)):
                    if may_be_one(self._calls[self._numbers[number]].node.process, node.process):
                        numbers.add(number)
        return numbers

    def _counted(self, node: Node, account: AISpan) -> Found | None:
        """The call that an account counts again."""
        for number in sorted(self._of_trace.get(node.trace_id, ()), reverse=True):
            _, other, known = self._calls[self._numbers[number]]
            if known.usage.input is not None and counts_again(account, known):
                return Found(other, False)
        return None


def _found_apart(node: Node, record: AISpan, other: Node, known: AISpan, lineage: Lineage) -> Found | None:
    """One call that is reported from two places of one process."""
    if not may_be_one(node.process, other.process):
        return None
    for evidence in (read_the_stream, *((_ran_alone_inside, ran_around) if other.trace_id != node.trace_id else ())):
        for outer, inner in ((record, known), (known, record)):
            if evidence(outer, inner):
                # A client around an instrumentor with a context of its own is the inner one, as far as ancestors go.
                return Found(other, (outer is record) != (evidence is ran_around))
    if ran_beside(node, record, other, known, lineage):
        return Found(other, True)
    return Found(other, False) if ran_beside(other, known, node, record, lineage) else None


def _ran_alone_inside(outer: AISpan, inner: AISpan) -> bool:
    return inner.parent_id is None and ran_inside(outer, inner)


def _drop(index: dict[_Key, set[int]], key: _Key, number: int) -> None:
    """Take a number out; a key without any goes with its last."""
    numbers = index[key]
    numbers.discard(number)
    if not numbers:
        del index[key]


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
