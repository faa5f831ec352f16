"""What waits: bounded, in order, and no older than the time in which it could have left."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.delivery.encoding import EncodedEvent
from otel_posthog_ai.delivery.outbox import AwakeClock, Outbox
from otel_posthog_ai.delivery.spool import Segment

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
            before = len(outbox)
            taken = outbox.take(10, 700)
            assert len(outbox) == before, "what is under way is still owed"
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


def _waiting(outbox: Outbox) -> tuple[list[str], list[str]]:
    return [owed.event.uuid for owed in outbox.fresh], [owed.event.uuid for owed in outbox.ready]


def test_what_still_fits() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    assert outbox.room() == 1000
    outbox.add([event(0, 999)], spooled_first=False)
    assert outbox.room() == 1
    outbox.add([event(1, 1)], spooled_first=True)
    assert outbox.room() == 0
    outbox.take(10, 1000)
    outbox.settle([event(0, 2000)])
    assert outbox.room() == 0, "what came back heavier takes no room that is not there"


def test_an_event_that_can_never_fit_costs_nobody_elses_place() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 600)], spooled_first=False)
    dropped = outbox.add([event(1, 1001), event(2, 400)], spooled_first=False)
    assert [owed.event.uuid for owed in dropped] == ["1"]
    assert _waiting(outbox) == ([], ["0", "2"])
    assert outbox.add([event(3, 1000)], spooled_first=False) != []
    assert _waiting(outbox) == ([], ["3"])


def test_what_is_ready_goes_before_what_the_disk_has_yet_to_take() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 400), event(1, 400)], spooled_first=True)
    outbox.add([event(2, 200)], spooled_first=False)
    assert len(outbox) == 3
    assert [owed.event.uuid for owed in outbox.add([event(3, 300)], spooled_first=False)] == ["2", "3"]
    assert [owed.event.uuid for owed in outbox.add([event(4, 300)], spooled_first=True)] == ["0"]
    assert len(outbox) == 2
    assert (_waiting(outbox), outbox.bytes) == ((["1", "4"], []), 700)


def test_what_the_disk_took_is_ready_and_remembers_where_it_lies() -> None:
    outbox, segment = Outbox(1000, 60.0, longest_gap=15.0), Segment("0001", 0)
    outbox.add([event(0, 10), event(1, 10), event(2, 10)], spooled_first=True)
    first, second, third = outbox.fresh
    assert not outbox.is_on_disk()
    outbox.spooled([first, second], segment)
    assert _waiting(outbox) == (["2"], ["0", "1"])
    assert [owed.segment for owed in (first, second, third)] == [segment, segment, None]
    assert segment.members == {id(first): first.event, id(second): second.event}
    assert not outbox.is_on_disk(), "one is still to be written"
    outbox.spooled([third], segment)
    assert outbox.is_on_disk()
    outbox.take(10, 25)
    assert outbox.is_on_disk(), "what is under way lies there, too"
    outbox.settle([])
    assert (len(segment.members), outbox.bytes) == (2, 20)


def test_what_the_disk_refused_is_ready_without_it() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 10), event(1, 10)], spooled_first=True)
    outbox.spooled(list(outbox.fresh), None)
    assert _waiting(outbox) == ([], ["0", "1"])
    assert not outbox.is_on_disk()
    outbox.take(10, 25)
    assert not outbox.is_on_disk(), "nor is what is under way"


def test_what_came_back_smaller_is_what_lies_on_disk_from_now_on() -> None:
    outbox, segment = Outbox(1000, 60.0, longest_gap=15.0), Segment("0001", 0)
    outbox.add([event(0, 900)], spooled_first=True)
    outbox.spooled(list(outbox.fresh), segment)
    outbox.take(10, 1000)
    smaller = event(0, 100)
    outbox.settle([smaller])
    assert list(segment.members.values()) == [smaller]
    assert outbox.ready[0].event is smaller


def test_what_an_earlier_process_left_goes_first_and_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outbox, segment = Outbox(1000, 60.0, longest_gap=15.0), Segment("0001", 0)
    outbox.add_recovered([(event(0, 30), segment), (event(1, 20), segment)])
    assert outbox.oldest_seconds() == 0.0
    now += 10.0
    outbox.add([event(3, 10)], spooled_first=False)
    outbox.add_recovered([(event(2, 10), segment)])
    assert _waiting(outbox) == ([], ["2", "0", "1", "3"])
    assert (outbox.bytes, outbox.oldest_seconds()) == (70, 10.0)
    assert sorted(one.uuid for one in segment.members.values()) == ["0", "1", "2"]
    for _ in range(5):
        now += 10.0
        assert outbox.expire() == [], "at the end of its time it is not over it"
    now += 0.5
    assert [owed.event.uuid for owed in outbox.expire()] == ["2", "0", "1"]
    assert (segment.members, outbox.bytes) == ({}, 10)


def test_the_oldest_may_wait_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    assert outbox.oldest_seconds() == 0.0
    outbox.add([event(0, 10)], spooled_first=False)
    outbox.take(10, 1000)
    now += 2
    assert outbox.oldest_seconds() == 2.0, "under way"
    outbox.settle([])
    outbox.add([event(1, 10)], spooled_first=True)
    now += 3
    outbox.add([event(2, 10)], spooled_first=False)
    assert outbox.oldest_seconds() == 3.0, "not written yet"


def test_the_disk_holds_nobody_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 10), event(1, 10)], spooled_first=True)
    now += 4
    outbox.add([event(2, 10)], spooled_first=True)
    outbox.release_stuck(4.0)
    assert _waiting(outbox) == (["0", "1", "2"], [])
    now += 1
    outbox.release_stuck(4.0)
    assert _waiting(outbox) == (["2"], ["0", "1"])


def test_both_queues_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outbox = Outbox(1000, 10.0, longest_gap=15.0)
    outbox.add([event(0, 10)], spooled_first=True)
    outbox.add([event(1, 10)], spooled_first=False)
    now += 11
    outbox.add([event(2, 10)], spooled_first=False)
    assert sorted(owed.event.uuid for owed in outbox.expire()) == ["0", "1"]
    assert (_waiting(outbox), outbox.bytes) == (([], ["2"]), 10)


def test_at_the_end_only_what_is_on_no_disk_is_lost() -> None:
    outbox, segment = Outbox(1000, 60.0, longest_gap=15.0), Segment("0001", 0)
    outbox.add([event(0, 10)], spooled_first=True)
    outbox.spooled(list(outbox.fresh), segment)
    outbox.add([event(1, 20)], spooled_first=False)
    outbox.add([event(2, 30)], spooled_first=True)
    outbox.take(10, 15)
    outbox.settle([event(0, 10)])
    assert [owed.event.uuid for owed in outbox.clear()] == ["1", "2"]
    assert (_waiting(outbox), outbox.bytes) == (([], []), 0)
    assert len(segment.members) == 1


def test_two_events_of_one_id_are_two() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 10), event(0, 20)], spooled_first=False)
    outbox.take(10, 1000)
    assert len(outbox.settle([event(0, 10)])) == 1
    assert (len(outbox.ready), outbox.bytes) == (1, 10)


def test_the_next_request_is_told_once_it_is_full() -> None:
    outbox = Outbox(1000, 60.0, longest_gap=15.0)
    outbox.add([event(0, 200), event(1, 200)], spooled_first=False)
    assert outbox.next_full(100, 600) == [], "more may come until it leaves"
    outbox.add([event(2, 200)], spooled_first=False)
    assert [one.uuid for one in outbox.next_full(100, 600)] == ["0", "1"]
    assert [one.uuid for one in outbox.next_full(100, 310)] == ["0"]
    assert [one.uuid for one in outbox.next_full(350, 600)] == ["0"], "what stands around the events counts"
    assert [owed.event.uuid for owed in outbox.take(100, 600)] == ["0", "1"], "and nothing was taken"
