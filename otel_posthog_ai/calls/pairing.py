"""Which of the spans that wait report the same call, and who of each pair survives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, permutations
from typing import Any, NamedTuple

from otel_posthog_ai.record import AISpan, is_call
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.lineage import Inherited, Lineage
from otel_posthog_ai.tree.nodes import Fate, Node

from .comparing import contains, was_answered
from .evidence import (
    asked,
    counted_the_first_piece,
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
from .halves import accounts, declared_halves
from .pairs import Pair, calls_among, record_of
from .processes import may_be_one
from .timeline import Timeline, begun_within

# Spans of these types between two calls make them two calls.
_BETWEEN = frozenset({"tool", "agent", "workflow", "chain", "task", "handoff", "retriever", "guardrail", "mcp"})
# Clients that trace themselves are nearest the wire whatever lies around them.
_WIRE_SCOPES = ("com.anthropic.sdk", "mistralai_sdk_tracer", "openai_sdk")


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
    return len({record.instrumentor for record in records if record is not None and is_call(record)}) > 1


def _pair(one: Node, other: Node, hierarchy: Hierarchy) -> Pair:
    """The outermost with framework ancestry survives; the other, or a client's own span, is nearer the wire."""
    first = is_outer(one, record_of(one), other, record_of(other), hierarchy.lineage)
    survivor, inner = (one, other) if first else (other, one)
    wire = survivor if record_of(survivor).scope.startswith(_WIRE_SCOPES) else inner
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


def _by_response(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    by_id: dict[str, list[Node]] = defaultdict(list)
    for node in calls_among(nodes):
        response_id = record_of(node).response_id
        if response_id is not None:
            by_id[response_id].append(node)
    for group in by_id.values():
        if len(group) > 1:
            yield from _of_one_answer(group, hierarchy)


def _of_one_answer(group: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Each call and the first after it that reports it too; the survivor takes that one's place."""
    told_by: defaultdict[str, Timeline] = defaultdict(Timeline)
    for place, record in enumerate(map(record_of, group)):
        told_by[record.instrumentor].add(place, record.start_ns, record.end_ns)
    for place, node in enumerate(group):
        record = record_of(node)
        told_by[record.instrumentor].remove(place)
        at_that_time = chain.from_iterable(
            told_by[teller].touching(record.start_ns, record.end_ns)
            for teller in told_by.keys() - {record.instrumentor}
        )
        match = min((other for other in at_that_time if same_response(record, record_of(group[other]))), default=None)
        if match is None:
            continue
        pair = _pair(node, group[match], hierarchy)
        if pair.survivor is node:
            told_by[record_of(group[match]).instrumentor].remove(match)
            told_by[record.instrumentor].add(match, record.start_ns, record.end_ns)
            group[match] = node
        yield pair


def _nested(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Each call and the nearest call above it, if nothing lies between that makes them two.

    An instrumentor tells of the answer of a call once; tries that were not answered are part of it.
    """
    around = Inherited[Node | None](hierarchy.lineage, None, _itself_or_above)
    children = Counter(node.parent_id for node in nodes)
    answered: set[tuple[int, str]] = set()
    for node in calls_among(nodes):
        above = around.above(node)
        if above is None or not is_call(record_of(above)) or (above.span_id, record_of(node).instrumentor) in answered:
            continue
        if nested_calls(record_of(above), record_of(node)) or (
            counted_the_first_piece(record_of(above), record_of(node)) and children[node.parent_id] == 1
        ):
            if was_answered(record_of(node)):
                answered.add((above.span_id, record_of(node).instrumentor))
            yield _pair(above, node, hierarchy)


def _itself_or_above(node: Node, above: Node | None) -> Node | None:
    """The nearest span that waits and is a call, or makes the calls on its two sides two."""
    record = node.record
    if node.fate is not Fate.HELD or record is None:
        return above
    return node if is_call(record) or record.span_type in _BETWEEN else above


def _handed_out(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Streams and the calls that their readers made: the first call is of the stream that spoke first."""
    calls = calls_among(nodes)
    streams = [node for node in calls if record_of(node).spoke_until_ns is not None]
    pairs = [pair for pair in begun_within(streams, calls) if read_the_stream(*map(record_of, pair))]
    return _one_to_one(calls, sorted(pairs, key=_turn))


def _left_behind(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Streams of which their span notes nothing, each with the next call of the same words below the same step."""
    calls = calls_among(nodes)
    streams = [node for node in calls if record_of(node).handed_out]
    alike: defaultdict[tuple[str | None, Any], list[Node]] = defaultdict(list)
    for call in calls if streams else ():
        alike[record_of(call).parent_id, asked(record_of(call))].append(call)
    pairs = [
        (stream, call)
        for stream in streams
        for call in alike[record_of(stream).parent_id, asked(record_of(stream))]
        if may_be_one(stream.process, call.process) and left_to_its_reader(record_of(stream), record_of(call))
    ]
    return _one_to_one(calls, sorted(pairs, key=_turn))


def _turn(pair: tuple[Node, Node]) -> tuple[int, int]:
    outer, inner = (record_of(node) for node in pair)
    return inner.start_ns, outer.spoke_until_ns or outer.start_ns


def _apart(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Calls of different traces or below one step, the tightest first."""
    calls = calls_among(nodes)
    return _one_to_one(
        calls, sorted(_one_inside_another(calls, hierarchy.lineage), key=lambda pair: slack(*map(record_of, pair)))
    )


def _alike(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Calls that two tracers told in the same words or at the same moments, the tightest first."""
    calls = calls_among(nodes)
    pairs = [
        (one, other) if is_outer(one, record_of(one), other, record_of(other), hierarchy.lineage) else (other, one)
        for scopes in _pairs_of_scopes(calls)
        for one, other in begun_within(*scopes)
        if told_twice_over(record_of(one), record_of(other))
    ]
    return _one_to_one(calls, sorted(pairs, key=lambda pair: slack(*map(record_of, pair))))


def _one_to_one(calls: list[Node], pairs: Iterable[tuple[Node, Node]]) -> Iterator[Pair]:
    """The first pair of each call: it has one report of each scope, and one call around it."""
    reported: dict[int, set[str]] = {node.span_id: {*node.reported_by, record_of(node).instrumentor} for node in calls}
    inside: set[int] = set()
    for outer, inner in pairs:
        if inner.span_id in inside or reported[outer.span_id] & reported[inner.span_id]:
            continue
        inside.add(inner.span_id)
        both = reported[outer.span_id] | reported[inner.span_id]
        reported[outer.span_id] = reported[inner.span_id] = both
        if ran_around(record_of(outer), record_of(inner)):
            yield Pair(inner, outer, outer)  # of both, the inner has ancestors
        else:
            yield Pair(outer, inner, inner)


def _one_inside_another(calls: list[Node], lineage: Lineage) -> Iterator[tuple[Node, Node]]:
    alone = [node for node in calls if not node.parent_id]
    below_steps = [node for node in calls if node.parent_id]
    for outer, inner in begun_within(calls, alone):
        if outer.trace_id != inner.trace_id and ran_inside(record_of(outer), record_of(inner)):
            yield outer, inner
    for outer, inner in begun_within(alone, below_steps):
        if ran_around(record_of(outer), record_of(inner)):
            yield outer, inner
    for outers, inners in _of_two_scopes(below_steps):
        for outer, inner in begun_within(outers, inners):
            if ran_beside(outer, record_of(outer), inner, record_of(inner), lineage):
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
        scopes[record_of(node).instrumentor].append(node)
    return permutations(scopes.values(), 2)


# Strongest evidence first; what one stage has joined, the next sees as one.
WITHIN_ONE_SCOPE: tuple[Stage, ...] = (
    Stage(declared_halves, "their dialect says that they are two halves of one call"),
    Stage(accounts, "an account of a call of its scope: usage without a conversation"),
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
