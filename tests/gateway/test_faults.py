"""The gateway is killed, starved, flooded and lied to: what it has answered with 200 arrives, once."""

from __future__ import annotations

import gzip
import json
import signal
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from otel_posthog_ai.gateway.open_traces import Patience
from otel_posthog_ai.gateway.project import Project
from otel_posthog_ai.inbox import Inbox
from tests.delivery.fault_server import FaultServer, answer
from tests.otlp import written
from tests.otlp.posted import protobuf
from tests.receiver import Receiver

from .running import Client, Running, running, started, target

HOURS = ("--quiet-seconds", "3600", "--longest-seconds", "3600")


def family(trace: int, size: int = 400) -> list[dict[str, Any]]:
    root = written.agent(trace)
    return [written.chat(trace, number=1, size=size, parent=root["span_id"]), root]


def post_families(gateway: Client, traces: range, size: int = 400) -> list[int]:
    """Post traces of two spans, one a request; those that were taken."""
    taken: list[int] = []
    for trace in traces:
        reply = gateway.post("/v1/traces", protobuf("traces", written.span_request(*family(trace, size))))
        assert reply.status_code in (200, 503), reply.status_code
        if reply.status_code == 200:
            taken.append(trace)
        else:
            assert int(reply.headers["retry-after"]) > 0
    return taken


def arrived(events: list[dict[str, Any]]) -> Counter[str]:
    """How many events of each trace arrived."""
    return Counter(event["properties"]["$ai_trace_id"] for event in events)


def whole(traces: list[int] | range) -> Counter[str]:
    return Counter({f"{trace + 1:032x}": 2 for trace in traces})


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to this in time"
        time.sleep(0.02)


class TestKilled:
    def test_while_traces_are_held(self, tmp_path: Path) -> None:
        with Inbox() as inbox:
            with started(inbox.url, "--spool-directory", str(tmp_path), *HOURS) as gateway:
                assert len(post_families(gateway, range(30))) == 30
                gateway.process.send_signal(signal.SIGKILL)
                gateway.process.wait(10)
            assert inbox.events() == []
            with started(inbox.url, "--spool-directory", str(tmp_path), "--quiet-seconds", "0.5"):
                events = inbox.wait_for_events(60, timeout=60)
            assert arrived(events) == whole(range(30))
            assert len({event["uuid"] for event in events}) == 60
        assert not list(tmp_path.rglob("*.request")), "what was delivered is kept no longer"
        assert not list(tmp_path.rglob("*.events"))

    def test_while_posthog_does_not_answer(self, tmp_path: Path) -> None:
        with FaultServer(lambda _: answer(503)) as server:
            options = ("--spool-directory", str(tmp_path), "--quiet-seconds", "0.2")
            with started(server.url, *options) as gateway:
                assert len(post_families(gateway, range(20))) == 20
                wait_for(lambda: gateway.metric("traces_total") == 20)
                # Events are on disk now, and the requests that they came from need not be.
                wait_for(lambda: not list(tmp_path.rglob("*.request")))
                assert len(post_families(gateway, range(20, 30))) == 10
                gateway.process.send_signal(signal.SIGKILL)
                gateway.process.wait(10)
            assert server.events == []
            server.play(())
            with started(server.url, *options):
                wait_for(lambda: len(server.events) >= 60)
        once = {event["uuid"]: event for event in server.events}
        assert arrived(list(once.values())) == whole(range(30))

    def test_what_is_sent_again_to_the_next_gateway_is_taken_once(self, tmp_path: Path) -> None:
        """The answer was lost with the gateway; a Collector repeats the request."""
        call = written.chat(0)
        record = {"trace_id": call["trace_id"], "span_id": call["span_id"], "event_name": "gen_ai.choice",
                  "body": {"message": {"content": "Paris"}}, "timestamp": call["end_time_unix_nano"]}  # fmt: skip
        requests = written.log_request(record), written.span_request(call)
        with Inbox() as inbox:
            with started(inbox.url, "--spool-directory", str(tmp_path), *HOURS) as gateway:
                for request in requests:
                    gateway.send(request)
                gateway.process.send_signal(signal.SIGKILL)
                gateway.process.wait(10)
            with started(inbox.url, "--spool-directory", str(tmp_path), *HOURS) as gateway:
                for request in requests:
                    gateway.send(request)
            (event,) = inbox.events()
        assert [choice["content"] for choice in event["properties"]["$ai_output_choices"]] == ["Paris"]

    def test_what_was_not_finished_was_not_answered(self, tmp_path: Path) -> None:
        folder = tmp_path / "gateway"
        folder.mkdir()
        (folder / f"{1:020d}-1.request").write_bytes(b'{"signal": "traces", "form": "protobuf", "size": 100}\nhalf')
        with Receiver() as receiver, running([target(receiver.url)], spool_directory=tmp_path) as gateway:
            assert post_families(gateway, range(1)) == [0]
        assert arrived(receiver.events) == whole(range(1))
        assert not list(tmp_path.rglob("*.request"))

    def test_two_gateways_do_not_share_a_directory(self, tmp_path: Path, receiver: Receiver) -> None:
        from otel_posthog_ai.gateway.journal import Journal, Locked

        with running([target(receiver.url)], spool_directory=tmp_path), pytest.raises(Locked):
            Journal(tmp_path)
        Journal(tmp_path).close()


def test_memory_is_full_while_posthog_does_not_answer() -> None:
    with FaultServer(lambda _: answer(503)) as server:
        project = target(server.url, outbox_bytes=300_000)
        patience = Patience(quiet=0.05, longest=5)
        with running([project], patience=patience, memory_bytes=1_000_000, drain_seconds=60) as gateway:
            taken = post_families(gateway, range(300), size=10_000)
            assert 20 < len(taken) < 250, "some are kept, and then no more"
            assert gateway.gateway.receiver.budget.taken <= 1_100_000
            assert gateway.get("/readyz").status_code == 503
            server.play(())
            # Who was refused sends again, as Collectors do.
            missing = sorted(set(range(300)) - set(taken))
            while missing:
                missing = sorted(set(missing) - set(post_families(gateway, range(missing[0], missing[0] + 1), 10_000)))
        assert gateway.gateway.delivered
        assert gateway.gateway.receiver.budget.taken == 0
    assert arrived(server.events) == whole(range(300))
    assert len({event["uuid"] for event in server.events}) == 600


def test_a_project_that_is_refused_holds_no_other_up() -> None:
    with FaultServer(lambda _: answer(401)) as refusing, Receiver() as receiver:
        projects = [target(refusing.url, "phc_refused"), target(receiver.url, "phc_fine")]
        with running(projects, patience=Patience(0.05, 5), drain_seconds=1) as gateway:
            for trace in range(10):
                body = protobuf("traces", written.span_request(*family(trace)))
                for key in ("phc_refused", "phc_fine"):
                    assert gateway.post("/v1/traces", body, authorization=f"Bearer {key}").status_code == 200
            wait_for(lambda: len(receiver.events) == 20)
            wait_for(lambda: "refused" in gateway.get("/readyz").text)
        assert not gateway.gateway.delivered


GIGABYTE = 1_000_000_000


def _pieces(size: int) -> list[bytes]:
    return [bytes(1_000_000)] * (size // 1_000_000)


def _gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*map(packer.compress, _pieces(GIGABYTE)), packer.flush()])


def _zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join([*map(packer.compress, _pieces(GIGABYTE)), packer.flush()])


def _deep_protobuf(levels: int) -> bytes:
    """An attribute value of arrays in arrays."""
    inner = b""
    for _ in range(levels):
        inner = _field(5, _field(1, inner))  # AnyValue.array_value.values
    pair = _field(1, b"key") + _field(2, inner)
    span = _field(1, bytes(15) + b"\1") + _field(2, bytes(7) + b"\1") + _field(9, pair)
    return _field(1, _field(2, _field(2, span)))


def _field(number: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while size > 127:
        length += bytes((size & 127 | 128,))
        size >>= 7
    return bytes((number << 3 | 2,)) + length + bytes((size,)) + content


def test_bombs_stay_within_the_bounds(receiver: Receiver) -> None:
    megabytes = 15
    json_of_lists = b'{"resourceSpans":[' + b"[]," * (megabytes * 300_000) + b"[]]}"
    empty_values = _field(1, _field(2, _field(2, _field(9, _field(2, _field(5, b"\x0a\x00" * (megabytes * 400_000)))))))
    bombs: list[tuple[bytes, dict[str, str], int]] = [
        (_gzip_bomb(), {"content_encoding": "gzip"}, 413),
        (_zstd_bomb(), {"content_encoding": "zstd"}, 413),
        (gzip.compress(bytes(10_000)) * 10_000, {"content_encoding": "gzip"}, 413),
        (b"[" * 1_000_000, {"content_type": "application/json"}, 400),
        (json_of_lists, {"content_type": "application/json"}, 400),
        (empty_values, {}, 200),
        (_deep_protobuf(70), {}, 200),
        (_deep_protobuf(5_000), {}, 200),
        (b'{"resourceSpans":' + b'{"a":' * 100_000, {"content_type": "application/json"}, 400),
    ]
    with started(receiver.url, *HOURS) as gateway:
        assert post_families(gateway, range(1)) == [0]
        before = gateway.memory_megabytes()
        for bomb, headers, status in bombs:
            content_type = headers.pop("content_type", "application/x-protobuf")
            assert gateway.post("/v1/traces", bomb, content_type, **headers).status_code == status
        # What is read of one large request at a time takes a multiple of its size.
        assert gateway.memory_megabytes() < before + 500
        assert post_families(gateway, range(1, 2)) == [1]
        assert gateway.metric("memory_bytes") < 10_000
    assert arrived(receiver.events) == whole(range(2))


def test_ten_thousand_open_traces(receiver: Receiver) -> None:
    traces = 10_000
    with running([target(receiver.url)], drain_seconds=120) as gateway:
        for part in (0, 1):  # children first, then their parents in requests of their own
            for first in range(0, traces, 500):
                spans = [family(trace)[part] for trace in range(first, first + 500)]
                assert gateway.post("/v1/traces", protobuf("traces", written.span_request(*spans))).status_code == 200
        status = _project(gateway).status()
        assert (status["held_traces"], status["held_spans"]) == (traces, 2 * traces)
        assert status["held_bytes"] < 30_000_000
    assert arrived(receiver.events) == whole(range(traces))
    roots = {event["properties"]["$ai_trace_id"] for event in receiver.events if event["event"] == "$ai_trace"}
    parents = {event["properties"]["$ai_parent_id"] for event in receiver.events if event["event"] == "$ai_generation"}
    assert roots == parents


def _project(gateway: Running) -> Project:
    return next(iter(gateway.gateway.projects.values()))


def test_links_between_ai_spans_cost_next_to_nothing(receiver: Receiver) -> None:
    """An agent in a large program: hundreds of spans that are not AI around two that are."""
    root, *rest = reversed(family(0))
    links = []
    above = root["span_id"]
    for number in range(600):
        link = written.chat(0, number=2 + number, parent=above)
        above = link["span_id"]
        links.append({**link, "name": "step", "scope": {"name": "app"}, "attributes": {"code": "x" * 2_000}})
    call = {**rest[0], "parent": {"span_id": above, "is_remote": False}}
    with running([target(receiver.url)]) as gateway:
        gateway.send(written.span_request(root, call))
        before = _project(gateway).status()["held_bytes"]
        assert (
            gateway.post("/v1/traces", protobuf("traces", written.span_request(links[0], *links[1:]))).status_code
            == 200
        )
        assert (_project(gateway).status()["held_bytes"] - before) / 600 < 300
    assert Counter(event["event"] for event in receiver.events) == {"$ai_trace": 1, "$ai_generation": 1}


def test_the_texts_of_resources_count(receiver: Receiver) -> None:
    """A resource is held once, however many spans and traces hold it."""
    with running([target(receiver.url)]) as gateway:
        for host in range(3):
            resource = {"service.name": "app", "process.command_line": f"{host}" * 100_000}
            for trace in range(10 * host, 10 * host + 10):
                gateway.send(written.span_request({**written.chat(trace), "resource": resource}))
        assert 300_000 < _project(gateway).status()["held_bytes"] < 400_000
    assert len(receiver.events) == 30


def test_a_late_span_is_placed_under_what_has_left(receiver: Receiver) -> None:
    call, root = family(0)
    with running([target(receiver.url)], patience=Patience(0.05, 5)) as gateway:
        gateway.send(written.span_request(root))
        wait_for(lambda: len(receiver.events) == 1)
        gateway.send(written.span_request(call))
        wait_for(lambda: len(receiver.events) == 2)
    first, second = receiver.events
    assert (first["event"], second["event"]) == ("$ai_trace", "$ai_generation")
    assert second["properties"]["$ai_parent_id"] == first["properties"]["$ai_trace_id"]
    assert second["distinct_id"] == "u0"


def test_a_trace_waits_for_a_parent_that_still_runs(receiver: Receiver) -> None:
    (call, root), other = family(0), family(1)
    with running([target(receiver.url)], patience=Patience(0.05, 3600, 3600)) as gateway:
        gateway.send(written.span_request(call))
        gateway.send(written.span_request(*other))
        wait_for(lambda: len(receiver.events) == 2)
        assert arrived(receiver.events) == whole([1]), "the call came before, and still waits"
        gateway.send(written.span_request(root))
        wait_for(lambda: len(receiver.events) == 4)
    assert {event["distinct_id"] for event in receiver.events} == {"u0", "u1"}


def test_the_same_span_has_the_same_uuid_on_every_replica(receiver: Receiver) -> None:
    with Receiver() as other:
        for host in (receiver.url, other.url):
            with running([target(host)]) as gateway:
                post_families(gateway, range(5))
        ours, theirs = ({event["uuid"]: json.dumps(event, sort_keys=True) for event in each.events}
                        for each in (receiver, other))  # fmt: skip
    assert len(ours) == 10
    assert ours == theirs
