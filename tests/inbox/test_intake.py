"""What the inbox answers to a batch: PostHog's checks and status codes, by real requests."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.intake import AI_EVENT_LIMIT_BYTES, BATCH_EVENT_LIMIT_BYTES
from otel_posthog_ai.inbox.wire import NESTING_LIMIT, WIRE_LIMIT_BYTES

from .samples import KEY, batch, event, post, request

GOOD = event()
BODY = json.dumps(batch(GOOD)).encode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **changes}.items() if name not in names}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


ENCODINGS = {
    "plain": (BODY, {}),
    "gzip with header": (gzip.compress(BODY), {"Content-Encoding": "gzip"}),
    "gzip without header": (gzip.compress(BODY), {}),
    "base64": (base64.b64encode(BODY), {}),
    "base64 of gzip": (base64.b64encode(gzip.compress(BODY)), {}),
    "form": (b"data=" + quote_plus(BODY.decode()).encode(), FORM),
    "form of base64": (b"data=" + quote_plus(base64.b64encode(BODY)).encode(), FORM),
    "form of unquoted base64": (b"data=" + base64.b64encode(b">>>?" * 0 + BODY), {}),
    "JSON that curl calls a form": (BODY, FORM),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_reads_the_encodings_that_posthog_reads(inbox: Inbox, name: str) -> None:
    body, headers = ENCODINGS[name]
    assert request(inbox.url, "/batch/", body, headers).status == 200
    assert inbox.events() == [GOOD]


@pytest.mark.parametrize(
    "path",
    ["/batch", "/batch/", "/e/", "/i/v0/e", "/capture/", "/track", "/engage/", "/i/v0/ai/batch", "/i/v0/ai/batch/"],
)
def test_takes_events_on_every_route(inbox: Inbox, path: str) -> None:
    answer = post(inbox.url, batch(GOOD), path)
    assert (answer.status, answer.json()) == (200, {"status": "Ok"})
    assert inbox.events() == [GOOD]


def test_reads_events_from_the_query_of_a_get(inbox: Inbox) -> None:
    assert request(inbox.url, "/e/?data=" + quote_plus(base64.b64encode(BODY))).status == 200
    assert inbox.events() == [GOOD]
    assert request(inbox.url, "/batch/").status == 400


SHAPES = {
    "api_key": {"api_key": KEY, "batch": [GOOD]},
    "token": {"token": KEY, "batch": [GOOD]},
    "$token": {"$token": KEY, "batch": [GOOD]},
    "trimmed": {"api_key": f" {KEY}\n", "batch": [GOOD]},
    "historical": {"api_key": KEY, "batch": [GOOD], "historical_migration": True},
    "array": [{**GOOD, "api_key": KEY}],
    "array with the key in properties": [{**GOOD, "properties": {"token": KEY}}],
    "one event": {**GOOD, "api_key": KEY},
    "unknown fields": {"api_key": KEY, "batch": [GOOD], "colour": "blue"},
}


@pytest.mark.parametrize("name", SHAPES)
def test_takes_the_shapes_that_posthog_takes(inbox: Inbox, name: str) -> None:
    assert post(inbox.url, SHAPES[name]).status == 200
    assert [stored["uuid"] for stored in inbox.events()] == [GOOD["uuid"]]


REFUSED_BODIES = {
    "empty": (b"", 400),
    "blank": (b"  \n", 400),
    "no JSON": (b"{", 400),
    "no UTF-8": (b"\xff\xfe{}", 400),
    "bad gzip": (b"\x1f\x8b" + b"nonsense" * 4, 400),
    "cut gzip": (gzip.compress(BODY)[:-12], 400),
    "deflate": (zlib.compress(BODY), 400),
    "gzip bomb": (gzip.compress(b" " * 101 * 1024 * 1024, 1), 413),
    "a string": (b'"text"', 400),
    "a number": (b"1", 400),
    "NaN": (BODY.replace(b'"user-1"', b"NaN"), 400),
    "Infinity": (BODY.replace(b'"user-1"', b"-Infinity"), 400),
    "beyond a double": (BODY.replace(b'"user-1"', b"1e999"), 400),
    "lone surrogate": (BODY.replace(b"user-1", b"\\ud83d"), 400),
    "raw control character": (BODY.replace(b"user-1", b"user\x01"), 400),
    "5,000 digits": (BODY.replace(b'"user-1"', b"1" * 5000), 400),
    "nested too deep": (json.dumps(batch(event(x=nested(NESTING_LIMIT - 3)))).encode(), 400),
    "nested absurdly deep": (b"[" * 200_000, 400),
}


@pytest.mark.parametrize("name", REFUSED_BODIES)
def test_refuses_bodies(inbox: Inbox, name: str) -> None:
    body, status = REFUSED_BODIES[name]
    answer = request(inbox.url, "/batch/", body, {"Content-Type": "application/json"})
    assert answer.status == status, answer.body
    assert inbox.events() == []
    assert inbox.refusals()[0]["status"] == status


def test_takes_the_deepest_nesting_that_posthog_follows(inbox: Inbox) -> None:
    assert post(inbox.url, batch(event(x=nested(NESTING_LIMIT - 4)))).status == 200


REFUSED_REQUESTS: dict[str, tuple[Any, int]] = {
    "empty batch": (batch(), 400),
    "batch is no list": ({"api_key": KEY, "batch": {}}, 400),
    "an event is no object": (batch(GOOD, 1), 400),  # type: ignore[arg-type]
    "no key": ({"batch": [GOOD]}, 401),
    "empty key": ({"api_key": "", "batch": [GOOD]}, 401),
    "blank key": ({"api_key": "  ", "batch": [GOOD]}, 401),
    "null key": ({"api_key": None, "batch": [GOOD]}, 401),
    "key of 65 characters": ({"api_key": "phc_" + "a" * 61, "batch": [GOOD]}, 401),
    "non-ASCII key": ({"api_key": "phc_ä", "batch": [GOOD]}, 401),
    "NUL in the key": ({"api_key": "phc_\0", "batch": [GOOD]}, 401),
    "personal key": ({"api_key": "phx_1", "batch": [GOOD]}, 401),
    "two keys": ([{**GOOD, "api_key": "phc_a"}, {**GOOD, "api_key": "phc_b"}], 401),
    "no event name": (batch(without("event")), 400),
    "null event name": (batch(without(event=None)), 400),
    "empty event name": (batch(without(event="")), 400),
    "no distinct_id": (batch(without("distinct_id")), 400),
    "null distinct_id": (batch(without(distinct_id=None)), 400),
    "blank distinct_id": (batch(without(distinct_id=" ")), 400),
    "properties are a list": (batch(without(properties=[])), 400),
    "$set is text": (batch(without(**{"$set": "x"})), 400),
    "$set_once is a list": (batch(without(**{"$set_once": []})), 400),
    "timestamp is a number": (batch(without(timestamp=1_700_000_000)), 400),
    "offset is text": (batch(without(offset="5")), 400),
    "uuid is no UUID": (batch(without(uuid="abc")), 400),
    "uuid is a number": (batch(without(uuid=1)), 400),
    "$cookieless_mode is text": (batch(without(properties={"$cookieless_mode": "on"})), 400),
    "one bad among good": (batch(event(), without(event=""), event()), 400),
}


@pytest.mark.parametrize("name", REFUSED_REQUESTS)
def test_refuses_the_whole_request(inbox: Inbox, name: str) -> None:
    value, status = REFUSED_REQUESTS[name]
    answer = post(inbox.url, value)
    assert answer.status == status, answer.body
    assert inbox.events() == []
    assert inbox.refusals()[0]["reason"] == answer.body.decode()


ACCEPTED_EVENTS: dict[str, tuple[dict[str, Any], str]] = {
    "$distinct_id": (without("distinct_id", **{"$distinct_id": "b"}), "b"),
    "in properties": (without("distinct_id", properties={"distinct_id": "c"}), "c"),
    "a number": (without(distinct_id=42), "42"),
    "a boolean": (without(distinct_id=True), "true"),
    "an object": (without(distinct_id={"a": [1]}), '{"a":[1]}'),
    "white space kept": (without(distinct_id=" a "), " a "),
    "NUL": (without(distinct_id="a\0b"), "a\ufffdb"),
    "200 characters": (without(distinct_id="ä" * 200), "ä" * 200),
    "201 characters": (without(distinct_id="ä" * 201), "ä" * 200),
    "no properties": (without("properties"), "user-1"),
    "empty uuid": (without(uuid=""), "user-1"),
    "no uuid": (without("uuid"), "user-1"),
    "uuid without dashes": (without(uuid=GOOD["uuid"].replace("-", "")), "user-1"),
    "null $set": (without(**{"$set": None}), "user-1"),
    "offset": (without(offset=1500), "user-1"),
}


@pytest.mark.parametrize("name", ACCEPTED_EVENTS)
def test_takes_an_event_and_reads_its_person(inbox: Inbox, name: str) -> None:
    value, person = ACCEPTED_EVENTS[name]
    answer = post(inbox.url, batch({**value, "properties": {**value.get("properties", {}), "$ai_trace_id": "t"}}))
    assert answer.status == 200, answer.body
    assert request(inbox.url, "/api/traces/t").json()["trace"]["distinct_id"] == person


def padded(size: int, name: str = "$ai_span") -> dict[str, Any]:
    """An event of exactly `size` bytes of compact JSON."""
    made = event(name, input_state="")
    missing = size - len(json.dumps(made, separators=(",", ":")).encode())
    made["properties"]["$ai_input_state"] = "x" * missing
    return made


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/batch/", BATCH_EVENT_LIMIT_BYTES),
        ("/capture/", BATCH_EVENT_LIMIT_BYTES),
        ("/i/v0/ai/batch/", AI_EVENT_LIMIT_BYTES),
    ],
)
def test_limits_the_size_of_one_event_by_route(inbox: Inbox, path: str, limit: int) -> None:
    assert post(inbox.url, batch(padded(limit)), path).status == 200
    assert post(inbox.url, batch(event(), padded(limit + 1)), path).status == 413
    assert len(inbox.events()) == 1


def head(inbox: Inbox, line: str) -> bytes:
    return f"POST /batch/ HTTP/1.1\r\nHost: {urlsplit(inbox.url).netloc}\r\n{line}\r\n\r\n".encode()


def test_limits_the_body_before_reading_it(inbox: Inbox) -> None:
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=10) as connection:
        connection.sendall(head(inbox, f"Content-Length: {WIRE_LIMIT_BYTES + 1}"))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_reads_a_chunked_body(inbox: Inbox) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:50], BODY[50:])) + b"0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=10) as connection:
        connection.sendall(head(inbox, "Transfer-Encoding: chunked") + chunks)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert inbox.events() == [GOOD]


@pytest.mark.parametrize("line", ["Content-Length: x", "Content-Length: -1", "Transfer-Encoding: chunked"])
def test_answers_400_to_a_body_without_a_length(inbox: Inbox, line: str) -> None:
    with socket.create_connection(("127.0.0.1", inbox.port), timeout=10) as connection:
        connection.sendall(head(inbox, line) + b"nonsense\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_the_ai_route_refuses_a_batch_with_any_other_event(inbox: Inbox) -> None:
    assert post(inbox.url, batch(event(), event("$exception")), "/i/v0/ai/batch/").status == 400
    assert inbox.events() == []
    assert post(inbox.url, batch(event(), event("$exception")), "/batch/").status == 200
    assert len(inbox.events()) == 2


def test_stores_an_event_once_however_often_it_is_sent(inbox: Inbox) -> None:
    again = {**GOOD, "properties": {**GOOD["properties"], "$ai_model": "other"}}
    for value in (batch(GOOD, GOOD), batch(GOOD), batch(again), batch({**GOOD, "uuid": GOOD["uuid"].upper()})):
        assert post(inbox.url, value).status == 200
    assert inbox.events() == [GOOD]


@pytest.mark.parametrize(
    "change", [{"event": "$ai_span"}, {"distinct_id": "other"}, {"timestamp": "2026-01-03T00:00:00Z"}]
)
def test_a_uuid_on_another_event_is_no_repetition(inbox: Inbox, change: dict[str, str]) -> None:
    post(inbox.url, batch(GOOD, {**GOOD, **change}))
    assert len(inbox.events()) == 2
    codes = [warning["code"] for warning in request(inbox.url, "/api/traces/trace-1").json()["warnings"]]
    assert codes.count("uuid-reused") == 1


def test_an_unknown_key_is_answered_like_a_known_one() -> None:
    with Inbox(project_keys={"phc_real"}) as inbox:
        assert post(inbox.url, {"api_key": "phc_wrong", "batch": [event()]}).status == 200
        assert inbox.events() == []
        assert post(inbox.url, {"api_key": "phc_real", "batch": [GOOD]}).status == 200
        assert inbox.events() == [GOOD]


def test_tells_a_known_key_from_an_unknown_one_where_posthog_does() -> None:
    with Inbox(project_keys={"phc_real"}) as inbox:
        for key, flags, config in (("phc_real", 200, 200), ("phc_wrong", 401, 404), ("phx_personal", 401, 404)):
            assert post(inbox.url, {"api_key": key, "distinct_id": "x"}, "/flags/?v=2").status == flags
            assert request(inbox.url, f"/flags/?v=2&token={key}").status == flags
            assert request(inbox.url, f"/array/{key}/config.js").status == config
        assert post(inbox.url, {"distinct_id": "x"}, "/flags/?v=2").status == 401


@pytest.mark.parametrize("file", sorted((Path(__file__).parent / "posted").glob("*.json")), ids=lambda file: file.stem)
def test_takes_what_another_exporter_posts(inbox: Inbox, file: Path) -> None:
    recorded = json.loads(file.read_text())
    for sent in recorded["requests"]:
        assert post(inbox.url, sent["body"], sent["path"]).status == 200
    assert inbox.events() == [event for sent in recorded["requests"] for event in sent["body"]["batch"]]
