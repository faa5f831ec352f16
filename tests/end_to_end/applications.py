"""Run whole applications, and look at what they sent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

APPS = Path(__file__).parent / "apps"
ROOT = Path(__file__).parents[2]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def instrument() -> list[str]:
    """The command `opentelemetry-instrument` of this interpreter's environment."""
    command = Path(sys.executable).with_name("opentelemetry-instrument")
    if not command.exists():
        pytest.skip("opentelemetry-instrument is not installed")
    return [str(command)]


def environment(inbox: Inbox, **environ: str) -> dict[str, str]:
    """The environment of a process whose only telemetry goes to `inbox`; an empty value unsets a variable."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "POSTHOG_"))}
    chosen = {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "POSTHOG_API_KEY": "phc_test",
        "POSTHOG_HOST": inbox.url,
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*",  # the apps trace themselves; importing frameworks takes seconds
        **environ,
    }
    return {name: value for name, value in chosen.items() if value}


def tree(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Kind, name and parent's name of every event, sorted; the parent `trace` is the trace itself."""
    names = {event["properties"]["$ai_span_id"]: name_of(event) for event in events if span_id(event)}
    traces = {event["properties"]["$ai_trace_id"] for event in events}
    labels = {**names, **dict.fromkeys(traces, "trace"), None: "none"}
    return sorted(
        (event["event"], name_of(event), labels.get(event["properties"].get("$ai_parent_id"), "DANGLING"))
        for event in events
    )


def span_id(event: dict[str, Any]) -> str | None:
    value = event["properties"].get("$ai_span_id")
    return None if event["event"] == "$ai_trace" else value


def name_of(event: dict[str, Any]) -> str:
    return str(event["properties"].get("$ai_span_name"))


class Collector:
    """An OTLP/HTTP collector that keeps what it is sent."""

    def __init__(self) -> None:
        bodies: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep the test's output quiet."""

        self._bodies = bodies
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def spans(self) -> list[tuple[str, list[str]]]:
        """Name and attribute names of every span received, sorted."""
        service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
        found = []
        for body in self._bodies:
            request = service.ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    found += [(span.name, sorted(item.key for item in span.attributes)) for span in scope.spans]
        return sorted(found)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
