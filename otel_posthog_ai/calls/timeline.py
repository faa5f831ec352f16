"""Calls by the time that they take: who asks for those that ran at some time does not look at the others."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.nodes import Node

from .comparing import TOLERANCE_NS
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
    """The pairs of calls of one process in which the second began while the first was at work, in the given order."""
    numbered = list(enumerate(outers))
    coming = sorted(numbered, key=lambda one: -record_of(one[1]).start_ns)
    active: defaultdict[Process, list[tuple[int, Node]]] = defaultdict(list)
    found: list[tuple[int, int, Node, Node]] = []
    for place, inner in sorted(enumerate(inners), key=lambda one: record_of(one[1]).start_ns):
        begin = record_of(inner).start_ns
        while coming and record_of(coming[-1][1]).start_ns <= begin + TOLERANCE_NS:
            outer_place, outer = coming.pop()
            active[outer.process].append((outer_place, outer))
        for process, running in active.items():
            if not may_be_one(process, inner.process):
                continue
            running[:] = [each for each in running if reach(record_of(each[1])) >= begin - TOLERANCE_NS]
            found += [(place, outer_place, outer, inner) for outer_place, outer in running if outer is not inner]
    found.sort(key=lambda one: one[:2])
    return [(outer, inner) for _, _, outer, inner in found]
