"""What happened to every event, in numbers that add up: queued = sent + dropped by delivery + still waiting."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from otel_posthog_ai import forks

NAMES = ("seen", "filtered", "merged", "queued", "sent", "retried", "shrunk")

# Reasons of delivery; other rooms add their own for what never became an event.
DELIVERY_REASONS = frozenset({"outbox_full", "expired", "refused", "too_large", "shutdown", "no_api_key"})
# What was dropped because somebody wants it so, or came twice.
_NO_LOSS = frozenset({"before_send", "repeated"})


class Counters:
    """Counts of events since the start of this process (`retried`: of repeated requests). Thread-safe.

    A forked child starts at zero: what its parent did is counted by its parent.
    """

    def __init__(self) -> None:
        self._start_anew()
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._lock = threading.RLock()  # A finalizer or a signal handler may count in the middle of counting.
        self._counts: dict[str, int] = dict.fromkeys(NAMES, 0)
        self._dropped: dict[str, int] = {}

    def add(self, name: str, n: int = 1, reason: str | None = None) -> None:
        """Count `n` more; `dropped` wants a reason."""
        with self._lock:
            if name == "dropped":
                key = reason if reason is not None else "unknown"
                self._dropped[key] = self._dropped.get(key, 0) + n
            else:
                self._counts[name] = self._counts.get(name, 0) + n

    def snapshot(self) -> dict[str, Any]:
        """All counts at one moment; `dropped` is a dict by reason."""
        with self._lock:
            return {**self._counts, "dropped": dict(self._dropped)}


def lost(counts: Mapping[str, Any]) -> int:
    """How many spans and events should have arrived and never will, in a snapshot."""
    return sum(n for reason, n in counts["dropped"].items() if reason not in _NO_LOSS)


def undelivered(counts: Mapping[str, Any]) -> int:
    """How many events were queued and then dropped, in a snapshot."""
    return sum(n for reason, n in counts["dropped"].items() if reason in DELIVERY_REASONS)
