"""Behind the app's back work is done in pieces, between which others may run; who waits for it gets it in one go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai import giving_way as room
from otel_posthog_ai.giving_way import LONGEST_PIECE_WHILE_BUSY, give_way, giving_way, hurried
from tests.receiver import Receiver

PIECE = 2 * LONGEST_PIECE_WHILE_BUSY


class Gaps:
    """Counts the moments that a thread leaves to others, by its name."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}
        self.pause = time.sleep

    def sleep(self, seconds: float) -> None:
        name = threading.current_thread().name
        self.of[name] = self.of.get(name, 0) + 1
        self.pause(seconds)

    @property
    def here(self) -> int:
        return self.of.get(threading.current_thread().name, 0)


@pytest.fixture
def gaps(monkeypatch: pytest.MonkeyPatch) -> Gaps:
    found = Gaps()
    monkeypatch.setattr(room.time, "sleep", found.sleep)
    return found


def _work(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_thread_behind_the_app_leaves_a_gap_after_each_piece(gaps: Gaps) -> None:
    with giving_way():
        for done in range(1, 4):
            _work(PIECE)
            give_way()
            assert gaps.here == done
        give_way()
    assert gaps.here == 3  # nothing was done since


def test_a_thread_of_the_app_leaves_none(gaps: Gaps) -> None:
    _work(PIECE)
    give_way()
    assert gaps.here == 0


def test_nobody_leaves_a_gap_while_somebody_waits(gaps: Gaps) -> None:
    with giving_way():
        with hurried():
            _work(PIECE)
            give_way()
        assert gaps.here == 0
        give_way()
        assert gaps.here == 1


def _history(size: int) -> str:
    return json.dumps([{"role": "user", "content": "said " * 200}] * (size // 1000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_in_a_forked_child_nobody_waits_who_waited_in_the_parent() -> None:
    with hurried():
        child = os.fork()
        if child == 0:  # the thread that waits for the flush stays in the parent
            os._exit(room._hurried)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert room._hurried == 1


def test_a_megabyte_of_messages_is_read_in_pieces_by_the_worker(gaps: Gaps, receiver: Receiver) -> None:
    processor = PostHogSpanProcessor(api_key="phc_x", host=receiver.url, flush_at=1)
    _end_a_call(processor, "said " * 200)
    processor.sort_out()
    end = time.monotonic() + 30
    while not receiver.events and time.monotonic() < end:
        gaps.pause(0.01)
    assert receiver.events
    assert sum(count for name, count in gaps.of.items() if name != "MainThread") >= 3
    processor.shutdown()


def test_a_flush_is_done_in_one_go(gaps: Gaps, receiver: Receiver) -> None:
    processor = PostHogSpanProcessor(api_key="phc_x", host=receiver.url, flush_at=512)
    _end_a_call(processor, "asked " * 160)
    assert processor.force_flush()
    assert receiver.events
    assert gaps.here == 0
    processor.shutdown()


def _end_a_call(processor: PostHogSpanProcessor, text: str) -> None:
    """A call of a model with a megabyte of messages."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    messages = json.dumps([{"role": "user", "content": f"{number} {text}"} for number in range(1_000)])
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": messages}
    provider.get_tracer("app").start_span("chat", attributes=attributes).end()


BELOW_GEVENT = """
from gevent import monkey; monkey.patch_all()
import os, threading, time
from otel_posthog_ai.giving_way import LONGEST_PIECE, give_way, giving_way

worked_in = []

def work():
    with giving_way():
        while True:
            end = time.perf_counter() + 2 * LONGEST_PIECE
            while time.perf_counter() < end:
                pass
            worked_in.append(os.getpid())
            give_way()

threading.Thread(target=work, daemon=True).start()
while len(worked_in) < 3:
    time.sleep(0.001)
# The worker is giving way now: nobody else would run.
child = os.fork()
if child == 0:
    for _ in range(20):
        time.sleep(0.001)
    os._exit(worked_in.count(os.getpid()) > 0)
assert os.waitpid(child, 0)[1] == 0, "the parent's work went on in the child"
before = len(worked_in)
while len(worked_in) == before:
    time.sleep(0.001)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_greenlet_does_not_go_on_with_its_work_in_a_forked_child() -> None:
    pytest.importorskip("gevent")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BELOW_GEVENT], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
