"""Steps that two tracers of one framework drew, in trees beside each other, and runs of a tool that two of them tell.

The trees lie in one trace and have the same names on each level. A tool's run is told by its id, wherever it is drawn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from heapq import heappop, heappush
from typing import TypeVar

from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .comparing import both_differ, overlap, same_time
from .merging import UNSPECIFIC
from .processes import may_be_one

_Step = tuple[Node, AISpan]
_Key = TypeVar("_Key", bound=Hashable)


def twofold_steps(nodes: Iterable[Node], hierarchy: Hierarchy) -> Iterator[tuple[Node, Node]]:
    """Each step that is kept, and the one of another scope that tells it again.

    The upper ones come first: what was joined above, the next level sees as one.
    """
    steps = [(node, node.record) for node in nodes if node.record is not None and _is_drawn(node.record)]
    if len({record.instrumentor for _, record in steps}) < 2:
        return
    yield from _matched(_grouped(steps, _call_id), _is_same_run)
    levels: defaultdict[int, list[_Step]] = defaultdict(list)
    for step in steps:
        levels[hierarchy.lineage.way(step[0]).length].append(step)
    for _, level in sorted(levels.items()):

        def place(step: _Step) -> tuple[int, int, str] | None:
            return _place(step, hierarchy)

        yield from _matched(_grouped(level, place), _is_same_step)


def _is_drawn(record: AISpan) -> bool:
    """Whether it is a step in a span: what log records tell of steps is told by them alone."""
    return record.kind == "span" and not record.logged


def _call_id(step: _Step) -> str | None:
    record = step[1]
    return record.tool_call_id if record.span_type == "tool" else None


def _place(step: _Step, hierarchy: Hierarchy) -> tuple[int, int, str] | None:
    """The trace, what is right above in it, and the name."""
    node, record = step
    name = record.name or record.span_name
    if not node.parent_id or not name:
        return None
    above = hierarchy.lineage.parent(node)
    return node.trace_id, hierarchy.survivor(above).span_id if above is not None else node.parent_id, name


def _grouped(steps: Iterable[_Step], key: Callable[[_Step], _Key | None]) -> Iterator[list[_Step]]:
    """The steps of one key, where more than one scope tells of it."""
    groups: defaultdict[_Key, list[_Step]] = defaultdict(list)
    for step in steps:
        found = key(step)
        if found is not None:
            groups[found].append(step)
    return (group for group in groups.values() if len({record.instrumentor for _, record in group}) > 1)


def _matched(groups: Iterable[list[_Step]], is_same: Callable[[_Step, _Step], bool]) -> Iterator[tuple[Node, Node]]:
    """Of each group the pairs of two scopes, one to one, those that began nearest to each other first."""
    for group in groups:
        yield from _nearest_first(sorted(group, key=_order), is_same)


def _nearest_first(steps: list[_Step], is_same: Callable[[_Step, _Step], bool]) -> list[tuple[Node, Node]]:
    """The pairs of one group. Each step looks at those after it one by one, and only until it is taken itself."""
    tellers: defaultdict[str, list[int]] = defaultdict(list)
    for place, (_, record) in enumerate(steps):
        tellers[record.instrumentor].append(place)
    coming: list[tuple[int, int, int, str, int]] = []
    """Distance of two starts, the places of both, and where the second stands among those of its teller."""
    taken: set[int] = set()

    def look(first: int, teller: str, index: int) -> None:
        others = tellers[teller]
        while index < len(others) and others[index] in taken:
            index += 1
        if index < len(others):
            distance = abs(steps[others[index]][1].start_ns - steps[first][1].start_ns)
            heappush(coming, (distance, first, others[index], teller, index))

    for place, (_, record) in enumerate(steps):
        for teller, others in tellers.items():
            if teller != record.instrumentor:
                look(place, teller, bisect_right(others, place))
    found: list[tuple[Node, Node]] = []
    while coming:
        _, first, second, teller, index = heappop(coming)
        if first in taken:
            continue
        (kept, _), (told_again, _) = one, other = steps[first], steps[second]
        if second not in taken and may_be_one(kept.process, told_again.process) and is_same(one, other):
            taken |= {first, second}
            found.append((kept, told_again))
        else:
            look(first, teller, index + 1)
    return found


def _order(step: _Step) -> tuple[int, int]:
    return step[1].start_ns, -step[1].end_ns


def _is_same_step(one: _Step, other: _Step) -> bool:
    """For two of one name, right below one step: at one time, or wherever that step was drawn twice itself.

    Callbacks that are awaited one after the other hardly overlap where a step takes no time.
    """
    (node, first), (other_node, second) = one, other
    kinds = {first.span_type, second.span_type} - UNSPECIFIC
    if len(kinds) > 1 or both_differ(first.tool_call_id, second.tool_call_id):
        return False
    return same_time(first, second) or node.parent_id != other_node.parent_id


def _is_same_run(one: _Step, other: _Step) -> bool:
    """For two tools with one call's id, which some providers give again and again: in one trace, or with one input."""
    first, second = one[1], other[1]
    return (
        overlap(first, second)
        and not both_differ(first.tool_name, second.tool_name)
        and (first.trace_id == second.trace_id or (bool(first.input_state) and first.input_state == second.input_state))
    )
