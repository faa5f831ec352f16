"""Answers and surroundings that are seldom met: each is taken, and told, for what it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Poster, encode, poster
from otel_posthog_ai.delivery.spool import Spool

from .fault_server import Fault, FaultServer, answer
from .samples import API_KEY, make_event, make_events, make_settings, within

NewPoster = Callable[..., tuple[Poster, Counters]]


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"


@pytest.mark.parametrize("first", [HINTS, HINTS + HINTS, b"HTTP/1.1 102 Processing\r\n\r\n"])
def test_what_comes_before_the_answer_is_no_answer(new_poster: NewPoster, first: bytes) -> None:
    with FaultServer([Fault(raw=first + OK)]) as server:
        delivering, counters = new_poster(server.url)
        assert delivering.post(make_events(2), within(5)) == []
        assert counters.snapshot()["sent"] == 2
        assert len(server.requests) == 1


@pytest.mark.parametrize("asked", ["301", "86400", "Fri, 31 Dec 2099 23:59:59 GMT", "9" * 30])
def test_a_rest_of_more_than_five_minutes_is_not_granted(
    new_poster: NewPoster, asked: str, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultServer(lambda _: answer(429, Retry_After=asked)) as server:
        delivering, _ = new_poster(server.url)
        assert len(delivering.post(make_events(1), within(5))) == 1
        assert 290 < delivering.blocked_until - time.monotonic() <= 300
    assert "a rest of 300 s or longer" in caplog.text


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"REQUESTS_CA_BUNDLE": "/none/bundle.pem"}, "the CA bundle that REQUESTS_CA_BUNDLE names is not there"),
        ({"SSL_CERT_FILE": "/none/bundle.pem"}, "the CA bundle that SSL_CERT_FILE names is not there"),
        ({"OTEL_EXPORTER_OTLP_CERTIFICATE": "/none/b"}, "the CA bundle that OTEL_EXPORTER_OTLP_CERTIFICATE names"),
        ({"HTTPS_PROXY": "http://[::garbage"}, "the proxy's URL is none that can be used"),
    ],
)
def test_what_is_set_wrongly_around_us_is_named(
    new_poster: NewPoster,
    variables: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    delivering, _ = new_poster("https://posthog.invalid", max_retries=0)
    assert len(delivering.post(make_events(1), within(5))) == 1
    assert told in caplog.text


def test_a_certificate_of_the_otlp_exporters_is_trusted_where_no_other_is_named(
    new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(tls=True) as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(Path(__file__).parent / "self_signed.pem"))
        delivering, _ = new_poster(server.url)
        assert delivering.post(make_events(1), within(5)) == []


def test_requests_grow_again_after_one_was_too_large(new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer([answer(413)]) as server:
        delivering, _ = new_poster(server.url)
        whole = delivering.request_bytes
        assert delivering.post(make_events(4, size=500_000), within(5)) == []
        small = delivering.request_bytes
        assert small < whole
        now = time.monotonic()
        sizes: list[int] = []
        for minutes in (1, 2, 5):
            monkeypatch.setattr(poster.time, "monotonic", lambda minutes=minutes: now + 60 * minutes)
            sizes.append(delivering.request_bytes)
        assert small < sizes[0] <= sizes[1] <= sizes[2] == whole


def test_names_of_attributes_write_no_lines_of_the_log(new_poster: NewPoster, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="otel_posthog_ai")
    with FaultServer() as server:
        delivering, _ = new_poster(server.url)
        forged = make_event(**{"x\nCRITICAL root: all is lost": "y", "x\r\u2028": "y"})
        assert delivering.post([encode(forged)], within(5)) == []
    lines = [record.getMessage() for record in caplog.records]
    assert any("all is lost" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_the_key_is_in_no_text_of_the_settings() -> None:
    settings = make_settings("https://eu.i.posthog.com", timeout=3)
    assert API_KEY not in repr(settings) + str(settings)
    assert "timeout=3.0" in repr(settings)


DAMAGES: dict[str, Any] = {
    "no JSON": b"\xff\xfe garbage\n",
    "a size of a million millions": b'["$ai_span","u",1000000000000]\nx\n',
    "a size below zero": b'["$ai_span","u",-1]\nx\n',
    "a size that is a text": b'["$ai_span","u","9"]\nx\n',
    "too few fields": b'["$ai_span"]\nx\n',
    "no list": b"7\nx\n",
    "a directory": None,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_of_the_spool_is_set_aside_and_hinders_no_other(
    damage: str, tmp_path: Path, new_sender: Callable[..., Any]
) -> None:
    with FaultServer() as server:
        settings = make_settings(server.url)
        owner = Spool(str(tmp_path), settings.host, settings.api_key or "")
        good = make_events(3)
        damaged, kept = owner.write(make_events(1)), owner.write(good)
        assert damaged is not None
        assert kept is not None
        path = Path(damaged.path)
        path.unlink()
        if DAMAGES[damage] is None:
            path.mkdir()
        else:
            path.write_bytes(DAMAGES[damage])
        owner.close()
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        assert sender.flush(within(10)) is False, "what is damaged is lost"
        assert sender.status()["dropped"] == {"spool_damaged": 1}
        assert sorted(server.uuids) == sorted(event.uuid for event in good)
        assert sender.flush(within(10)) is True
        assert [each.name for each in tmp_path.glob("*/damaged/*")] == [path.name]
