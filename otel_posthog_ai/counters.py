"""What happened to every event, in numbers that add up: queued = sent + dropped by delivery + still waiting."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from otel_posthog_ai import forks

NAMES = ("seen", "filtered", "merged", "queued", "sent", "retried", "shrunk")

# Reasons of delivery; other rooms add their own for what never became an event.
DELIVERY_REASONS = frozenset({"outbox_full", "expired", "refused", "too_large", "shutdown", "no_api_key"})
# What was dropped because somebody wants it so, or came twice.
_NO_LOSS = frozenset({"before_send", "repeated"})

_MOST_NOTED = 100
_PATIENCE = 0.1
"""Seconds. Only who interrupts the adding up in his own thread waits for so long, and may count one thing twice."""


class Counters:
    """Counts of events since the start of this process (`retried`: of repeated requests). Thread-safe.

    Who counts waits for nobody: a signal handler may come in the middle of counting, and wait for a thread that counts.
    A forked child starts at zero: what its parent did is counted by its parent.
    """

    def __init__(self) -> None:
        self._start_anew()
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._noted: deque[tuple[str, int, str | None]] = deque()
        """What was counted since the counts were added up last."""
        self._adding_up = threading.Lock()
        self._counts: dict[str, int] = dict.fromkeys(NAMES, 0)
        self._dropped: dict[str, int] = {}

    def add(self, name: str, n: int = 1, reason: str | None = None) -> None:
        """Count `n` more; `dropped` wants a reason."""
        self._noted.append((name, n, reason))
        if len(self._noted) > _MOST_NOTED and self._adding_up.acquire(blocking=False):
            try:
                self._add_up()
            finally:
                self._adding_up.release()

    def _add_up(self) -> None:
        while self._noted:
            _count(self._noted[0], self._counts, self._dropped)
            self._noted.popleft()

    def snapshot(self) -> dict[str, Any]:
        """All counts at one moment; `dropped` is a dict by reason."""
        if self._adding_up.acquire(timeout=_PATIENCE):
            try:
                self._add_up()
                return {**self._counts, "dropped": self._dropped.copy()}
            finally:
                self._adding_up.release()
        counts, dropped = self._counts.copy(), self._dropped.copy()
        for noted in list(self._noted):
            _count(noted, counts, dropped)
        return {**counts, "dropped": dropped}


def _count(noted: tuple[str, int, str | None], counts: dict[str, int], dropped: dict[str, int]) -> None:
    name, n, reason = noted
    if name == "dropped":
        key = reason if reason is not None else "unknown"
        dropped[key] = dropped.get(key, 0) + n
    else:
        counts[name] = counts.get(name, 0) + n


def lost(counts: Mapping[str, Any]) -> int:
    """How many spans and events should have arrived and never will, in a snapshot."""
    return sum(n for reason, n in counts["dropped"].items() if reason not in _NO_LOSS)


def waiting(counts: Mapping[str, Any]) -> int:
    """How many events were queued, and neither sent nor dropped since, in a snapshot."""
    undelivered = sum(n for reason, n in counts["dropped"].items() if reason in DELIVERY_REASONS)
    return int(counts["queued"] - counts["sent"] - undelivered)
