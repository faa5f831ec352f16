"""Calls around calls, that say no more than what those say: their spans are steps.

Frameworks draw a request around its attempts, and apps put a call's name on a function that calls twice. Whatever says
that a span is a call, what those below it count or answered is not counted again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from otel_posthog_ai.record import AISpan, is_call
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited
from otel_posthog_ai.tree.nodes import Node

from .comparing import ids_differ, same_model, was_answered
from .sent_calls import RememberedCalls

# Why a call is only a step, in words for a person.
_ANSWER = "a call of its own scope right inside it has the same answer"
_COUNTS = "it counts what the calls right inside it count together"
_SEVERAL = "a call without an answer of its own, around several that were answered"
_NOTHING = "a call with nothing to show, around calls of its own scope"


class Wrapper(NamedTuple):
    """A call that is a step around others, and why."""

    node: Node
    because: str


def find_wrappers(held: Mapping[int, Node], remembered: RememberedCalls, hierarchy: Hierarchy) -> list[Wrapper]:
    """Those among the calls that wait, innermost first: what is inside a step is right inside the call around it."""
    around = [node for node in held.values() if node.calls_below and _may_wrap(node.record)]
    if not around:
        return []
    nearest = Inherited[Node | None](hierarchy.lineage, None, lambda node, above: node if node.is_exported else above)
    below = _right_below(around, held, remembered, nearest)
    found: list[Wrapper] = []
    for node in sorted(around, key=lambda node: -hierarchy.lineage.way(node).length):
        because = _reason(node.record, below[node.span_id].values()) if node.record is not None else None
        if because is not None:
            found.append(Wrapper(node, because))
            above = nearest.above(node)
            if above is not None:
                del below[above.span_id][node.span_id]
                below[above.span_id].update(below[node.span_id])
    return found


def _may_wrap(record: AISpan | None) -> bool:
    """What a dialect declares to be half of a call has its other half among those below it."""
    return record is not None and is_call(record) and record.pair_key is None and not record.account


def _right_below(
    around: list[Node], held: Mapping[int, Node], remembered: RememberedCalls, nearest: Inherited[Node | None]
) -> Mapping[int, dict[int, AISpan]]:
    """Of each call, those between which and itself no other event stands, waiting or left; all by their span ids."""
    calls = {node.span_id: (node, node.record) for node in held.values() if node.record and is_call(node.record)}
    for trace_id in {node.trace_id for node in around}:
        for sent, record in remembered.of_trace(trace_id):
            calls.setdefault(sent.span_id, (sent, record))
    found: defaultdict[int, dict[int, AISpan]] = defaultdict(dict)
    for node, record in calls.values():
        above = nearest.above(node)
        if above is not None and record is not None:
            found[above.span_id][node.span_id] = record
    return found


def _reason(record: AISpan, below: Iterable[AISpan]) -> str | None:
    # Where a context outlives its span, what comes after the call hangs below it, and is no part of it.
    inside = [each for each in below if each.start_ns <= record.end_ns]
    own = [each for each in inside if each.instrumentor == record.instrumentor and each.kind == record.kind]
    if record.response_id is not None and any(each.response_id == record.response_id for each in own):
        return _ANSWER
    if _adds_up(record, own or _of_one_scope(inside)):
        return _COUNTS
    # A stream may be over before anybody knows what it counts.
    says_nothing = not was_answered(record) and not record.stream
    asked = (each for each in inside if each.kind == record.kind or same_model(record, each))
    if (record.unstated or says_nothing) and _answered(asked) > 1:
        return _SEVERAL
    return _NOTHING if says_nothing and any(_stands_for(each, record) for each in own) else None


def _stands_for(inner: AISpan, record: AISpan) -> bool:
    """Whether one inside may be all that was asked: what went well is more than a try that failed."""
    failed_alone = inner.error is not None and record.error is None
    return same_model(record, inner) and not inner.unstated and not failed_alone


def _adds_up(record: AISpan, below: list[AISpan]) -> bool:
    """Whether the calls count together what the one around them counts. One of another scope is a report of it."""
    if len(below) == 1 and (below[0].instrumentor != record.instrumentor or ids_differ(record, below[0])):
        return False
    counts = [(each.usage.input, each.usage.output) for each in (record, *below)]
    if not below or any(None in each for each in counts):
        return False
    own, *others = [(inputs or 0, outputs or 0) for inputs, outputs in counts]
    return own == tuple(map(sum, zip(*others, strict=True)))


def _of_one_scope(below: list[AISpan]) -> list[AISpan]:
    return below if len({each.instrumentor for each in below}) == 1 else []


def _answered(below: Iterable[AISpan]) -> int:
    """How many of one scope were answered: several instrumentors may tell of the same call."""
    answers = {(each.instrumentor, each.response_id or each.span_id) for each in below if was_answered(each)}
    return max(Counter(scope for scope, _ in answers).values(), default=0)
