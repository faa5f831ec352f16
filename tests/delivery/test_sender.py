"""The outbox and its thread: what is promised to flush and shutdown, and to the events."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.delivery import Sender, pace
from otel_posthog_ai.delivery.ahead import Ahead
from otel_posthog_ai.delivery.chunks import Envelope
from otel_posthog_ai.work import pipeline

from .fault_server import HANGS, RESETS, Fault, FaultServer, Received, answer
from .samples import API_KEY, adds_up, make_events, within

NewSender = Callable[..., Sender]
pytestmark = pytest.mark.usefixtures("hurried")


def test_flush_against_a_hanging_server_returns_in_time_and_says_no(new_sender: NewSender) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(20))
        started = time.monotonic()
        assert sender.flush(within(1.0)) is False
        assert 0.9 < time.monotonic() - started < 1.2


def test_shutdown_against_a_hanging_server_returns_in_time_and_stops(new_sender: NewSender) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(200))
        assert server.wait_for(lambda s: s.requests)
        started = time.monotonic()
        assert sender.shutdown(within(2.0)) is False
        assert time.monotonic() - started < 2.2
        made = len(server.requests)
        server.play([])
        sender.put(make_events(3))
        assert sender.flush(within(1)) is False or sender.status()["waiting"] == 0
        time.sleep(0.5)
        assert len(server.requests) == made
        status = sender.status()
        assert adds_up(status)
        assert status["waiting"] == 0
        assert status["dropped"] == {"shutdown": 203}
        assert sender.shutdown(within(1)) is False


def test_a_flush_gives_up_when_a_full_round_failed(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(503)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        started = time.monotonic()
        assert sender.flush(within(20)) is False
        assert time.monotonic() - started < 3
        assert 4 <= len(server.requests) <= 8


def test_a_flush_while_a_request_runs_waits_for_it(new_sender: NewSender) -> None:
    with FaultServer(lambda _: Fault(delay=0.5)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(3))
        assert server.wait_for(lambda s: s.connections)
        sender.put(make_events(3))
        assert sender.flush(within(5)) is True
        assert len(set(server.uuids)) == 6


def test_a_flush_counts_what_is_put_meanwhile(new_sender: NewSender) -> None:
    meanwhile = make_events(1)

    def put_and_answer(_: object) -> Fault:
        sender.put([meanwhile.pop()] if meanwhile else [])
        return answer(200)

    with FaultServer(put_and_answer) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert sender.flush(within(5)) is True
        assert len(set(server.uuids)) == 2


def test_a_flush_during_which_an_event_was_lost_says_no(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(400)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert sender.flush(within(5)) is False
        assert sender.status()["dropped"] == {"refused": 1}
        assert sender.flush(within(5)) is True
        assert len(server.requests) == 1


def test_an_idle_app_delivers_after_an_outage_by_the_senders_own_clock(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(503)) as server:
        sender = new_sender(server.url)
        events = make_events(10)
        sender.put(events)
        assert server.wait_for(lambda s: len(s.requests) >= 8)
        server.play([])
        assert server.wait_for(lambda s: len(s.events) == 10)
        assert server.uuids == [event.uuid for event in events]
        assert sender.flush(within(1)) is True
        assert adds_up(sender.status())


def test_what_waits_is_bounded_in_bytes_and_the_oldest_goes_first(new_sender: NewSender) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url, outbox_bytes=20_000, timeout=1.0)
        first = make_events(1)
        sender.put(first)
        assert server.wait_for(lambda s: s.requests)
        events = make_events(30, size=1_000)
        for event in events:
            sender.put([event])
        sender.put(make_events(1, size=30_000))
        status = sender.status()
        assert status["waiting_bytes"] <= 20_000
        assert adds_up(status)
        dropped = status["dropped"]["outbox_full"]
        assert 15 < dropped < 20
        server.play([])
        assert sender.flush(within(5)) is True or sender.flush(within(5)) is True
        assert server.uuids == [first[0].uuid] + [event.uuid for event in events[dropped - 1 :]]


def test_what_waits_is_bounded_in_age(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(503)) as server:
        sender = new_sender(server.url, outbox_seconds=0.5)
        sender.put(make_events(3))
        assert server.wait_for(lambda _: sender.status()["waiting"] == 0, 8)
        status = sender.status()
        assert status["dropped"] == {"expired": 3}
        assert adds_up(status)


def test_a_refused_key_makes_flush_return_at_once(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(401)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(2))
        assert sender.flush(within(20)) is False
        started = time.monotonic()
        sender.put(make_events(2))
        assert sender.flush(within(20)) is False
        assert time.monotonic() - started < 0.2
        assert len(server.requests) == 1
        status = sender.status()
        assert status["paused"] == "the project key is refused"
        assert status["waiting"] == 4


def test_shutdown_delivers_and_is_idempotent(new_sender: NewSender) -> None:
    with FaultServer([RESETS["answer"], answer(500)]) as server:
        others = set(threading.enumerate())
        sender = new_sender(server.url)
        sender.put(make_events(50))
        assert sender.shutdown(within(5)) is True
        assert sender.shutdown(within(5)) is True
        assert len(set(server.uuids)) == 50
        for thread in set(threading.enumerate()) - others:
            if "posthog" in thread.name:
                thread.join(10)  # it has been told to end, and a busy machine lets it do so in its own time
                assert not thread.is_alive()


def test_shutdown_uses_its_time_for_waits_between_tries(new_sender: NewSender) -> None:
    with FaultServer([answer(503), answer(429, Retry_After="1")]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert sender.shutdown(within(5)) is True
        assert len(server.requests) == 3
        assert server.requests[2].at - server.requests[1].at >= 1.0


@pytest.fixture
def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has no threads left for us; the app's and the server's run already, as far as we care."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("otel-posthog-ai"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)


@pytest.mark.usefixtures("without_threads")
def test_without_threads_flushes_at_once_lose_and_double_nothing(new_sender: NewSender) -> None:
    first = threading.Event()

    def play(request: Received) -> Fault:
        if request.method == "POST" and not first.is_set():
            first.set()
            return Fault(delay=0.5)
        return answer(503)

    with FaultServer(play) as server:
        sender = new_sender(server.url, max_retries=0)
        sender.put(make_events(2))
        flushing = threading.Thread(target=sender.flush, args=(within(10),))
        flushing.start()
        assert first.wait(10)
        sender.put(make_events(3))
        began = time.monotonic()
        assert sender.flush(within(30)) is False
        assert time.monotonic() - began < 10, "nobody else will deliver, so there is nothing to wait for"
        flushing.join()
        status = sender.status()
        assert (status["sent"], status["waiting"]) == (2, 3)
        server.play([])
        assert sender.flush(within(10)) is True
        assert len(server.uuids) == len(set(server.uuids)) == 5
        assert sender.status()["waiting_bytes"] == 0


@pytest.mark.usefixtures("without_threads")
def test_without_threads_a_flush_keeps_its_time(new_sender: NewSender) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        began = time.monotonic()
        assert sender.flush(within(0.1)) is False
        assert time.monotonic() - began < 0.8


def test_two_threads_may_shut_down_at_once(new_sender: NewSender) -> None:
    with FaultServer(lambda _: Fault(delay=0.3)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(5))
        results: list[bool] = []
        threads = [threading.Thread(target=lambda: results.append(sender.shutdown(within(5)))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [True] * 4
        assert len(server.requests) == 1


def test_numbers_add_up_at_every_moment_of_a_mixed_run(new_sender: NewSender) -> None:
    turns = iter(range(10**9))
    statuses = [200, 503, 200, 413, 400, 200, 500, 200, 200]

    with FaultServer(lambda _: answer(statuses[next(turns) % len(statuses)])) as server:
        sender = new_sender(server.url, outbox_bytes=200_000)
        stop = threading.Event()

        def emit() -> None:
            while not stop.is_set():
                sender.put(make_events(3, size=500))
                time.sleep(0.001)

        threads = [threading.Thread(target=emit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(200):
            assert adds_up(sender.status())
            time.sleep(0.005)
        stop.set()
        for thread in threads:
            thread.join()
        server.play([])
        for _ in range(20):
            if sender.flush(within(5)):
                break
        status = sender.status()
        assert status["waiting"] == 0
        assert len(sender._outbox) == 0
        assert status["sent"] == len(server.uuids) == len(set(server.uuids))
        assert adds_up(status)


def test_put_costs_microseconds(new_sender: NewSender) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url)
        events = make_events(2000)
        started = time.thread_time()
        for event in events:
            sender.put([event])
        assert (time.thread_time() - started) / 2000 < 0.0005


@pytest.fixture
def gathers_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if making events took no time, however busy the machine is; nothing leaves before a flush."""
    monkeypatch.setattr(pace, "LONGEST_GATHERING", 60.0)
    monkeypatch.setattr(pipeline, "LONGEST_TICK", 60.0)


@pytest.mark.usefixtures("gathers_long")
def test_events_that_follow_one_another_leave_in_one_request_with_the_flush(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(200)) as server:
        sender = new_sender(server.url)
        sender.gather()
        for _ in range(5):
            sender.put(make_events(3))
            time.sleep(0.01)
        assert sender.flush(within(5)) is True
        assert len(set(server.uuids)) == 15
        assert len(server.requests) == 1


@pytest.mark.usefixtures("gathers_long")
def test_a_full_request_waits_for_nothing(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(200)) as server:
        sender = new_sender(server.url, compression="none")
        sender.gather()
        sender.put(make_events(7, size=800_000))
        assert server.wait_for(lambda s: s.requests)


def test_gathered_events_leave_soon_without_a_flush(new_sender: NewSender) -> None:
    with FaultServer(lambda _: answer(200)) as server:
        sender = new_sender(server.url)
        sender.gather()
        sender.put(make_events(1))
        assert server.wait_for(lambda s: s.requests)


@pytest.mark.usefixtures("gathers_long")
def test_many_spans_cost_a_flush_one_round_trip() -> None:
    with FaultServer(lambda _: answer(200)) as server:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(
            PostHogSpanProcessor(api_key="phc_gathering", host=server.url, flush_at=10, flush_interval_millis=60_000)
        )
        for _ in range(95):
            provider.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
        assert provider.force_flush() is True
        assert len(set(server.uuids)) == 95
        provider.shutdown()
        assert len(server.requests) == 1


def test_the_next_full_request_is_compressed_while_one_is_on_its_way(new_sender: NewSender) -> None:
    """The host holds the second answer back until the third body is there."""
    made = threading.Event()
    with FaultServer(lambda received: Fault() if len(received.batch) < 5 or made.wait(20) else answer(503)) as server:
        sender = new_sender(server.url, timeout=30.0)
        sender.put(make_events(1))
        assert sender.flush(within(20)) is True
        work = Ahead._work

        def noted(ahead: Ahead) -> None:
            work(ahead)
            made.set()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ahead, "_work", noted)
            events = make_events(20, size=800_000)
            sender.put(events)
            assert sender.flush(within(60)) is True
        assert sorted(server.uuids[1:]) == sorted(event.uuid for event in events)
        assert made.is_set()


def test_what_was_compressed_for_other_events_is_not_used() -> None:
    ahead = Ahead(Envelope(API_KEY, "gzip").body)
    events = make_events(3)
    ahead.begin(events)
    assert ahead.body_of(make_events(3)) is None
    assert ahead.body_of(events) is None, "it was thrown away"
    ahead.begin(events)
    body = ahead.body_of(list(events))
    assert body is not None
    sent = json.loads(gzip.decompress(body.ending_with(Envelope.tail(None))))
    assert [event["uuid"] for event in sent["batch"]] == [event.uuid for event in events]
