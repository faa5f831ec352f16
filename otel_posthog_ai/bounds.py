"""What is remembered has a bound, and so has every wait."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

LONGEST_WAIT = 365 * 24 * 3600.0
"""Seconds. Locks and sockets raise where they are to wait for longer than some decades."""


def seconds_to_wait(milliseconds: float) -> float:
    """So many milliseconds in seconds: a year at most, and not less than none.

    Callers say how long they would wait as they please: 0, less than that, infinity, what is no number at all.
    """
    seconds = milliseconds / 1000
    return min(seconds, LONGEST_WAIT) if seconds > 0 else 0.0


def forget_oldest(entries: dict[Any, Any], most: int) -> None:
    """Keep at most `most` entries: an eighth of that goes at once, so that the cost is spread over many."""
    surplus = len(entries) - most
    if surplus > 0:
        for key in list(entries)[: surplus + most // 8]:
            entries.pop(key, None)


class Lately:
    """By key, what was put or asked for lately: about `most_bytes` of it, and what was not asked for goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._young: dict[Hashable, tuple[Any, int]] = {}
        self._old: dict[Hashable, tuple[Any, int]] = {}
        self._young_bytes = self._old_bytes = 0

    @property
    def held_bytes(self) -> int:
        """All that is held, as its owner counts it."""
        return self._young_bytes + self._old_bytes

    def get(self, key: Hashable) -> Any:
        """What was put under this key; None where that was forgotten."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Hold a value of so many bytes."""
        self._young[key] = value, size
        self._young_bytes += size
        if self._young_bytes > self._most_bytes // 2:
            self._old, self._old_bytes = self._young, self._young_bytes
            self._young, self._young_bytes = {}, 0
