"""What is still owed: bounded in bytes and age, oldest dropped first. Its owner's lock guards it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from .chunks import fitting
from .encoding import EncodedEvent

if TYPE_CHECKING:
    from .spool import Segment


class Owed:
    """One event that waits, since a moment of the outbox's clock, and where on disk it is kept."""

    __slots__ = ("event", "segment", "since")

    def __init__(self, event: EncodedEvent, since: float, segment: Segment | None = None) -> None:
        self.event = event
        self.since = since
        self.segment = segment


class AwakeClock:
    """Seconds that this process was running: a frozen process gets no older, so what it holds still has its chance."""

    def __init__(self, longest_gap: float) -> None:
        self._longest_gap = longest_gap
        self._seen = time.monotonic()
        self._total = 0.0

    def now(self) -> float:
        """Seconds so far; to be asked more often than `longest_gap`."""
        now = time.monotonic()
        self._total += min(now - self._seen, self._longest_gap)
        self._seen = now
        return self._total

    def glance(self) -> float:
        """The same, for who does not hold the lock: nothing changes by it."""
        return self._total + min(time.monotonic() - self._seen, self._longest_gap)


class Outbox:
    """Events in order. With a spool they are `fresh` until they are on disk; only `ready` ones are sent.

    Those `aside` wait for something that nothing else waits for, until they are brought back.
    """

    def __init__(self, most_bytes: int, most_seconds: float, *, longest_gap: float) -> None:
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._clock = AwakeClock(longest_gap)
        self.fresh: deque[Owed] = deque()
        self.ready: deque[Owed] = deque()
        self.aside: deque[Owed] = deque()
        self._under_way: list[Owed] = []
        self.bytes = 0

    def __len__(self) -> int:
        return len(self.aside) + self.moving

    @property
    def moving(self) -> int:
        """How many are not aside."""
        return len(self.fresh) + len(self.ready) + len(self._under_way)

    def room(self) -> int:
        """Bytes that still fit."""
        return max(self._most_bytes - self.bytes, 0)

    def is_on_disk(self) -> bool:
        """Whether everything that waits is on disk."""
        return not self.fresh and all(owed.segment is not None for owed in (*self.aside, *self.ready, *self._under_way))

    def oldest_seconds(self) -> float:
        """How long the oldest event has been waiting. The one question that needs no lock."""
        firsts: list[float] = []
        for queue in (self.aside, self.fresh, self.ready, self._under_way):
            with suppress(IndexError):  # It may be emptied meanwhile.
                firsts.append(queue[0].since)
        return max(self._clock.glance() - min(firsts), 0.0) if firsts else 0.0

    def add(self, events: Iterable[EncodedEvent], *, spooled_first: bool) -> list[Owed]:
        """Take events in; gives back what had to be dropped for them."""
        now = self._clock.now()
        queue = self.fresh if spooled_first else self.ready
        dropped: list[Owed] = []
        for event in events:
            owed = Owed(event, now)
            if len(event.body) > self._most_bytes:
                dropped.append(owed)
                continue
            queue.append(owed)
            self.bytes += len(event.body)
        while self.bytes > self._most_bytes and (oldest := self.aside or self.ready or self.fresh):
            dropped.append(self._forget(oldest.popleft()))
        return dropped

    def add_recovered(self, recovered: Sequence[tuple[EncodedEvent, Segment]]) -> None:
        """Take in what an earlier process left, (event, segment), oldest first, ahead of all else.

        It is as old as the oldest that waits here: nobody tried to send it while no process ran, and by a wall clock
        that was set meanwhile it has no age.
        """
        since = self.ready[0].since if self.ready else self._clock.now()
        for event, segment in reversed(recovered):
            owed = Owed(event, since, segment)
            segment.members[id(owed)] = event
            self.ready.appendleft(owed)
            self.bytes += len(event.body)

    def spooled(self, batch: Sequence[Owed], segment: Segment | None) -> None:
        """The first `fresh` ones were written to `segment` (None: the disk refused); they are ready now."""
        written = set(map(id, batch))
        while self.fresh and id(self.fresh[0]) in written:
            owed = self.fresh.popleft()
            if segment is not None:
                owed.segment = segment
                segment.members[id(owed)] = owed.event
            self.ready.append(owed)

    def take(self, overhead: int, limit: int) -> list[Owed]:
        """The oldest ready events that make one request of at most `limit` bytes."""
        count = fitting((len(owed.event.body) for owed in self.ready), overhead, limit)
        self._under_way = [self.ready.popleft() for _ in range(count)]
        return list(self._under_way)

    def next_full(self, overhead: int, limit: int) -> list[EncodedEvent]:
        """What the next `take` would give, where it makes a full request: more waits behind it."""
        count = fitting((len(owed.event.body) for owed in self.ready), overhead, limit)
        return [owed.event for owed in islice(self.ready, count)] if count < len(self.ready) else []

    def settle(
        self, owed: Sequence[EncodedEvent], put_aside: Callable[[EncodedEvent], bool] | None = None
    ) -> list[Owed]:
        """End the taking: those in `owed` (perhaps shrunk) go back to the front, or aside; the others are returned."""
        still: dict[str, list[EncodedEvent]] = {}
        for event in owed:
            still.setdefault(event.uuid, []).append(event)
        settled: list[Owed] = []
        kept: list[Owed] = []
        for one in self._under_way:
            back = still.get(one.event.uuid)
            if not back:
                settled.append(self._forget(one))
                continue
            event = back.pop(0)
            self.bytes += len(event.body) - len(one.event.body)
            one.event = event
            if one.segment is not None:
                one.segment.members[id(one)] = event
            if put_aside is not None and put_aside(event):
                self.aside.append(one)
            else:
                kept.append(one)
        self._under_way = []
        self.ready.extendleft(reversed(kept))
        return settled

    def bring_back(self) -> None:
        """What was put aside may be taken again: it is older than all else."""
        self.ready.extendleft(reversed(self.aside))
        self.aside.clear()

    def expire(self) -> list[Owed]:
        """Drop what has waited too long."""
        horizon = self._clock.now() - self._most_seconds
        expired: list[Owed] = []
        for queue in (self.aside, self.ready, self.fresh):
            while queue and queue[0].since < horizon:
                expired.append(self._forget(queue.popleft()))
        return expired

    def release_stuck(self, seconds: float) -> None:
        """Let what the disk has not taken within `seconds` go without it."""
        horizon = self._clock.now() - seconds
        while self.fresh and self.fresh[0].since < horizon:
            self.ready.append(self.fresh.popleft())

    def clear(self) -> list[Owed]:
        """Let go of all but what is under way; what is on disk stays owed there. Gives back what is lost."""
        waiting = [*self.aside, *self.ready, *self.fresh]
        self.aside.clear()
        self.ready.clear()
        self.fresh.clear()
        self.bytes -= sum(len(owed.event.body) for owed in waiting)
        return [owed for owed in waiting if owed.segment is None]

    def _forget(self, owed: Owed) -> Owed:
        self.bytes -= len(owed.event.body)
        if owed.segment is not None:
            owed.segment.members.pop(id(owed), None)
        return owed
