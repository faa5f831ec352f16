"""Real exporters of OpenTelemetry, and a real collector between: one app's spans, whatever way they take."""

from __future__ import annotations

import gzip
import importlib.util
import socket
import subprocess
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from otel_posthog_ai.inbox import Inbox
from tests.delivery.fault_server import SELF_SIGNED
from tests.otlp import posted, written

from .running import Process, started

RUNS, SOON = 5, ("--quiet-seconds", "1")


def _http(gateway: Process) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(f"{gateway.url}/v1/traces", compression=Compression.Gzip)


def _http_json(gateway: Process) -> SpanExporter:
    module = pytest.importorskip("opentelemetry.exporter.otlp.json.http.trace_exporter")
    exporter: SpanExporter = module.OTLPSpanExporter(f"{gateway.url}/v1/traces")
    return exporter


def _posthog_route(gateway: Process) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(f"{gateway.url}/i/v0/ai/otel", headers={"authorization": "Bearer phc_golden"})


def _grpc(gateway: Process) -> SpanExporter:
    pytest.importorskip("grpc")
    module = pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
    exporter: SpanExporter = module.OTLPSpanExporter(gateway.grpc_address(), insecure=True)
    return exporter


EXPORTERS: dict[str, Callable[[Process], SpanExporter]] = {
    "OTLP/HTTP, protobuf, gzip": _http,
    "OTLP/HTTP, JSON": _http_json,
    "PostHog's OTLP route": _posthog_route,
    "OTLP/gRPC": _grpc,
}


def run_agents(exporter: SpanExporter) -> None:
    """An agent that calls a model and a tool behind a web request, `RUNS` times."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("opentelemetry.instrumentation.genai.openai")
    for number in range(RUNS):
        with provider.get_tracer("web").start_as_current_span("POST /ask", attributes={"user.id": f"user-{number}"}):
            agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide"}
            with tracer.start_as_current_span("invoke_agent guide", attributes=agent):
                with provider.get_tracer("http").start_as_current_span("POST"):
                    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o",
                            "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 3}  # fmt: skip
                    tracer.start_span("chat gpt-4o", attributes=call).end()
                tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}
                tracer.start_span("execute_tool weather", attributes=tool).end()
    assert provider.force_flush()
    provider.shutdown()


def check_agents(events: list[dict[str, Any]]) -> None:
    """Each run once: its root, and the call and the tool below it, for its user."""
    assert Counter(event["event"] for event in events) == {"$ai_trace": RUNS, "$ai_generation": RUNS, "$ai_span": RUNS}
    assert len({event["uuid"] for event in events}) == 3 * RUNS
    assert {event["distinct_id"] for event in events} == {f"user-{number}" for number in range(RUNS)}
    for event in events:
        properties = event["properties"]
        if event["event"] != "$ai_trace":
            assert properties["$ai_parent_id"] == properties["$ai_trace_id"]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exporters_of_the_sdk(exporter: str) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    with Inbox() as inbox, started(inbox.url, *SOON) as gateway:
        run_agents(EXPORTERS[exporter](gateway))
        check_agents(inbox.wait_for_events(3 * RUNS, timeout=60))


def test_a_call_of_grpc_with_a_key_that_is_not_allowed() -> None:
    grpc = pytest.importorskip("grpc")
    with Inbox() as inbox, started(inbox.url) as gateway, grpc.insecure_channel(gateway.grpc_address()) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as refused:
            export(b"", metadata=(("authorization", "Bearer phc_stranger"),), timeout=20)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert export(b"", timeout=20) == b""
        with pytest.raises(grpc.RpcError) as damaged:
            export(b"\xff", timeout=20)
        assert damaged.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_call_of_grpc_that_finds_no_room_is_told_when_to_come_again() -> None:
    grpc = pytest.importorskip("grpc")
    from google.rpc.error_details_pb2 import RetryInfo
    from google.rpc.status_pb2 import Status

    full = ("--memory", "0.001")
    with Inbox() as inbox, started(inbox.url, *full) as gateway:
        body = posted.protobuf("traces", written.span_request(written.chat(0, size=2_000)))
        answer = gateway.post("/v1/traces", body, "application/x-protobuf")
        with grpc.insecure_channel(gateway.grpc_address()) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            with pytest.raises(grpc.RpcError) as refused:
                export(body, timeout=20)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    status, wait = Status.FromString(dict(refused.value.trailing_metadata())["grpc-status-details-bin"]), RetryInfo()
    assert status.message == refused.value.details()
    assert status.details[0].Unpack(wait)
    assert wait.retry_delay.seconds == int(answer.headers["retry-after"]) > 0


def test_tls() -> None:
    files = ("--tls-certificate", str(SELF_SIGNED), "--tls-key", str(SELF_SIGNED))
    with Inbox() as inbox, started(inbox.url, *SOON, *files) as gateway:
        assert gateway.url.startswith("https://")
        gateway.session.trust_env = gateway.session.verify = False  # the certificate names no host
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gateway.send(written.span_request(written.chat(0)))
        (event,) = inbox.wait_for_events(1, timeout=60)
        assert event["event"] == "$ai_generation"


def test_it_sends_what_it_holds_when_it_is_told_to_end() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    with Inbox() as inbox:
        with started(inbox.url, "--quiet-seconds", "3600") as gateway:
            run_agents(_http(gateway))
            assert inbox.events() == []
            gateway.process.terminate()
            assert gateway.process.wait(60) == 0
        check_agents(inbox.events())


@contextmanager
def rotel(folder: Path, target: str) -> Iterator[str]:
    """A collector that passes everything on; its OTLP/HTTP address."""
    found = importlib.util.find_spec("rotel")
    if found is None or found.origin is None:
        pytest.skip("rotel is not installed")
    http, grpc = _free_port(), _free_port()
    command = [
        str(Path(found.origin).with_name("rotel-agent")), "start", "--otlp-http-endpoint", f"127.0.0.1:{http}",
        "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--batch-timeout", "200ms",
        "--exporter", "otlp", "--otlp-exporter-endpoint", target, "--otlp-exporter-protocol", "http",
        "--pid-file", str(folder / "rotel.pid"), "--log-file", str(folder / "rotel.log"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for_port(http)
            yield f"http://127.0.0.1:{http}"
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "rotel does not start"
            time.sleep(0.05)


@contextmanager
def balancer(*gateways: Process) -> Iterator[str]:
    """What the Collector's `loadbalancing` exporter does: each trace goes to one gateway, by its id."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            for gateway, part in zip(gateways, _split(body, len(gateways)), strict=True):
                assert gateway.post("/v1/traces", part).status_code == 200
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _split(body: bytes, parts: int) -> list[bytes]:
    split: list[bytes] = []
    for number in range(parts):
        request = ExportTraceServiceRequest.FromString(body)
        for of_resource in request.resource_spans:
            for of_scope in of_resource.scope_spans:
                own = [span for span in of_scope.spans if span.trace_id[-1] % parts == number]
                del of_scope.spans[:]
                of_scope.spans.extend(own)
        split.append(request.SerializeToString())
    return split


def test_a_collector_in_front_of_two_gateways(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox())
        gateways = [stack.enter_context(started(inbox.url, *SOON)) for _ in range(2)]
        collector = stack.enter_context(rotel(tmp_path, stack.enter_context(balancer(*gateways))))
        run_agents(OTLPSpanExporter(f"{collector}/v1/traces"))
        check_agents(inbox.wait_for_events(3 * RUNS, timeout=60))
        assert sum(gateway.metric("spans_received_total") for gateway in gateways) == 5 * RUNS


def test_two_gateways_that_both_get_everything_send_the_same(tmp_path: Path) -> None:
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox())
        gateways = [stack.enter_context(started(inbox.url, *SOON)) for _ in range(2)]
        request = written.span_request(*(span for trace in range(20) for span in (written.agent(trace),)))
        for gateway in gateways:
            gateway.send(request)
        for gateway in gateways:
            deadline = time.monotonic() + 60
            while gateway.metric("events_sent_total") < 20:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        events = inbox.events()
        assert len(events) == len({event["uuid"] for event in events}) == 20
