"""Calls by the time that they take: who asks for those that ran at some time does not look at the others."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.nodes import Node

from .comparing import TOLERANCE_NS
from .evidence import asked
from .pairs import record_of
from .processes import Process, may_be_one


def reach(record: AISpan) -> int:
    """Until when a call was at work: its end, or that of a stream that was handed out at its end."""
    return max(record.end_ns, record.spoke_until_ns or 0)


class Timeline:
    """Entries by number, each with the time that it took.

    They stand in the order of their starts, those of about one length together: then a time that is asked for is
    touched by none that began long before it, however long others took.
    """

    def __init__(self) -> None:
        self._by_length: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        """Bits of the nanoseconds that they took → start and number of each."""
        self._times: dict[int, tuple[int, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._times)

    def add(self, number: int, start: int, until: int) -> None:
        """Enter it."""
        insort(self._by_length[_bits(start, until)], (start, number))
        self._times[number] = start, until

    def remove(self, number: int) -> None:
        """Take it out."""
        start, until = self._times.pop(number)
        length = _bits(start, until)
        alike = self._by_length[length]
        del alike[bisect_left(alike, (start, number))]
        if not alike:
            del self._by_length[length]

    def touching(self, start: int, until: int) -> Iterator[int]:
        """The numbers of those whose time touches this one."""
        earliest, latest = start - TOLERANCE_NS, until + TOLERANCE_NS
        times = self._times
        for length, alike in self._by_length.items():
            first = bisect_left(alike, (earliest - (1 << length), 0))
            for begin, number in islice(alike, first, None):
                if begin > latest:
                    break
                if times[number][1] >= earliest:
                    yield number


def _bits(start: int, until: int) -> int:
    return max(until - start, 0).bit_length()


def begun_within(outers: Iterable[Node], inners: Iterable[Node]) -> list[tuple[Node, Node]]:
    """The pairs of calls of one process in which the second began while the first was at work, in the given order.

    Those that asked something else are no evidence of anything, and left out: of thousands at once, few remain.
    """
    coming = sorted(map(_Asked.of, enumerate(outers)), key=lambda each: -each.record.start_ns)
    active: defaultdict[Process, defaultdict[Any, list[_Asked]]] = defaultdict(lambda: defaultdict(list))
    found: list[tuple[int, int, Node, Node]] = []
    for inner in sorted(map(_Asked.of, enumerate(inners)), key=lambda each: each.record.start_ns):
        begin = inner.record.start_ns
        while coming and coming[-1].record.start_ns <= begin + TOLERANCE_NS:
            outer = coming.pop()
            active[outer.node.process][outer.words].append(outer)
        for process, by_words in active.items():
            if not may_be_one(process, inner.node.process):
                continue
            for words in (inner.words, None) if inner.words else tuple(by_words):
                running = by_words.pop(words, ())
                still = [each for each in running if reach(each.record) >= begin - TOLERANCE_NS]
                if still:
                    by_words[words] = still
                found += [
                    (inner.place, outer.place, outer.node, inner.node)
                    for outer in still
                    if outer.node is not inner.node
                ]
    found.sort(key=lambda one: one[:2])
    return [(outer, inner) for _, _, outer, inner in found]


class _Asked(NamedTuple):
    """A call in a list, and what it asked, None where nobody knows."""

    place: int
    node: Node
    record: AISpan
    words: Any

    @classmethod
    def of(cls, numbered: tuple[int, Node]) -> _Asked:
        place, node = numbered
        record = record_of(node)
        return cls(place, node, record, asked(record) or None)
