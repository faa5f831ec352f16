"""One round: what is delivered, what is divided, what is shrunk, what comes back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, Poster, encode, poster, routes

from .fault_server import OK, WEB_PAGE, Fault, FaultServer, Received, answer
from .samples import API_KEY, make_event, make_events, within

NewPoster = Callable[..., tuple[Poster, Counters]]
pytestmark = pytest.mark.usefixtures("hurried")


def uuids(events: list[EncodedEvent]) -> list[str]:
    return [event.uuid for event in events]


def test_400_bisects_until_only_the_offenders_are_lost(new_poster: NewPoster) -> None:
    events = make_events(64)
    poison = {events[5].uuid, events[40].uuid}

    def refuse(received: Received) -> Fault:
        return answer(400) if poison & {event["uuid"] for event in received.batch} else OK

    with FaultServer(refuse) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10)) == []
        assert set(server.uuids) == set(uuids(events)) - poison
        assert len(server.uuids) == 62
        assert len(server.requests) < 30
    assert counters.snapshot()["dropped"] == {"refused": 2}
    assert counters.snapshot()["sent"] == 62


def test_413_halves_and_the_next_round_knows_the_size(new_poster: NewPoster) -> None:
    def limited(received: Received) -> Fault:
        return answer(413) if len(received.text) > 200_000 else OK

    with FaultServer(limited) as server:
        post, counters = new_poster(server.url)
        assert post.post(make_events(100, size=10_000), within(10)) == []
        assert counters.snapshot()["sent"] == 100
        before = len(server.requests)
        assert post.post(make_events(100, size=10_000), within(10)) == []
        later = server.requests[before:]
    assert all(len(request.text) <= 200_000 for request in later)


def test_a_single_event_that_is_too_large_is_shrunk_once(new_poster: NewPoster) -> None:
    def limited(received: Received) -> Fault:
        return answer(413) if len(received.text) > 100_000 else OK

    events = [encode(make_event(size=500_000)), *make_events(1)]
    with FaultServer(limited) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10)) == []
        assert set(server.uuids) == set(uuids(events))
    assert counters.snapshot()["shrunk"] == 1
    assert counters.snapshot()["dropped"] == {}


def test_a_small_event_that_is_too_large_is_dropped_and_counted(new_poster: NewPoster) -> None:
    with FaultServer(lambda _: answer(413)) as server:
        post, counters = new_poster(server.url)
        assert post.post(make_events(1), within(5)) == []
        assert len(server.requests) == 1
    assert counters.snapshot()["dropped"] == {"too_large": 1}


def test_large_events_take_the_large_route_and_others_the_usual_one(new_poster: NewPoster) -> None:
    events = [*make_events(2), *make_events(2, size=2_000_000)]
    with FaultServer() as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10)) == []
        paths = {request.path: [event["uuid"] for event in request.batch] for request in server.requests}
    assert paths == {"/batch/": uuids(events[:2]), "/i/v0/ai/batch/": uuids(events[2:])}
    assert counters.snapshot()["shrunk"] == 0


@pytest.mark.parametrize("missing", [answer(404), answer(405), WEB_PAGE, answer(301, Location="/login")])
def test_where_the_large_route_is_missing_events_are_shrunk_and_that_is_remembered(
    new_poster: NewPoster, missing: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def old_version(received: Received) -> Fault:
        return OK if received.path == "/batch/" else missing

    with FaultServer(old_version) as server:
        post, counters = new_poster(server.url)
        for _ in range(2):
            assert post.post(make_events(1, size=2_000_000), within(10)) == []
        assert [request.path for request in server.requests] == ["/i/v0/ai/batch/", "/batch/", "/batch/"]
        assert all(len(request.text) < 984_000 for request in server.requests[1:])
        assert counters.snapshot()["shrunk"] == 2
        monkeypatch.setitem(routes._missing, server.url, time.monotonic() - 3601)
        assert routes.has_large_route(server.url)


def test_a_host_that_takes_no_gzip_gets_none_from_then_on(new_poster: NewPoster) -> None:
    def plain_only(received: Received) -> Fault:
        return OK if "content-encoding" not in received.headers else answer(415)

    events = make_events(4)
    with FaultServer(plain_only) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10), post.body(events)) == []
        assert post.post(make_events(1), within(10)) == []
        assert [("content-encoding" in each.headers, len(each.batch)) for each in server.requests] == [
            (True, 4),
            (False, 4),
            (False, 1),
        ]
        assert server.uuids[:4] == uuids(events)
    assert counters.snapshot()["dropped"] == {}


def test_an_event_of_a_form_that_is_not_taken_is_refused_alone(new_poster: NewPoster) -> None:
    events = make_events(3)

    def picky(received: Received) -> Fault:
        return answer(415) if events[1].uuid in received.text.decode() else OK

    with FaultServer(picky) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10)) == []
        assert sorted(server.uuids) == sorted([events[0].uuid, events[2].uuid])
    assert counters.snapshot()["dropped"] == {"refused": 1}


@pytest.mark.parametrize("status", [400, 413])
def test_what_the_large_route_refuses_goes_shrunk_by_the_usual_one(new_poster: NewPoster, status: int) -> None:
    def picky(received: Received) -> Fault:
        return OK if received.path == "/batch/" else answer(status)

    events = make_events(2, size=1_200_000)
    with FaultServer(picky) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(10)) == []
        assert sorted(server.uuids) == sorted(uuids(events))
    assert counters.snapshot()["dropped"] == {}
    assert counters.snapshot()["shrunk"] == 2


def test_an_event_over_eight_mebibytes_is_shrunk_for_the_large_route(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, _ = new_poster(server.url)
        assert post.post(make_events(1, size=9_000_000), within(10)) == []
        (request,) = server.requests
    assert request.path == "/i/v0/ai/batch/"
    assert 8_300_000 < len(request.text) < 8_389_000


@pytest.mark.parametrize(
    ("large_events", "paths"),
    [("shrink", ["/batch/"]), ("ai_route", ["/batch/", "/i/v0/ai/batch/"]), ("auto", ["/batch/", "/i/v0/ai/batch/"])],
)
def test_the_option_large_events(new_poster: NewPoster, large_events: str, paths: list[str]) -> None:
    events = [encode(make_event(size=1_500_000)), encode(make_event("survey sent"))]
    with FaultServer() as server:
        post, _ = new_poster(server.url, large_events=large_events)
        assert post.post(events, within(10)) == []
        assert [request.path for request in server.requests] == paths
        assert set(server.uuids) == set(uuids(events))


def test_ai_route_sends_small_events_there_too(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, _ = new_poster(server.url, large_events="ai_route")
        assert post.post(make_events(3), within(5)) == []
        assert [request.path for request in server.requests] == ["/i/v0/ai/batch/"]


def test_a_request_is_at_most_five_mebibytes(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, _ = new_poster(server.url, compression="none")
        assert post.post(make_events(30, size=400_000), within(10)) == []
        assert len(server.requests) == 3
        assert all(len(request.raw) <= 5 * 1024 * 1024 for request in server.requests)
        assert len(set(server.uuids)) == 30


@pytest.mark.parametrize(
    ("fault", "setting"),
    [(answer(401), "POSTHOG_API_KEY"), (answer(403), "POSTHOG_API_KEY"), (WEB_PAGE, "POSTHOG_HOST"),
     (answer(302, Location="https://example.invalid/login"), "POSTHOG_HOST"), (answer(404), "POSTHOG_HOST")],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_the_events_stay_owed(
    new_poster: NewPoster, fault: Fault, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    events = make_events(4)
    with FaultServer(lambda _: fault) as server:
        post, counters = new_poster(server.url)
        assert post.post(events, within(5)) == events
        assert len(server.requests) == 1
    assert setting in caplog.text
    assert API_KEY not in caplog.text
    assert counters.snapshot()["dropped"] == {}


def test_a_refused_key_is_left_alone_for_a_while(new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster, "PAUSE_SECONDS", 0.3)
    events = make_events(1)
    with FaultServer([answer(401)]) as server:
        post, _ = new_poster(server.url)
        assert post.post(events, within(5)) == events
        assert post.post(events, within(5)) == events
        assert len(server.requests) == 1
        time.sleep(0.35)
        assert post.post(events, within(5)) == []


def test_a_deadline_that_passed_in_a_freeze_still_gives_one_try(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, _ = new_poster(server.url)
        assert post.post(make_events(2), time.monotonic() - 100) == []
        assert len(server.requests) == 1


def test_a_round_ends_by_its_deadline_however_slowly_the_answer_drips(new_poster: NewPoster) -> None:
    drip = Fault(raw=None, drip=0.02, status=503, body=b"x" * 1000)
    with FaultServer(lambda _: drip) as server:
        post, _ = new_poster(server.url)
        started = time.monotonic()
        assert len(post.post(make_events(1), within(1.5))) == 1
        assert time.monotonic() - started < 2.0


def test_a_body_that_never_ends_does_not_spoil_a_200(new_poster: NewPoster) -> None:
    with FaultServer([Fault(hang="body", stores=True)]) as server:
        post, _ = new_poster(server.url)
        started = time.monotonic()
        assert post.post(make_events(1), within(8)) == []
        assert time.monotonic() - started < 2.0
        assert len(server.requests) == 1


def test_close_ends_a_wait_and_a_hanging_request(new_poster: NewPoster) -> None:
    import threading

    with FaultServer(lambda _: Fault(hang="answer")) as server:
        post, _ = new_poster(server.url)
        threading.Timer(0.3, post.close).start()
        started = time.monotonic()
        assert len(post.post(make_events(1), within(30))) == 1
        assert time.monotonic() - started < 1.0
        assert len(post.post(make_events(1), within(30))) == 1
        assert len(server.requests) == 1


def test_a_kept_connection_that_died_is_replaced_without_counting(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, counters = new_poster(server.url, max_retries=0)
        assert post.post(make_events(1), within(5)) == []
        server.play([Fault(reset="answer")])  # as if the load balancer had forgotten the connection
        assert post.post(make_events(1), within(5)) == []
        assert server.connections == 2
        assert counters.snapshot()["retried"] == 0
        server.play([Fault(reset="answer"), Fault(reset="answer")])
        assert len(post.post(make_events(1), within(5))) == 1


def test_connections_are_kept(new_poster: NewPoster) -> None:
    with FaultServer() as server:
        post, _ = new_poster(server.url)
        for _ in range(5):
            assert post.post(make_events(1), within(5)) == []
        assert server.connections == 1


def test_the_debug_line_shows_the_shape_and_nothing_else(
    new_poster: NewPoster, caplog: pytest.LogCaptureFixture
) -> None:
    event = encode(make_event(secret="the content", **{"$ai_input": [{"role": "user", "content": "my prompt"}]}))
    with FaultServer() as server, caplog.at_level(logging.DEBUG, "otel_posthog_ai"):
        post, _ = new_poster(server.url)
        assert post.post([event], within(5)) == []
    text = caplog.text
    assert "$ai_generation" in text
    assert "$ai_input: list[1]" in text
    assert "<redacted>" in text
    for forbidden in (API_KEY, "the content", "my prompt", "user-7"):
        assert forbidden not in text


def test_several_threads_may_post_at_once(new_poster: NewPoster) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with FaultServer() as server:
        post, counters = new_poster(server.url)
        with ThreadPoolExecutor(8) as pool:
            results: list[Any] = list(pool.map(lambda _: post.post(make_events(5), within(10)), range(40)))
        assert results == [[]] * 40
        assert len(set(server.uuids)) == 200
    assert counters.snapshot()["sent"] == 200
