"""What one instrumentor tells of a call in two spans: halves that its dialect declares, accounts of what was used."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .evidence import counts_again
from .pairs import Pair, calls_among, record_of


def declared_halves(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Pairs that a dialect declares: a child of the other half, or the half that ended nearest to the stated time."""
    halves: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in nodes:
        record = record_of(node)
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
    answer = record_of(above).response_id
    same = [child for child in children if answer is not None and record_of(child).response_id == answer]
    return max(same or children, key=lambda child: record_of(child).end_ns)


def _ended_nearest(alone: list[Node], group: list[Node]) -> Iterator[Pair]:
    """Each half that states when its call ended, with the call that did so nearest to it, one of its own trace first.

    A call has one other half while there are calls enough: two streams of the same words at once are two calls.
    """
    calls = sorted((node for node in group if record_of(node).pair_time_ns is None), key=_end)
    free: dict[int, list[Node]] = defaultdict(list)
    for call in calls:
        free[call.trace_id].append(call)
    elsewhere: list[Node] = []
    for half in sorted((node for node in alone if record_of(node).pair_time_ns is not None), key=_stated_end):
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
    return record_of(node).end_ns


def _stated_end(node: Node) -> int:
    return record_of(node).pair_time_ns or 0


def accounts(nodes: list[Node], hierarchy: Hierarchy) -> Iterator[Pair]:
    """Each account and the call that ended nearest to it; a call is counted again once."""
    calls = calls_among(nodes)
    counted: set[int] = set()
    for account in calls:
        record = record_of(account)
        if not record.account:
            continue
        own = [each for each in calls if each.span_id not in counted and counts_again(record, record_of(each))]
        if own:
            call = min(own, key=lambda each: abs(record_of(each).end_ns - record.start_ns))
            counted.add(call.span_id)
            yield Pair(call, account, call)
