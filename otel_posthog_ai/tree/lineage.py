"""The ways up from spans: each is walked once while nothing changes, and what is found on it is taken over from above.

So a chain of thousands of spans costs what as many beside each other do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakSet

from .nodes import Node

T = TypeVar("T")


class Way(NamedTuple):
    """What lies above a span: `length` ancestors, the last of them (the span itself where there is none), and the way
    of the first."""

    node: Node
    length: int
    top: Node
    above: Way | None


class Lineage:
    """The ways up. `parent` finds the known node right above one, in the same trace.

    What is found out is kept while all is at rest, and otherwise until the next question.
    """

    def __init__(self, parent: Callable[[Node], Node | None]) -> None:
        self.parent = parent
        self.resting = False
        self._ways: dict[Node, Way] = {}
        self._missed: set[int] = set()
        """Parents that some span names and that nothing is known of: ways end there until they come."""
        self._heard: defaultdict[Hashable, set[Node]] = defaultdict(set)
        """News → who heard it, and so all above them."""
        self._inherited: WeakSet[Inherited[Any]] = WeakSet()

    @contextmanager
    def at_rest(self) -> Generator[None]:
        """Meanwhile no way grows but by what `appeared` is told of."""
        self.forget()
        self.resting = True
        try:
            yield
        finally:
            self.resting = False
            self.forget()

    def forget(self) -> None:
        """Something has changed."""
        self._ways.clear()
        self._missed.clear()
        self._heard.clear()
        for inherited in self._inherited:
            inherited.forget()

    def keep(self, inherited: Inherited[Any]) -> None:
        """What is handed down along the ways is forgotten with them."""
        self._inherited.add(inherited)

    def appeared(self, span_id: int) -> None:
        """A span has become known; the ways that ended at it go on."""
        if span_id in self._missed:
            self.forget()

    def way(self, node: Node) -> Way:
        """The way up from a span. A cycle is cut where the way enters it."""
        if not self.resting:
            self.forget()
        known = self._ways.get(node)
        return known if known is not None else self._walk(node)

    def _walk(self, node: Node) -> Way:
        path: dict[Node, None] = {node: None}  # in this order
        last = node
        while (above := self.parent(last)) is not None and above not in self._ways:
            if above in path:
                above.parent_id = 0
                return self._walk(node)
            path[above] = None
            last = above
        if above is None:
            self._missed.add(last.parent_id)
        way = self._ways[above] if above is not None else None
        for each in reversed(path):
            way = self._ways[each] = (
                Way(each, 0, each, None) if way is None else Way(each, way.length + 1, way.top, way)
            )
        return self._ways[node]

    def ancestors(self, node: Node) -> Iterator[Node]:
        """The ancestors that are known, nearest first."""
        above = self.way(node).above
        while above is not None:
            yield above.node
            above = above.above

    def is_below(self, node: Node, step: int) -> bool:
        """Whether the span is right below the step with this id, known or not, or one of its ancestors is."""
        return node.parent_id == step or any(above.parent_id == step for above in self.ancestors(node))

    def is_lost(self, node: Node, other: Node) -> bool:
        """Whether its way up ends at a parent that nothing is known of, and the other span's way at another top."""
        top = self.way(node).top
        return top.parent_id != 0 and top is not self.way(other).top

    def is_above(self, one: Node, other: Node) -> bool:
        """Whether `one` is an ancestor of `other`."""
        length, way = self.way(one).length, self.way(other)
        while way.above is not None and way.length > length:
            way = way.above
        return way.node is one and one is not other

    def untold(self, node: Node, news: Callable[[Node], Hashable]) -> Iterator[Node]:
        """The ancestors that have not heard the news, nearest first; they count as told then.

        What the news is may depend on who hears it. Who has heard it has passed it on to everybody above.
        """
        for above in self.ancestors(node):
            heard = self._heard[news(above)]
            if above in heard:
                return
            heard.add(above)
            yield above


class Inherited(Generic[T]):
    """What spans take over from above: `first` stands above the topmost, and `step` says what a node hands down.

    It is given the node and what that node was handed; what it looks at must not change while all is at rest.
    """

    def __init__(self, lineage: Lineage, first: T, step: Callable[[Node, T], T]) -> None:
        self._lineage = lineage
        self._first = first
        self._step = step
        self._handed: dict[Node, T] = {}
        lineage.keep(self)

    def above(self, node: Node) -> T:
        """What the node is handed."""
        way = self._lineage.way(node).above
        if way is None:
            return self._first
        if way.node in self._handed:  # most are siblings, or right below one another
            return self._handed[way.node]
        return self._handed_down(way)

    def _handed_down(self, lowest: Way) -> T:
        path: list[Node] = []
        way: Way | None = lowest
        while way is not None and way.node not in self._handed:
            path.append(way.node)
            way = way.above
        value = self._handed[way.node] if way is not None else self._first
        for each in reversed(path):
            value = self._handed[each] = self._step(each, value)
        return value

    def forget(self) -> None:
        """What a node hands down has changed."""
        self._handed.clear()
