"""What a sender is told: what was taken, what never will be, what may come again later."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_posthog_ai.gateway.app import Limits
from otel_posthog_ai.gateway.projects import Routes
from tests.otlp import written
from tests.otlp.posted import protobuf
from tests.receiver import Receiver

from .running import KEY, Running, running, target

OTHER = "phc_other"


@pytest.fixture
def gateway(receiver: Receiver) -> Iterator[Running]:
    with running([target(receiver.url)]) as gateway:
        yield gateway


def body(trace: int = 0) -> bytes:
    return protobuf("traces", written.span_request(written.chat(trace)))


def generations(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for event in receiver.events if event["event"] == "$ai_generation"]


PATHS = [
    "/v1/traces", "/v1/traces/", "/otel/v1/traces", "/api/public/otel/v1/traces", "/i/v0/ai/otel",
    "/i/v0/ai/otel/v1/traces",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_vendors_have(path: str, receiver: Receiver) -> None:
    with running([target(receiver.url)]) as gateway:
        assert gateway.post(path, body()).status_code == 200
    assert len(generations(receiver)) == 1


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/v1/unknown", "POST", 404), ("/", "GET", 404), ("/v1/traces", "GET", 405), ("/metrics", "POST", 405)],
)
def test_other_paths_and_methods(path: str, method: str, status: int, gateway: Running) -> None:
    assert gateway.session.request(method, gateway.url + path, timeout=10).status_code == status


def _zstd_frames(data: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor()
    return compressor.compress(data[:100]) + compressor.compress(data[100:])


PACKED = {
    "gzip": gzip.compress,
    "gzip of two members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "deflate": zlib.compress,
    "deflate without its header": lambda data: zlib.compress(data)[2:-4],
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd of two frames": _zstd_frames,
    "identity": bytes,
}


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.parametrize("size", [100, 200_000, 2_000_000])
def test_compressed(how: str, size: int, receiver: Receiver) -> None:
    whole = protobuf("traces", written.span_request(written.chat(0, size=size)))
    with running([target(receiver.url)]) as gateway:
        assert gateway.post("/v1/traces", PACKED[how](whole), content_encoding=how.split()[0]).status_code == 200
    assert len(generations(receiver)[0]["properties"]["$ai_input"][0]["content"]) == size


def test_a_body_in_chunks_of_no_announced_length(receiver: Receiver) -> None:
    whole = body()
    with running([target(receiver.url)]) as gateway:
        answer = gateway.session.post(
            gateway.url + "/v1/traces",
            data=iter([whole[:10], whole[10:]]),
            headers={"content-type": "application/x-protobuf"},
            timeout=10,
        )
        assert answer.status_code == 200
    assert len(generations(receiver)) == 1


def test_metrics_are_taken_and_ignored(gateway: Running, receiver: Receiver) -> None:
    assert gateway.post("/v1/metrics", b"anything").status_code == 200
    assert receiver.events == []


class TestNotTaken:
    @pytest.mark.parametrize("form", ["application/x-protobuf", "application/json"])
    def test_what_is_no_otlp(self, form: str, gateway: Running) -> None:
        answer = gateway.post("/v1/traces", b"\xff\xff not this", form)
        assert answer.status_code == 400
        assert "no OTLP request" in _said(answer)

    @pytest.mark.parametrize("packed", ["gzip", "zstd", "deflate"])
    def test_a_damaged_compression(self, packed: str, gateway: Running) -> None:
        whole = PACKED[packed](body())
        for damaged in (b"not packed at all", whole[: len(whole) // 2]):
            assert gateway.post("/v1/traces", damaged, content_encoding=packed).status_code == 400

    def test_an_unknown_compression_and_an_unknown_type(self, gateway: Running) -> None:
        assert gateway.post("/v1/traces", body(), content_encoding="br").status_code == 415
        assert gateway.post("/v1/traces", body(), "text/plain").status_code == 415

    def test_a_request_that_is_too_large(self, receiver: Receiver) -> None:
        with running([target(receiver.url)], limits=Limits(body_bytes=10_000)) as gateway:
            assert gateway.post("/v1/traces", bytes(10_001)).status_code == 413
            assert gateway.post("/v1/traces", gzip.compress(bytes(10_001)), content_encoding="gzip").status_code == 413
            assert gateway.post("/v1/traces", body()).status_code == 200


def _said(answer: Any) -> str:
    if answer.headers["content-type"] == "application/json":
        return str(answer.json()["message"])
    return str(Status.FromString(answer.content).message)


class TestBadSpans:
    """A Collector drops a request for good that gets 400: the good spans of it are taken."""

    def test_protobuf(self, receiver: Receiver) -> None:
        bad = {**written.chat(1), "trace_id": "00" * 16}
        request = protobuf("traces", written.span_request(written.chat(0), bad))
        with running([target(receiver.url)]) as gateway:
            answer = gateway.post("/v1/traces", request)
        assert answer.status_code == 200
        said = ExportTraceServiceResponse.FromString(answer.content).partial_success
        assert (said.rejected_spans, said.error_message) == (1, "a span has no id")
        assert len(generations(receiver)) == 1

    def test_json(self, receiver: Receiver) -> None:
        request = written.span_request(written.chat(0), written.chat(1))
        request["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["attributes"] = "none"
        with running([target(receiver.url)]) as gateway:
            answer = gateway.post("/v1/traces", json.dumps(request).encode(), "application/json")
        assert answer.status_code == 200
        assert answer.json() == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "attributes are not a list"}}
        assert len(generations(receiver)) == 1

    def test_an_attribute_alone(self, receiver: Receiver) -> None:
        request = written.span_request(written.chat(0))
        attributes = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"]
        attributes.insert(0, {"key": "odd", "value": {"intValue": "many"}})
        with running([target(receiver.url)]) as gateway:
            answer = gateway.post("/v1/traces", json.dumps(request).encode(), "application/json")
            metrics = gateway.get("/metrics").text
        reason = "an attribute was left out: a number is not a number"
        assert answer.json() == {"partialSuccess": {"rejectedSpans": "0", "errorMessage": reason}}
        assert "attributes_unread_total 1" in metrics
        assert len(generations(receiver)) == 1

    def test_a_text_that_was_cut_within_a_character(self, receiver: Receiver) -> None:
        """Go's SDK and Collector pass such texts on; the strict parser of protobuf takes none of their request."""
        request = body().replace(b"question 0 question", b"question \xc3 question") + body(1)
        with running([target(receiver.url)]) as gateway:
            assert gateway.post("/v1/traces", request).content == b""
        said = {event["properties"]["$ai_input"][0]["content"][:19] for event in generations(receiver)}
        assert said == {"question \ufffd question", "question 1 question"}

    def test_a_text_of_the_resource_that_was_cut(self, receiver: Receiver) -> None:
        request = body().replace(b"replayed", b"replaye\xc3")
        with running([target(receiver.url)]) as gateway:
            assert gateway.post("/v1/traces", request).content == b""
        (event,) = generations(receiver)
        assert event["properties"]["service.name"] == "replaye\ufffd"

    def test_a_value_that_is_nested_too_deep(self, receiver: Receiver) -> None:
        inner: dict[str, Any] = {}
        for _ in range(60):
            inner = {"arrayValue": {"values": [inner]}}
        request = written.span_request(written.chat(0))
        request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append({"key": "deep", "value": inner})
        with running([target(receiver.url)]) as gateway:
            answer = gateway.post("/v1/traces", _serialised_deep(request) + body(1))
        said = ExportTraceServiceResponse.FromString(answer.content).partial_success
        assert (answer.status_code, said.rejected_spans) == (200, 1)
        assert len(generations(receiver)) == 1

    def test_an_answer_to_everything_says_nothing(self, gateway: Running) -> None:
        assert gateway.post("/v1/traces", body()).content == b""
        assert gateway.post("/v1/traces", b"{}", "application/json").json() == {}


def _serialised_deep(request: dict[str, Any]) -> bytes:
    """Protobuf is written at any depth; only its parsers have a limit."""
    (pair,) = request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"][-1:]
    del request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"][-1]
    message = ExportTraceServiceRequest.FromString(protobuf("traces", request))
    value = message.resource_spans[0].scope_spans[0].spans[0].attributes.add(key=pair["key"]).value
    while "arrayValue" in pair.get("value", {}):
        pair = {"value": pair["value"]["arrayValue"]["values"][0]}
        value = value.array_value.values.add()
    serialised: bytes = message.SerializeToString()
    return serialised


class TestKeys:
    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": "Bearer phc_stranger"},
            {"authorization": "bearer nonsense"},
            {"x_posthog_api_key": "phc_stranger"},
            {"authorization": "Basic " + base64.b64encode(b"phc_stranger:x").decode()},
        ],
    )
    def test_a_key_that_is_not_allowed(self, headers: dict[str, str], gateway: Running, receiver: Receiver) -> None:
        answer = gateway.post("/v1/traces", body(), **headers)
        assert answer.status_code == 401
        assert "not allowed" in _said(answer)
        assert "phc_stranger" not in answer.text

    def test_each_key_is_for_its_project_alone(self, receiver: Receiver) -> None:
        with Receiver() as other, running([target(receiver.url), target(other.url, OTHER)]) as gateway:
            for trace, key in enumerate((KEY, OTHER, OTHER)):
                assert gateway.post("/v1/traces", body(trace), authorization=f"Bearer {key}").status_code == 200
            assert gateway.post("/v1/traces", body(3)).status_code == 200
            gateway.gateway.close()
            assert (len(receiver.events), len(other.events)) == (2, 2)
            keys = {json.loads(text)["api_key"] for text in other.bodies}
        assert keys == {OTHER}

    def test_a_key_in_the_percent_encoding_of_the_environment(self, receiver: Receiver) -> None:
        project = target(receiver.url)
        with running([project], routes=Routes([project], has_default=True, key_needed=True)) as gateway:
            assert gateway.post("/v1/traces", body(), authorization=f"Bearer%20{KEY}").status_code == 200

    def test_credentials_of_another_vendor_are_no_key(self, gateway: Running) -> None:
        langfuse = "Basic " + base64.b64encode(b"pk-lf-1:sk-lf-1").decode()
        assert gateway.post("/api/public/otel/v1/traces", body(), authorization=langfuse).status_code == 200

    def test_a_key_can_be_demanded(self, receiver: Receiver) -> None:
        project = target(receiver.url)
        with running([project], routes=Routes([project], has_default=True, key_needed=True)) as gateway:
            assert gateway.post("/v1/traces", body()).status_code == 401
            assert gateway.post("/v1/traces", body(), authorization=f"Bearer {KEY}").status_code == 200


def test_spans_go_where_their_resource_belongs(receiver: Receiver) -> None:
    with Receiver() as shop:
        home = target(receiver.url)
        of_shop = target(shop.url, OTHER, resource={"service.name": frozenset({"shop"})})
        routes = Routes([home, of_shop], has_default=True, key_needed=False)
        with running([home, of_shop], routes=routes) as gateway:
            for trace, service in enumerate(("shop", "web", "shop")):
                span = {**written.chat(trace), "resource": {"service.name": service}}
                gateway.send(written.span_request(span))
            gateway.gateway.close()
        assert (len(receiver.events), len(shop.events)) == (1, 2)


def test_log_records_go_where_their_resource_belongs(receiver: Receiver) -> None:
    span = {**written.chat(0), "resource": {"service.name": "shop"}}
    record = {"trace_id": span["trace_id"], "span_id": span["span_id"], "event_name": "gen_ai.choice",
              "body": {"message": {"content": "Paris"}}, "timestamp": span["end_time_unix_nano"]}  # fmt: skip
    request = written.log_request(record)
    request["resourceLogs"][0]["resource"] = {"attributes": written.pairs({"service.name": "shop"})}
    with Receiver() as shop:
        home = target(receiver.url)
        of_shop = target(shop.url, OTHER, resource={"service.name": frozenset({"shop"})})
        routes = Routes([home, of_shop], has_default=True, key_needed=False)
        with running([home, of_shop], routes=routes) as gateway:
            gateway.send(request)
            gateway.send(written.span_request(span))
        (event,) = shop.events
        assert event["properties"]["$ai_output_choices"][0]["content"] == "Paris"


def test_spans_of_no_project_are_said_to_be_rejected(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    of_shop = target(receiver.url, resource={"service.name": frozenset({"shop"})})
    with running([of_shop], routes=Routes([of_shop], has_default=False, key_needed=False)) as gateway:
        answer = gateway.post("/v1/traces", body())
    said = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, said.rejected_spans) == (200, 1)
    assert "no project" in said.error_message
    assert said.error_message in caplog.text, "few senders read what is answered beside 200"


@pytest.mark.parametrize("said", [{}, {"user.id": "ada"}])
def test_user_and_session_of_the_request_count_where_the_span_says_nothing(
    said: dict[str, str], receiver: Receiver
) -> None:
    span = written.chat(0)
    span["attributes"].update(said)
    span["resource"] = {"user.id": "of the resource"}
    with running([target(receiver.url)]) as gateway:
        request = protobuf("traces", written.span_request(span))
        headers = {"x_posthog_distinct_id": "grace", "x_posthog_session_id": "s-1"}
        assert gateway.post("/v1/traces", request, **headers).status_code == 200
    (event,) = receiver.events
    assert event["distinct_id"] == said.get("user.id", "grace")
    assert event["properties"]["$ai_session_id"] == "s-1"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_a_user_in_either_encoding_of_headers(charset: str, receiver: Receiver) -> None:
    with running([target(receiver.url)]) as gateway:
        headers = {"content-type": "application/x-protobuf", "x-posthog-distinct-id": "Jörg".encode(charset)}
        answer = gateway.session.post(f"{gateway.url}/v1/traces", data=body(), headers=headers, timeout=30)
    assert answer.status_code == 200
    assert [event["distinct_id"] for event in receiver.events] == ["Jörg"]


@pytest.mark.parametrize(
    ("header", "said", "groups"),
    [
        ("company=acme, team=shop%20floor", None, {"company": "acme", "team": "shop floor"}),
        ("company=acme,team=shop", '{"company": "initech"}', {"company": "initech", "team": "shop"}),
        ("company=a%3Db%2Cc,=,nothing,team=", None, {"company": "a=b,c"}),
        ("nothing", None, None),
    ],
)
def test_groups_of_the_request_count_where_the_span_names_none(
    header: str, said: str | None, groups: dict[str, str] | None, receiver: Receiver
) -> None:
    span = written.chat(0)
    span["attributes"].update({"$groups": said} if said is not None else {})
    with running([target(receiver.url)]) as gateway:
        request = protobuf("traces", written.span_request(span))
        assert gateway.post("/v1/traces", request, x_posthog_groups=header).status_code == 200
    (event,) = receiver.events
    assert event["properties"].get("$groups") == groups


def test_a_request_that_comes_again_is_taken_once(receiver: Receiver) -> None:
    """A Collector sends it again when the answer was lost; a record that stands twice would be two messages."""
    span = written.chat(0)
    record = {"trace_id": span["trace_id"], "span_id": span["span_id"], "event_name": "gen_ai.choice",
              "body": {"message": {"content": "Paris"}}, "timestamp": span["end_time_unix_nano"]}  # fmt: skip
    with running([target(receiver.url)]) as gateway:
        for request in (written.log_request(record), written.span_request(span)) * 2:
            gateway.send(request)
        assert "posthog_gateway_requests_repeated_total 2\n" in gateway.get("/metrics").text
    (event,) = receiver.events
    assert [choice["content"] for choice in event["properties"]["$ai_output_choices"]] == ["Paris"]


def test_the_same_bytes_from_another_user_are_no_repetition(receiver: Receiver) -> None:
    with running([target(receiver.url)]) as gateway:
        for user in ("ada", "grace", "ada"):
            gateway.post("/v1/traces", body(), x_posthog_distinct_id=user)
        assert "posthog_gateway_requests_repeated_total 1\n" in gateway.get("/metrics").text


def test_a_request_that_was_refused_is_taken_when_it_comes_again(receiver: Receiver) -> None:
    with Receiver() as other, running([target(receiver.url), target(other.url, OTHER)]) as gateway:
        for key, status in (("phc_stranger", 401), (KEY, 200), (OTHER, 200)):
            assert gateway.post("/v1/traces", body(), authorization=f"Bearer {key}").status_code == status
        gateway.gateway.close()
        assert (len(receiver.events), len(other.events)) == (1, 1)


@pytest.mark.parametrize("together", [True, False])
def test_spans_of_two_traces_that_have_one_id(together: bool, receiver: Receiver) -> None:
    """Ids of spans are unique within a trace alone: who derives them from what is traced has each in every trace."""
    trees: list[dict[str, Any]] = []
    for trace in range(3):
        call = {**written.chat(trace), "span_id": f"{2:016x}", "parent": {"span_id": f"{1:016x}", "is_remote": False}}
        root = {**written.chat(trace), "span_id": f"{1:016x}", "name": "agent"}
        trees += [call, {**root, "attributes": {"gen_ai.operation.name": "invoke_agent"}}]
    with running([target(receiver.url)]) as gateway:
        for request in [trees] if together else [[span] for span in trees]:
            gateway.send(written.span_request(request[0], *request[1:]))
    drawn = sorted((event["properties"]["$ai_trace_id"], event["event"]) for event in receiver.events)
    assert drawn == [(f"{trace + 1:032x}", event) for trace in range(3) for event in ("$ai_generation", "$ai_trace")]


def test_a_client_that_does_not_finish_is_told_so_and_keeps_nobody_waiting(receiver: Receiver) -> None:
    with running([target(receiver.url)], limits=Limits(seconds=0.5)) as gateway:
        address = (urlsplit(gateway.url).hostname, urlsplit(gateway.url).port)
        slow = [socket.create_connection(address, timeout=20) for _ in range(50)]
        for each in slow:
            each.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n")
            each.sendall(b"Content-Length: 1000\r\n\r\nabc")
        assert gateway.post("/v1/traces", body()).status_code == 200
        for each in slow:
            assert each.recv(4096).startswith(b"HTTP/1.1 408 ")
            each.close()
        (project,) = gateway.gateway.projects.values()
        assert gateway.gateway.receiver.budget.taken == project.status()["held_bytes"]


def test_it_says_how_it_is(receiver: Receiver) -> None:
    with running([target(receiver.url)]) as gateway:
        span = written.chat(0)
        link = {**written.chat(1), "attributes": {}, "scope": {"name": "http"}, "name": "GET"}
        gateway.send(written.span_request(span))
        gateway.send(written.span_request(link))
        assert gateway.get("/healthz").text == "alive\n"
        assert (gateway.get("/readyz").status_code, gateway.get("/readyz").text) == (200, "ready\n")
        lines = gateway.get("/metrics").text.splitlines()
    project = target(receiver.url).binding
    for line in (
        'posthog_gateway_requests_total{signal="traces",status="200"} 2',
        f'posthog_gateway_held_traces{{project="{project}"}} 2',
        f'posthog_gateway_spans_total{{project="{project}",scope="http",understood="no"}} 1',
        f'posthog_gateway_spans_total{{project="{project}",scope="{span["scope"]["name"]}",understood="yes"}} 1',
    ):
        assert line in lines
    assert KEY not in "".join(lines)
