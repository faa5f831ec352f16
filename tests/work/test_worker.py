"""The worker's turns, and how others wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from otel_posthog_ai.work.worker import Worker

LONG = 60.0


class Work:
    """Turns that are noted; one can be held up."""

    def __init__(self) -> None:
        self.turns: list[tuple[bool, bool]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.begun = threading.Event()
        self.fails = False
        self.worker = Worker(self.turn, lambda: LONG)

    def turn(self, everything: bool, final: bool) -> None:
        self.begun.set()
        self.may_go_on.wait(LONG)
        self.turns.append((everything, final))
        if self.fails:
            raise ValueError("secret")

    def hold_up(self) -> None:
        """The next turn begins and does not end."""
        assert self.worker.finish(time.monotonic() + LONG)
        self.begun.clear()
        self.may_go_on.clear()
        self.worker.wake()
        assert self.begun.wait(LONG)


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.may_go_on.set()
    made.worker.stop()


def test_who_waits_has_everything_passed_on(work: Work) -> None:
    assert work.worker.finish(time.monotonic() + LONG)
    assert work.turns[-1] == (True, False)
    assert work.worker.finish(time.monotonic() + LONG, final=True)
    assert work.turns[-1] == (True, True)


def test_a_turn_that_nobody_waits_for_does_what_is_due(work: Work) -> None:
    assert work.worker.finish(time.monotonic() + LONG)
    work.begun.clear()
    work.worker.wake()
    assert work.begun.wait(LONG)
    work.hold_up()
    assert (False, False) in work.turns


def test_who_is_woken_during_a_turn_takes_another_one(work: Work) -> None:
    work.hold_up()
    before = len(work.turns)
    work.worker.wake()
    work.begun.clear()
    work.may_go_on.set()
    assert work.begun.wait(LONG), "the nap would take a minute"
    assert len(work.turns) > before


def test_nobody_waits_longer_than_the_deadline(work: Work) -> None:
    work.hold_up()
    began = time.monotonic()
    assert not work.worker.finish(began + 0.05)
    assert not work.worker.finish(began - 1)
    assert time.monotonic() >= began + 0.05


def test_the_turn_that_was_under_way_is_not_the_one_that_was_asked_for(work: Work) -> None:
    work.hold_up()
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(work.worker.finish(time.monotonic() + LONG)))
    waiting.start()
    work.begun.clear()
    work.may_go_on.set()
    waiting.join(LONG)
    assert answers == [True]
    assert work.turns[-1] == (True, False)


def test_where_it_was_stopped_nobody_waits(work: Work) -> None:
    work.hold_up()
    work.worker.stop()
    assert work.worker.finish(time.monotonic() + LONG), "nothing is left to pass on"


def test_it_cannot_wait_for_itself() -> None:
    answers: list[bool] = []
    asked = threading.Event()

    def turn(everything: bool, final: bool) -> None:
        if everything and not answers:
            answers.append(worker.finish(time.monotonic() + LONG))
            asked.set()

    worker = Worker(turn, lambda: LONG)
    assert worker.finish(time.monotonic() + LONG)
    assert asked.is_set()
    assert answers == [False]
    worker.stop()


def test_it_goes_on_after_a_turn_that_failed(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    work.fails = True
    assert work.worker.finish(time.monotonic() + LONG)
    work.fails = False
    assert work.worker.finish(time.monotonic() + LONG)
    assert "goes on after ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_where_no_thread_can_be_started_whoever_waits_does_the_work(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    turns: list[tuple[bool, bool]] = []
    inner: list[bool] = []

    def turn(everything: bool, final: bool) -> None:
        turns.append((everything, final))
        inner.append(worker.finish(time.monotonic() + LONG))  # as a signal handler on top of this one

    worker = Worker(turn, lambda: LONG)
    assert "can't start new thread" in caplog.text
    assert worker.finish(time.monotonic() + LONG)
    assert worker.finish(time.monotonic() + LONG, final=True)
    assert turns == [(True, False), (True, True)]
    assert inner == [False, False]


def test_between_turns_it_naps_as_long_as_it_is_told() -> None:
    naps: list[float] = []
    done = threading.Event()

    def nap() -> float:
        naps.append(-1.0 if len(naps) < 20 else LONG)
        if len(naps) > 20:
            done.set()
        return naps[-1]

    turns: list[bool] = []
    worker = Worker(lambda everything, final: turns.append(everything), nap)
    assert done.wait(LONG), "what was due long ago is due now"
    assert len(turns) >= 20
    assert not any(turns)
    worker.stop()
