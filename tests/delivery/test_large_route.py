"""The route for large events fails for itself: all else is delivered meanwhile, and nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from otel_posthog_ai.delivery import EncodedEvent, Poster, Sender
from otel_posthog_ai.delivery.routes import BATCH, LARGE

from .fault_server import OK, Fault, FaultServer, Play, Received, answer
from .samples import adds_up, make_events, within

NewSender = Callable[..., Sender]
pytestmark = pytest.mark.usefixtures("hurried")

MEGABYTE = 1_200_000


def only(path: str, fault: Fault) -> Play:
    """Play the fault to whoever posts to the path."""
    return lambda request: fault if request.path == path and request.method == "POST" else OK


def asked(server: FaultServer, path: str) -> list[Received]:
    return [each for each in server.requests if each.path == path]


def large_and_small() -> list[EncodedEvent]:
    return [*make_events(1, MEGABYTE), *make_events(2)]


@pytest.mark.parametrize(
    "fault", [answer(503), answer(429), answer(429, Retry_After="200"), answer(401)], ids=["503", "429", "rest", "401"]
)
def test_small_events_pass_by_large_ones_whose_route_fails(new_sender: NewSender, fault: Fault) -> None:
    with FaultServer(only(LARGE.path, fault)) as server:
        sender = new_sender(server.url, max_retries=0)
        sender.put(large_and_small())
        began = time.monotonic()
        assert sender.flush(within(60)) is False
        assert len(server.uuids) == 2
        sender.put(make_events(3))
        assert server.wait_for(lambda running: len(running.uuids) == 5), "without a flush, and without a rest"
        assert sender.flush(within(60)) is False
        assert time.monotonic() - began < 20, "what the host will not take in time is not waited for"
        status = sender.status()
        assert adds_up(status)
        assert (status["sent"], status["waiting"], status["paused"]) == (5, 1, None)
        assert status["waiting_bytes"] > MEGABYTE


def test_they_follow_when_their_route_takes_them(new_sender: NewSender) -> None:
    with FaultServer(only(LARGE.path, answer(503))) as server:
        sender = new_sender(server.url, max_retries=0)
        sender.put(large_and_small())
        assert sender.flush(within(60)) is False
        server.play([])
        assert server.wait_for(lambda running: len(running.uuids) == 3), "by the sender's own clock"
        assert sender.flush(within(60)) is True
        assert len(set(server.uuids)) == len(server.uuids) == 3
        assert (sender.status()["shrunk"], sender.status()["waiting_bytes"]) == (0, 0)


def test_a_route_that_asks_for_a_rest_gets_it(new_sender: NewSender) -> None:
    with FaultServer(only(LARGE.path, answer(429, Retry_After="200"))) as server:
        sender = new_sender(server.url)
        for _ in range(3):
            sender.put(large_and_small())
            assert sender.flush(within(1)) is False
        assert len(asked(server, LARGE.path)) == 1
        assert len(server.uuids) == 6


def test_large_events_that_wait_leave_room_for_the_others(new_sender: NewSender) -> None:
    with FaultServer(only(LARGE.path, answer(503))) as server:
        sender = new_sender(server.url, max_retries=0, outbox_bytes=4_000_000)
        sender.put(make_events(3, MEGABYTE))
        assert sender.flush(within(60)) is False
        sender.put_patiently(make_events(2, MEGABYTE // 2))
        assert server.wait_for(lambda running: len(running.uuids) == 2)
        assert sender.status()["dropped"] == {"outbox_full": 1}
        assert adds_up(sender.status())


def test_what_waits_apart_is_dropped_at_the_end_and_counted(new_sender: NewSender) -> None:
    with FaultServer(only(LARGE.path, answer(503))) as server:
        sender = new_sender(server.url, max_retries=0)
        sender.put(large_and_small())
        assert sender.shutdown(within(10)) is False
        assert sender.status()["dropped"] == {"shutdown": 1}
        assert (len(server.uuids), sender.status()["waiting_bytes"]) == (2, 0)


def test_where_every_event_goes_that_way_it_is_the_host_that_fails(new_sender: NewSender) -> None:
    with FaultServer(only(LARGE.path, answer(401))) as server:
        sender = new_sender(server.url, large_events="ai_route")
        sender.put(make_events(2))
        assert sender.flush(within(60)) is False
        assert sender.status()["paused"] is not None


def test_where_the_usual_route_fails_the_large_events_are_not_lost(new_sender: NewSender) -> None:
    with FaultServer(only(BATCH.path, answer(503))) as server:
        sender = new_sender(server.url, max_retries=0)
        sender.put(large_and_small())
        assert sender.flush(within(60)) is False
        server.play([])
        assert sender.flush(within(60)) is True
        assert len(set(server.uuids)) == len(server.uuids) == 3


def test_whoever_posts_without_a_sender_gets_back_what_waits(new_poster: Callable[..., tuple[Poster, object]]) -> None:
    with FaultServer(only(LARGE.path, answer(503))) as server:
        poster, _ = new_poster(server.url, max_retries=0)
        large, *small = large_and_small()
        assert poster.post([large, *small], within(10)) == [large]
        more = make_events(1)
        assert poster.post([large, *more], within(10)) == [large]
        assert poster.hindrance is not None
        assert len(asked(server, LARGE.path)) == 1, "it rests"
        assert len(server.uuids) == 3
        server.play([])
        poster.large_route.hurry()
        assert poster.post([large], within(10)) == []
