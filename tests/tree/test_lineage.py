"""The ways up from spans: right whatever is asked first, and walked once while all is at rest."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from itertools import permutations

import pytest

from otel_posthog_ai.tree.lineage import Inherited, Lineage
from otel_posthog_ai.tree.nodes import Node

# Span -> its parent; 0: none, 9: one that nothing is known of.
SHAPES: dict[str, dict[int, int]] = {
    "one": {1: 0},
    "a chain": {1: 0, 2: 1, 3: 2, 4: 3},
    "two below one": {1: 0, 2: 1, 3: 2, 4: 2},
    "two trees": {1: 0, 2: 1, 3: 0, 4: 3},
    "an unknown parent": {1: 9, 2: 1, 3: 2, 4: 9},
}


class Family:
    """Nodes of one shape, their lineage, and how often the parent of each was asked for."""

    def __init__(self, parents: dict[int, int]) -> None:
        self.nodes = {span_id: Node(span_id, 1, parent) for span_id, parent in parents.items()}
        self.asked: Counter[int] = Counter()
        self.lineage = Lineage(self._parent)

    def _parent(self, node: Node) -> Node | None:
        self.asked[node.span_id] += 1
        return self.nodes.get(node.parent_id)

    def above(self, span_id: int) -> list[int]:
        return [node.span_id for node in self.lineage.ancestors(self.nodes[span_id])]


def _above(parents: dict[int, int], span_id: int) -> list[int]:
    parent = parents[span_id]
    return [parent, *_above(parents, parent)] if parent in parents else []


@pytest.mark.parametrize("resting", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_is_right_whoever_is_asked_first(shape: str, resting: bool) -> None:
    parents = SHAPES[shape]
    for order in permutations(parents):
        family = Family(parents)
        rest: AbstractContextManager[None] = family.lineage.at_rest() if resting else nullcontext()
        with rest:
            for span_id in order:
                assert family.above(span_id) == _above(parents, span_id)
                way = family.lineage.way(family.nodes[span_id])
                assert way.node is family.nodes[span_id]
                assert way.length == len(_above(parents, span_id))
                assert way.top.span_id == [span_id, *_above(parents, span_id)][-1]
                for other in parents:
                    above = family.lineage.is_above(family.nodes[other], family.nodes[span_id])
                    assert above is (other in _above(parents, span_id))
        if resting:
            assert set(family.asked.values()) == {1}


@pytest.mark.parametrize("parents", [{1: 1}, {1: 2, 2: 1}, {1: 3, 2: 1, 3: 2, 4: 2}])
def test_a_cycle_is_cut_and_everybody_above_stands_there_once(parents: dict[int, int]) -> None:
    for order in permutations(parents):
        family = Family(parents)
        with family.lineage.at_rest():
            for span_id in order:
                above = family.above(span_id)
                assert span_id not in above
                assert len(set(above)) == len(above)
                assert len(above) == family.lineage.way(family.nodes[span_id]).length


def test_a_way_goes_on_when_the_span_that_it_ended_at_appears() -> None:
    family = Family({2: 1, 3: 2})
    with family.lineage.at_rest():
        assert family.above(3) == [2]
        family.nodes[1] = Node(1, 1, 0)
        family.lineage.appeared(7)
        assert family.above(3) == [2], "while all is at rest nothing changes unsaid"
        family.lineage.appeared(1)
        assert family.above(3) == [2, 1]
        family.nodes[3].parent_id = 0
        assert family.above(3) == [2, 1]
    assert family.above(3) == []


def test_news_is_told_once_to_each_ancestor_while_all_is_at_rest() -> None:
    family = Family({1: 0, 2: 1, 3: 2, 4: 2})

    def told(span_id: int, news: str) -> list[int]:
        return [above.span_id for above in family.lineage.untold(family.nodes[span_id], lambda _: news)]

    with family.lineage.at_rest():
        assert [told(3, "a"), told(4, "a"), told(4, "b"), told(3, "b")] == [[2, 1], [], [2, 1], []]
        assert [told(2, "c"), told(3, "c")] == [[1], [2]]
    assert [told(3, "a"), told(4, "a")] == [[2, 1], [2, 1]]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))))
def test_what_is_handed_down_comes_from_the_topmost_through_everybody(order: tuple[int, ...]) -> None:
    family, steps = Family({1: 0, 2: 1, 3: 2, 4: 2}), Counter[int]()

    def step(node: Node, above: str) -> str:
        steps[node.span_id] += 1
        return f"{above}{node.span_id}"

    handed = Inherited(family.lineage, "-", step)
    expected = {1: "-", 2: "-1", 3: "-12", 4: "-12"}
    with family.lineage.at_rest():
        for _ in range(2):
            assert {span_id: handed.above(family.nodes[span_id]) for span_id in order} == expected
        assert steps == {1: 1, 2: 1}, "each hands down once, and who has nobody below is not asked"
        family.nodes[2].parent_id = 0
        family.lineage.forget()
        assert handed.above(family.nodes[3]) == "-2"
