"""A function on AWS's own runtime client, frozen as soon as it has answered, as the platform does."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

from .applications import APPS, ROOT, environment

pytest.importorskip("awslambdaric")
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot freeze a process")

SECONDS = 5.0
"""What the platform grants an invocation."""


class RuntimeAPI:
    """The HTTP interface through which Lambda hands out invocations and takes answers."""

    def __init__(self) -> None:
        invocations: queue.Queue[tuple[str, dict[str, Any], float]] = queue.Queue()
        answers: queue.Queue[tuple[str, Any]] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                identifier, event, seconds = invocations.get()
                self.answer(
                    json.dumps(event).encode(),
                    {
                        "Lambda-Runtime-Aws-Request-Id": identifier,
                        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
                        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:1:function:f",
                        "Content-Type": "application/json",  # AWS's client crashes without
                    },
                )

            def do_POST(self) -> None:
                answers.put((self.path.rpartition("/")[2], json.loads(self.body())))
                self.answer(b"{}", {}, 202)

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers["Content-Length"]))
                whole = b""
                while size := int(self.rfile.readline(), 16):
                    whole += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return whole

            def answer(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Keep the test's output quiet."""

        self._invocations, self.answers = invocations, answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def invoke(self, event: dict[str, Any], seconds: float = SECONDS) -> None:
        self._invocations.put((str(len(event)), event, seconds))

    def close(self) -> None:
        self._server.shutdown()


class Function:
    """A running function, which the platform may freeze."""

    def __init__(self, inbox: Inbox, **environ: str) -> None:
        self.api = RuntimeAPI()
        chosen = environment(
            inbox,
            AWS_LAMBDA_RUNTIME_API=self.api.address,
            AWS_LAMBDA_FUNCTION_NAME="f",
            AWS_LAMBDA_FUNCTION_VERSION="1",
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
            AWS_REGION="eu-west-1",
            PYTHONPATH=f"{ROOT}{os.pathsep}{APPS}",
            LAMBDA_TASK_ROOT=str(APPS),
            **environ,
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "lambda_handler.handler"],
            env=chosen,
            cwd=APPS,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def invoke(self, event: dict[str, Any], seconds: float = SECONDS) -> tuple[str, Any]:
        """Thaw, run one invocation, freeze the moment that it has answered."""
        self.process.send_signal(signal.SIGCONT)
        self.api.invoke(event, seconds)
        answer = self.api.answers.get(timeout=30)
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.api.close()


@pytest.fixture
def function(inbox: Inbox) -> Iterator[Function]:
    running = Function(inbox)
    yield running
    running.close()


def test_events_have_left_when_the_platform_freezes(function: Function, inbox: Inbox) -> None:
    for number in range(3):
        assert function.invoke({"user": f"u{number}"}) == ("response", {"user": f"u{number}"})
        assert [event["distinct_id"] for event in inbox.events()] == [f"u{n}" for n in range(number + 1)]


def test_a_failed_invocation_has_been_delivered_too(function: Function, inbox: Inbox) -> None:
    kind, answer = function.invoke({"user": "u0", "fail": True})
    assert (kind, answer["errorType"], answer["errorMessage"]) == ("error", "RuntimeError", "the app's own error")
    assert [event["distinct_id"] for event in inbox.events()] == ["u0"]


def test_a_hanging_posthog_costs_no_invocation(inbox: Inbox) -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as hanging:
        # Whoever waited for PostHog would wait for a minute; a busy machine is not as late.
        function = Function(inbox, POSTHOG_HOST=f"http://127.0.0.1:{hanging.getsockname()[1]}", POSTHOG_TIMEOUT="60")
        try:
            function.invoke({"user": "warm"}, seconds=1.5)
            started = time.monotonic()
            assert function.invoke({"user": "u0"}, seconds=1.5) == ("response", {"user": "u0"})
            assert time.monotonic() - started < 20
        finally:
            function.close()
