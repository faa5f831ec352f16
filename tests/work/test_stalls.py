"""A full queue slows the threads that end spans, by a bound that is stated: then spans are dropped and counted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from otel_posthog_ai.work import sorting
from tests.stages import Stages, provider_of
from tests.traced import CHAT

SPANS = 2_000
UNSORTED = 10
A_SPAN = 0.002
"""Seconds that the app takes for a span otherwise."""


class Clock:
    """Time that passes only where somebody sleeps, and then `late` seconds more than was asked for."""

    def __init__(self, late: float) -> None:
        self.now = 0.0
        self.late = late
        self.longest = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late


@pytest.mark.parametrize("late", [0.0, 0.0005, 0.02])
def test_a_thread_is_slowed_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch, late: float) -> None:
    """Nobody reads: every span finds the queue full. Whoever is let go on late pays for that with later waits."""
    monkeypatch.setattr(sorting, "MOST_UNSORTED", UNSORTED)
    stages = Stages(max_queue_size=100)
    tracer = provider_of(stages).get_tracer("app")
    clock = Clock(late)
    monkeypatch.setattr(sorting, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep))
    longest = 0.0
    for _ in range(SPANS):
        before = clock.now
        tracer.start_span("chat", attributes=CHAT).end()
        longest = max(longest, clock.now - before)
        clock.now += A_SPAN
    others = clock.now - A_SPAN * SPANS
    most = sorting.STALL_RESERVE + sorting.STALL_SHARE * clock.now
    assert 0.5 * most < others <= most + sorting.LONGEST_STALL + late
    assert longest <= sorting.LONGEST_STALL + 0.0005 + late
    assert stages.counters.snapshot()["dropped"] == {"queue_full": SPANS - 100 - UNSORTED}


def test_a_burst_waits_for_the_worker_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that reads one span a look makes room for each span of a burst that fits into the reserve."""
    stages = Stages(max_queue_size=100, flush_at=1)
    tracer = provider_of(stages).get_tracer("app")
    clock = Clock(0.0)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        stages.queue_batch()

    monkeypatch.setattr(sorting, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=sleep))
    burst = 100 + sorting.MOST_UNSORTED + int(0.9 * sorting.STALL_RESERVE / 0.0005)
    for _ in range(burst):
        tracer.start_span("chat", attributes=CHAT).end()
    assert not stages.counters.snapshot()["dropped"]
