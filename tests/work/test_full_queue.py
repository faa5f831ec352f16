"""What a full queue loses is not waited for, not remembered, and named by nobody; and the queue keeps its bound."""

from __future__ import annotations

import threading

import pytest

from otel_posthog_ai.work import sorting
from tests.stages import Stages, all_unread, provider_of
from tests.traced import AGENT, CHAT


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Stages:
    """Two spans may wait that were looked at, none that was not, and nobody waits for room."""
    monkeypatch.setattr(sorting, "MOST_UNSORTED", 0)
    monkeypatch.setattr(sorting, "LONGEST_STALL", 0.0)
    return Stages(max_queue_size=2, flush_at=1)


def test_what_ran_below_a_lost_span_hangs_on_the_one_above_it(stages: Stages) -> None:
    provider = provider_of(stages)
    tracer, framework = provider.get_tracer("app"), provider.get_tracer("framework")
    with tracer.start_as_current_span("outer", attributes=AGENT) as outer:
        with framework.start_as_current_span("inner", attributes=CHAT):
            tracer.start_span("chat", attributes=CHAT).end()
            stages.queue_ended()
            stages.read_queued()
            stages.release(everything=False)
            assert not stages.events, "the span around it may tell of the same call"
            for _ in range(2):
                tracer.start_span("one more", attributes=CHAT).end()
        assert stages.counters.snapshot()["dropped"] == {"queue_full": 1}
        stages.release(everything=False)
        (chat,) = stages.events
        trace_id = f"{outer.get_span_context().trace_id:032x}"
        assert chat["properties"]["$ai_parent_id"] == trace_id, "the one above is the root"


@pytest.mark.parametrize("room", [1, 2, 3])
def test_as_many_are_chosen_as_there_is_room_for(room: int) -> None:
    stages = Stages(max_queue_size=room)
    tracer = provider_of(stages).get_tracer("app")
    for _ in range(3):
        tracer.start_span("chat", attributes=CHAT).end()
    stages._sorter.sort_out()
    assert len(stages._sorter.next_batch()) == room
    assert stages._sorter.queued == 3 - room, "the others wait for their turn"
    assert not stages.counters.snapshot()["dropped"]


def test_lost_spans_are_not_remembered_as_on_their_way(stages: Stages) -> None:
    tracer = provider_of(stages).get_tracer("app")
    for _ in range(500):
        tracer.start_span("chat", attributes=CHAT).end()
    unread = stages.room.hierarchy.unread
    assert len(all_unread(unread)) == 2
    assert len(unread._arriving["app"]) == len(unread._arriving_of) == 2
    stages.leave()
    assert not unread._arriving["app"]
    assert not unread._arriving_of


def test_what_came_while_the_worker_was_sorting_is_looked_at_by_those_who_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sorting, "MOST_UNSORTED", 10)
    monkeypatch.setattr(sorting, "LONGEST_STALL", 0.0)
    stages = Stages(max_queue_size=100)
    tracer = provider_of(stages).get_tracer("app")
    sorting_begins, over = threading.Event(), threading.Event()

    def sort() -> None:
        with stages._sorter.lock:
            sorting_begins.set()
            over.wait(10)

    worker = threading.Thread(target=sort)
    worker.start()
    assert sorting_begins.wait(10)
    for _ in range(300):
        tracer.start_span("chat", attributes=CHAT).end()
    over.set()
    worker.join()
    assert stages._sorter.queued == 300
    for _ in range(100):
        tracer.start_span("chat", attributes=CHAT).end()
    assert stages._sorter.queued <= 100 + 10
