"""What waits: bounded, in order, and no older than the time in which it could have left."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.delivery.encoding import EncodedEvent
from otel_posthog_ai.delivery.outbox import AwakeClock, Outbox

from .samples import make_events


def event(number: int, size: int) -> EncodedEvent:
    return EncodedEvent("$ai_span", str(number), b"x" * size)


def test_a_freeze_does_not_age_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outbox = Outbox(10_000, 60.0, longest_gap=15.0)
    outbox.add(make_events(2), spooled_first=False)
    now += 10_000
    assert outbox.expire() == []
    for _ in range(10):
        now += 5
        outbox.expire()
    assert len(outbox) == 0


def test_the_awake_clock_runs_like_any_other_while_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = AwakeClock(15.0)
    for _ in range(100):
        now += 1.5
        clock.now()
    assert clock.now() == pytest.approx(150.0)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.lists(st.integers(1, 400), min_size=1, max_size=6)),
            st.tuples(st.just("take"), st.lists(st.booleans(), min_size=20, max_size=20)),
        ),
        max_size=30,
    )
)
def test_whatever_happens_the_bytes_are_right_and_every_event_is_accounted_for(
    steps: list[tuple[str, list[int]]],
) -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    added: list[str] = []
    ended: list[str] = []
    for what, values in steps:
        if what == "add":
            events = [event(len(added) + index, size) for index, size in enumerate(values)]
            added += [one.uuid for one in events]
            ended += [owed.event.uuid for owed in outbox.add(events, spooled_first=False)]
        else:
            taken = outbox.take(10, 700)
            owed = [one.event for one, keep in zip(taken, values, strict=False) if keep]
            ended += [one.event.uuid for one in outbox.settle(owed)]
        waiting = [owed.event for owed in outbox.ready]
        assert outbox.bytes == sum(len(one.body) for one in waiting) <= 1000
        assert [one.uuid for one in waiting] == sorted((one.uuid for one in waiting), key=int)
        assert sorted(ended + [one.uuid for one in waiting]) == sorted(added)


def test_an_event_that_came_back_smaller_weighs_less() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 900)], spooled_first=False)
    assert [one.event.uuid for one in outbox.take(10, 1000)] == ["0"]
    assert outbox.settle([event(0, 100)]) == []
    assert outbox.bytes == 100
    assert outbox.add([event(1, 800)], spooled_first=False) == []
    assert [one.event.uuid for one in outbox.take(10, 1000)] == ["0", "1"]
