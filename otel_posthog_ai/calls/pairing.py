"""Which of the spans that wait report the same call, and who of each pair survives."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, permutations, product
from typing import NamedTuple

from otel_posthog_ai.record import AISpan, is_call
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited, Lineage
from otel_posthog_ai.tree.nodes import Fate, Node

from .comparing import contains, was_answered
from .evidence import (
    counted_the_first_piece,
    counts_again,
    left_to_its_reader,
    nested_calls,
    ran_around,
    ran_beside,
    ran_inside,
    read_the_stream,
    same_response,
    slack,
    told_twice_over,
)
from .processes import may_be_one
from .timeline import begun_within

# Spans of these types between two calls make them two calls.
_BETWEEN = frozenset({"tool", "agent", "workflow", "chain", "task", "handoff", "retriever", "guardrail", "mcp"})
# Clients that trace themselves are nearest the wire whatever lies around them.
_WIRE_SCOPES = ("com.anthropic.sdk", "mistralai_sdk_tracer", "openai_sdk")


class Pair:
    """Two spans that are one call: what survives, what is merged into it, and which of both is nearer the wire."""

    __slots__ = ("other", "survivor", "wire")

    def __init__(self, survivor: Node, other: Node, wire: Node) -> None:
        self.survivor = survivor
        self.other = other
        self.wire = wire


class Stage(NamedTuple):
    """One kind of evidence: what finds it among the calls that are held, and what it says to a person."""

    find: Callable[[list[Node], Hierarchy], Iterable[Pair]]
    says: str


def find_pairs(stage: Stage, held: Iterable[Node], hierarchy: Hierarchy) -> list[Pair]:
    """The pairs that one kind of evidence shows among the spans that wait."""
    return list(stage.find([node for node in held if node.record is not None], hierarchy))


def several_instrumentors(held: Iterable[Node]) -> bool:
    """Whether the calls among these spans are of several scopes: within one, only its dialect can declare a pair."""
    records = (node.record for node in held)
    return len({record.scope for record in records if record is not None and is_call(record)}) > 1


def _record(node: Node) -> AISpan:
    assert node.record is not None  # every node here waits with its record
    return node.record


def _calls(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if is_call(_record(node))]


def _pair(one: Node, other: Node, hierarchy: Hierarchy) -> Pair:
    """The outermost with framework ancestry survives; the other, or a client's own span, is nearer the wire."""
    first = is_outer(one, _record(one), other, _record(other), hierarchy.lineage)
    survivor, inner = (one, other) if first else (other, one)
    wire = survivor if _record(survivor).scope.startswith(_WIRE_SCOPES) else inner
    return Pair(survivor, inner, wire)


def is_outer(one: Node, first: AISpan, other: Node, second: AISpan, lineage: Lineage) -> bool:
    """Whether `one` is the outer of both; `first` and `second` are their records."""
    if lineage.is_above(one, other):
        return True
    if lineage.is_above(other, one):
        return False
    if (first.parent_id is None) != (second.parent_id is None):
        return second.parent_id is None
    if first.scope.startswith(_WIRE_SCOPES) != second.scope.startswith(_WIRE_SCOPES):
        return second.scope.startswith(_WIRE_SCOPES)
    if contains(first, second) != contains(second, first):
        return contains(first, second)
    return (first.start_ns, -first.end_ns) <= (second.start_ns, -second.end_ns)


def _declared(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Pairs that a dialect declares: a child of the other half, or the half that ended nearest to the stated time."""
    halves: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in nodes:
        record = _record(node)
        if record.pair_key is not None:
            halves[(record.dialect, record.pair_key)].append(node)
    for group in halves.values():
        members = {node.span_id: node for node in group}
        below: dict[int, list[Node]] = defaultdict(list)
        for node in group:
            if node.parent_id in members:
                below[node.parent_id].append(node)
        yield from _ended_nearest([node for node in group if node.parent_id not in members], group)
        for span_id, children in below.items():
            child = _other_half(members[span_id], children)
            yield Pair(members[span_id], child, child)


def _other_half(above: Node, children: list[Node]) -> Node:
    """The child with the same answer; else the last, because calls under one span overwrite each other's attributes."""
    answer = _record(above).response_id
    same = [child for child in children if answer is not None and _record(child).response_id == answer]
    return max(same or children, key=lambda child: _record(child).end_ns)


def _ended_nearest(alone: list[Node], group: list[Node]) -> Iterator[Pair]:
    """Each half that states when its call ended, with the call that did so nearest to it, one of its own trace first.

    A call has one other half while there are calls enough: two streams of the same words at once are two calls.
    """
    calls = sorted((node for node in group if _record(node).pair_time_ns is None), key=_end)
    free: dict[int, list[Node]] = defaultdict(list)
    for call in calls:
        free[call.trace_id].append(call)
    elsewhere: list[Node] = []
    for half in sorted((node for node in alone if _record(node).pair_time_ns is not None), key=_stated_end):
        own = free[half.trace_id]
        if own:
            yield Pair(own.pop(_nearest(own, half)), half, half)
        else:
            elsewhere.append(half)
    others = sorted(chain.from_iterable(free.values()), key=_end)
    for half in elsewhere if calls else ():
        call = others.pop(_nearest(others, half)) if others else calls[_nearest(calls, half)]
        yield Pair(call, half, half)


def _nearest(calls: list[Node], half: Node) -> int:
    """The place of the call, in the order of their ends, that ended nearest to when a half says."""
    time = _stated_end(half)
    place = bisect_left(calls, time, key=_end)
    return min(range(max(place - 1, 0), min(place + 1, len(calls))), key=lambda at: abs(_end(calls[at]) - time))


def _end(node: Node) -> int:
    return _record(node).end_ns


def _stated_end(node: Node) -> int:
    return _record(node).pair_time_ns or 0


def _accounts(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Each account and the call that ended nearest to it; a call is counted again once."""
    calls = _calls(nodes)
    counted: set[int] = set()
    for account in calls:
        record = _record(account)
        if not record.account:
            continue
        own = [each for each in calls if each.span_id not in counted and counts_again(record, _record(each))]
        if own:
            call = min(own, key=lambda each: abs(_record(each).end_ns - record.start_ns))
            counted.add(call.span_id)
            yield Pair(call, account, call)


def _by_response(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    by_id: dict[str, list[Node]] = defaultdict(list)
    for node in _calls(nodes):
        response_id = _record(node).response_id
        if response_id is not None:
            by_id[response_id].append(node)
    for group in by_id.values():
        while len(group) > 1:
            node = group.pop(0)
            match = next((other for other in group if same_response(_record(node), _record(other))), None)
            if match is not None:
                pair = _pair(node, match, hierarchy)
                if pair.survivor is node:
                    group[group.index(match)] = node
                yield pair


def _nested(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Each call and the nearest call above it, if nothing lies between that makes them two.

    An instrumentor tells of the answer of a call once; tries that were not answered are part of it.
    """
    around = Inherited[Node | None](hierarchy.lineage, None, _itself_or_above)
    children = Counter(node.parent_id for node in nodes)
    answered: set[tuple[int, str]] = set()
    for node in _calls(nodes):
        above = around.above(node)
        if above is None or not is_call(_record(above)) or (above.span_id, _record(node).scope) in answered:
            continue
        if nested_calls(_record(above), _record(node)) or (
            counted_the_first_piece(_record(above), _record(node)) and children[node.parent_id] == 1
        ):
            if was_answered(_record(node)):
                answered.add((above.span_id, _record(node).scope))
            yield _pair(above, node, hierarchy)


def _itself_or_above(node: Node, above: Node | None) -> Node | None:
    """The nearest span that waits and is a call, or makes the calls on its two sides two."""
    record = node.record
    if node.fate is not Fate.HELD or record is None:
        return above
    return node if is_call(record) or record.span_type in _BETWEEN else above


def _handed_out(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Streams and the calls that their readers made: the first call is of the stream that spoke first."""
    calls = _calls(nodes)
    streams = [node for node in calls if _record(node).spoke_until_ns is not None]
    pairs = [pair for pair in begun_within(streams, calls) if read_the_stream(*map(_record, pair))]
    return _one_to_one(calls, sorted(pairs, key=_turn))


def _left_behind(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Streams of which their span notes nothing, each with the next call of the same words below the same step."""
    calls = _calls(nodes)
    streams = [node for node in calls if _record(node).handed_out]
    pairs = [
        (stream, call)
        for stream, call in product(streams, calls)
        if may_be_one(stream.process, call.process) and left_to_its_reader(_record(stream), _record(call))
    ]
    return _one_to_one(calls, sorted(pairs, key=_turn))


def _turn(pair: tuple[Node, Node]) -> tuple[int, int]:
    outer, inner = (_record(node) for node in pair)
    return inner.start_ns, outer.spoke_until_ns or outer.start_ns


def _apart(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Calls of different traces or below one step, the tightest first."""
    calls = _calls(nodes)
    return _one_to_one(
        calls, sorted(_one_inside_another(calls, hierarchy.lineage), key=lambda pair: slack(*map(_record, pair)))
    )


def _alike(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Calls that two tracers told in the same words or at the same moments, the tightest first."""
    calls = _calls(nodes)
    pairs = [
        (one, other) if is_outer(one, _record(one), other, _record(other), hierarchy.lineage) else (other, one)
        for scopes in _pairs_of_scopes(calls)
        for one, other in begun_within(*scopes)
        if told_twice_over(_record(one), _record(other))
    ]
    return _one_to_one(calls, sorted(pairs, key=lambda pair: slack(*map(_record, pair))))


def _one_to_one(calls: list[Node], pairs: Iterable[tuple[Node, Node]]) -> Iterator[Pair]:
    """The first pair of each call: it has one report of each scope, and one call around it."""
    reported: dict[int, set[str]] = {node.span_id: {*node.reported_by, _record(node).scope} for node in calls}
    inside: set[int] = set()
    for outer, inner in pairs:
        if inner.span_id in inside or reported[outer.span_id] & reported[inner.span_id]:
            continue
        inside.add(inner.span_id)
        both = reported[outer.span_id] | reported[inner.span_id]
        reported[outer.span_id] = reported[inner.span_id] = both
        if ran_around(_record(outer), _record(inner)):
            yield Pair(inner, outer, outer)  # of both, the inner has ancestors
        else:
            yield Pair(outer, inner, inner)


def _one_inside_another(calls: list[Node], lineage: Lineage) -> Iterator[tuple[Node, Node]]:
    alone = [node for node in calls if not node.parent_id]
    below_steps = [node for node in calls if node.parent_id]
    for outer, inner in begun_within(calls, alone):
        if outer.trace_id != inner.trace_id and ran_inside(_record(outer), _record(inner)):
            yield outer, inner
    for outer, inner in begun_within(alone, below_steps):
        if ran_around(_record(outer), _record(inner)):
            yield outer, inner
    for outers, inners in _of_two_scopes(below_steps):
        for outer, inner in begun_within(outers, inners):
            if ran_beside(outer, _record(outer), inner, _record(inner), lineage):
                yield outer, inner


def _of_two_scopes(nodes: list[Node]) -> Iterator[tuple[list[Node], list[Node]]]:
    """Of each trace, the spans of one scope after another, with those of every other scope before them."""
    traces: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        traces[node.trace_id].append(node)
    for of_trace in traces.values():
        yield from _pairs_of_scopes(of_trace)


def _pairs_of_scopes(nodes: list[Node]) -> Iterator[tuple[list[Node], list[Node]]]:
    scopes: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        scopes[_record(node).scope].append(node)
    return permutations(scopes.values(), 2)


# Strongest evidence first; what one stage has joined, the next sees as one.
WITHIN_ONE_SCOPE: tuple[Stage, ...] = (
    Stage(_declared, "their dialect says that they are two halves of one call"),
    Stage(_accounts, "an account of a call of its scope: usage without a conversation"),
)
STAGES: tuple[Stage, ...] = (
    *WITHIN_ONE_SCOPE,
    Stage(_by_response, "one answer's id, and times that overlap"),
    Stage(_nested, "a call right inside the call of another instrumentor, and nothing that tells them apart"),
    Stage(_handed_out, "the call that read a stream which another instrumentor had handed out"),
    Stage(_left_behind, "the next call of the same words below a step in which a stream had been handed out"),
    Stage(_apart, "a call that ran inside this one, beside it or in another trace, and nothing that tells them apart"),
    Stage(_alike, "a call of the same time that was told in the same words, or began and ended with this one"),
)
