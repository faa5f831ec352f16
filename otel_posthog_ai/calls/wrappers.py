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
    """Those among the calls that wait."""
    around = [node for node in held.values() if node.calls_below and _may_wrap(node.record)]
    if not around:
        return []
    below = _right_below(around, held, remembered, hierarchy)
    reasons = ((node, _reason(node.record, below[node.span_id])) for node in around if node.record is not None)
    return [Wrapper(node, because) for node, because in reasons if because is not None]


def _may_wrap(record: AISpan | None) -> bool:
    """What a dialect declares to be half of a call has its other half among those below it."""
    return record is not None and is_call(record) and record.pair_key is None and not record.account


def _right_below(
    around: list[Node], held: Mapping[int, Node], remembered: RememberedCalls, hierarchy: Hierarchy
) -> Mapping[int, list[AISpan]]:
    """Of each call, those between which and itself no other event stands, waiting or left."""
    calls = {node.span_id: (node, node.record) for node in held.values() if node.record and is_call(node.record)}
    for node in around:
        for sent, record in remembered.during(node):
            calls.setdefault(sent.span_id, (sent, record))
    found: defaultdict[int, list[AISpan]] = defaultdict(list)
    for node, record in calls.values():
        above = next((above for above in hierarchy.spans_above(node) if above.is_exported), None)
        if above is not None and record is not None:
            found[above.span_id].append(record)
    return found


def _reason(record: AISpan, below: list[AISpan]) -> str | None:
    own = [each for each in below if each.scope == record.scope and each.kind == record.kind]
    if record.response_id is not None and any(each.response_id == record.response_id for each in own):
        return _ANSWER
    if _adds_up(record, own or _of_one_scope(below)):
        return _COUNTS
    # A stream may be over before anybody knows what it counts.
    says_nothing = not was_answered(record) and not record.stream
    if (record.unstated or says_nothing) and _answered(below) > 1:
        return _SEVERAL
    stated = any(same_model(record, each) and not each.unstated for each in own)
    return _NOTHING if says_nothing and stated else None


def _adds_up(record: AISpan, below: list[AISpan]) -> bool:
    """Whether the calls count together what the one around them counts. One of another scope is a report of it."""
    if len(below) == 1 and (below[0].scope != record.scope or ids_differ(record, below[0])):
        return False
    counts = [(each.usage.input, each.usage.output) for each in (record, *below)]
    if not below or any(None in each for each in counts):
        return False
    own, *others = [(inputs or 0, outputs or 0) for inputs, outputs in counts]
    return own == tuple(map(sum, zip(*others, strict=True)))


def _of_one_scope(below: list[AISpan]) -> list[AISpan]:
    return below if len({each.scope for each in below}) == 1 else []


def _answered(below: Iterable[AISpan]) -> int:
    """How many of one scope were answered: several instrumentors may tell of the same call."""
    answers = {(each.scope, each.response_id or each.span_id) for each in below if was_answered(each)}
    return max(Counter(scope for scope, _ in answers).values(), default=0)
