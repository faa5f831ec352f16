"""What PostHog asks of every SDK: format, retries, de-duplication, compression, batches, errors."""

from __future__ import annotations

import gzip
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from otel_posthog_ai.delivery import Sender

from .fault_server import FaultServer, answer
from .samples import API_KEY, adds_up, make_events, within

NewSender = Callable[..., Sender]
pytestmark = pytest.mark.usefixtures("hurried")


def test_the_format_of_a_request(new_sender: NewSender) -> None:
    with FaultServer(tells_time=False) as server:
        sender = new_sender(server.url)
        sender.put(make_events(5))
        assert sender.flush(within(5))
        (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/batch/")
    assert request.headers["content-type"] == "application/json"
    assert re.fullmatch(r"otel-posthog-ai/\d+\.\d+\.\d+\S*", request.headers["user-agent"])
    assert "cookie" not in request.headers
    assert "authorization" not in request.headers
    assert set(request.content) == {"api_key", "batch", "sent_at"}
    assert request.content["api_key"] == API_KEY
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", request.content["sent_at"])
    assert len(request.batch) == 5
    for event in request.batch:
        assert event["event"]
        assert event["distinct_id"]
        assert uuid.UUID(event["uuid"])
        assert event["timestamp"] == "2026-11-21T10:00:00.123456Z"


@pytest.mark.parametrize(("compression", "encoding"), [("gzip", "gzip"), ("none", None)])
def test_gzip_when_on_plain_when_off(new_sender: NewSender, compression: str, encoding: str | None) -> None:
    with FaultServer() as server:
        sender = new_sender(server.url, compression=compression)
        sender.put(make_events(1))
        assert sender.flush(within(5))
        (request,) = server.requests
    assert request.headers.get("content-encoding") == encoding
    assert request.raw.startswith(b"\x1f\x8b") is (compression == "gzip")
    if compression == "gzip":
        assert gzip.decompress(request.raw).startswith(b'{"api_key"')


def test_nothing_is_sent_on_an_empty_flush(new_sender: NewSender) -> None:
    with FaultServer() as server:
        sender = new_sender(server.url)
        sender.put([])
        assert sender.flush(within(1))
        assert sender.shutdown(within(1))
        assert server.connections == 0


def test_503_503_200_makes_three_requests_with_the_same_uuids_and_times(new_sender: NewSender) -> None:
    with FaultServer([answer(503), answer(503)], tells_time=False) as server:
        sender = new_sender(server.url)
        sender.put(make_events(3))
        assert sender.flush(within(5))
        assert len(server.requests) == 3
        first, second, third = (request.batch for request in server.requests)
        assert first == second == third
        moments = [request.content["sent_at"] for request in server.requests]
    assert moments == sorted(set(moments))  # Stamped anew at each try.


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_is_retried(new_sender: NewSender, status: int) -> None:
    with FaultServer([answer(status)]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert sender.flush(within(5))
        assert len(server.requests) == 2
        assert sender.status()["retried"] == 1


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_is_not_retried_for_a_single_event(new_sender: NewSender, status: int) -> None:
    with FaultServer(lambda _: answer(status)) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert not sender.flush(within(5))
        time.sleep(0.5)
        assert len(server.requests) == 1


def test_max_retries_3_makes_exactly_four_requests_a_round(
    new_sender: NewSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otel_posthog_ai.delivery.retry.FIRST_REST", 30.0)
    monkeypatch.setattr("otel_posthog_ai.delivery.retry.LONGEST_REST", 60.0)
    with FaultServer(lambda _: answer(503)) as server:
        sender = new_sender(server.url, max_retries=3)
        sender.put(make_events(1))
        assert server.wait_for(lambda s: len(s.requests) == 4)
        time.sleep(0.5)
        assert len(server.requests) == 4


def test_retry_after_3_is_waited(new_sender: NewSender) -> None:
    with FaultServer([answer(429, Retry_After="3")]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        assert sender.flush(within(8))
        first, second = server.requests
    assert 3.0 <= second.at - first.at < 3.6


def test_a_retry_after_beyond_the_deadline_ends_the_flush_and_nothing_is_lost(new_sender: NewSender) -> None:
    with FaultServer([answer(429, Retry_After="120")]) as server:
        sender = new_sender(server.url)
        sender.put(make_events(1))
        started = time.monotonic()
        assert not sender.flush(within(20))
        assert time.monotonic() - started < 2
        status = sender.status()
        assert status["waiting"] == 1
        assert adds_up(status)
        assert len(server.requests) == 1


def test_many_small_puts_become_few_requests(new_sender: NewSender) -> None:
    def slow(_: Any) -> Any:
        time.sleep(0.1)
        return answer(200)

    with FaultServer(slow) as server:
        sender = new_sender(server.url)
        for event in make_events(200):
            sender.put([event])
        assert sender.flush(within(5))
        assert len(server.requests) <= 3
        assert len(set(server.uuids)) == 200
