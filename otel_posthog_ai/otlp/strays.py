"""Log records with message content that name no span: they belong to a call of their scope that ran at their time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from .requests import LogEntry

_AFTER_END_NS = 2_000_000_000
_MOST = 20_000


Origin = TypeVar("Origin")


class _Stray(NamedTuple):
    time_ns: int
    number: int
    """Tells two of one moment apart."""
    entry: LogEntry
    bytes: float
    origin: Any


class Strays(Generic[Origin]):
    """Stray records by scope, in order of time, each with the place that it was read from."""

    def __init__(self) -> None:
        self._by_scope: defaultdict[str, list[_Stray]] = defaultdict(list)
        self._count = 0
        self._number = 0
        self.bytes = 0.0
        self.lost = 0
        """Records that were given up, because no call near them came."""

    def add(self, entry: LogEntry, size: float, origin: Origin) -> None:
        """Keep a record of about so many bytes."""
        self._number += 1
        insort(self._by_scope[entry.scope], _Stray(entry.occurrence.time_ns, self._number, entry, size, origin))
        self._count += 1
        self.bytes += size
        if self._count > _MOST:
            self._give_up_oldest()

    def near(self, scope: str, start_ns: int, end_ns: int) -> list[LogEntry]:
        """The records of a scope that a call of these times may have written."""
        strays = self._by_scope.get(scope)
        if not strays:
            return []
        first = bisect_left(strays, start_ns, key=lambda stray: stray.time_ns)
        last = bisect_left(strays, end_ns + _AFTER_END_NS + 1, key=lambda stray: stray.time_ns)
        return [stray.entry for stray in strays[first:last]]

    def take(self, entry: LogEntry) -> None:
        """A record has found its call."""
        for stray in self._by_scope[entry.scope]:
            if stray.entry is entry:
                self._remove(stray)
                return

    def forget_before(self, time_ns: int) -> None:
        """Give up what is older than every call that may still come."""
        for strays in list(self._by_scope.values()):
            while strays and strays[0].time_ns < time_ns:
                self._remove(strays[0])
                self.lost += 1

    def forget(self, is_late: Callable[[Origin], bool]) -> None:
        """Give up those that were read from such a place."""
        for strays in list(self._by_scope.values()):
            for stray in [stray for stray in strays if is_late(stray.origin)]:
                self._remove(stray)
                self.lost += 1

    def shrink_to(self, most_bytes: float) -> None:
        """Give up the oldest beyond so many bytes."""
        while self._count and self.bytes > most_bytes:
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        self._remove(min(strays[0] for strays in self._by_scope.values() if strays))
        self.lost += 1

    def origins(self) -> Iterator[Origin]:
        """Where each one was read from."""
        for strays in self._by_scope.values():
            for stray in strays:
                yield stray.origin

    def _remove(self, stray: _Stray) -> None:
        self._by_scope[stray.entry.scope].remove(stray)
        self._count -= 1
        self.bytes -= stray.bytes
