"""A gateway in this process, behind a real HTTP server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn

from otel_posthog_ai.gateway.gateway import Gateway
from otel_posthog_ai.gateway.open_traces import Patience
from otel_posthog_ai.gateway.projects import Routes, Target
from otel_posthog_ai.settings import resolve
from tests.otlp import posted

KEY = "phc_golden"
ROOT = Path(__file__).parents[2]
NEVER = Patience(quiet=3600, longest=3600)
"""Traces leave at the end of the gateway alone."""


def target(host: str, key: str = KEY, *, resource: Any = None, **options: Any) -> Target:
    return Target(resolve({"api_key": key, "host": host, **options}, environ={}), resource or {})


class Client:
    """Posts to a gateway."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def post(self, path: str, body: bytes, content_type: str = "application/x-protobuf", **headers: str) -> Any:
        """The answer to a request; header names with `_` for `-`."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.post(
            self.url + path, data=body, headers={"content-type": content_type, **names}, timeout=30
        )

    def get(self, path: str) -> Any:
        return self.session.get(self.url + path, timeout=30)

    def send(self, request: dict[str, Any], form: str = "protobuf") -> None:
        """Post an OTLP/JSON document in one of the two forms; everything in it must be taken."""
        for signal, body in posted.bodies(request, form):
            answer = self.post(f"/v1/{signal}", body, posted.CONTENT_TYPES[form])
            assert answer.status_code == 200, answer.text
            assert answer.content in (b"", b"{}"), answer.content


class Running(Client):
    """A gateway in this process, and a client of it."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        super().__init__(url)
        self.gateway = gateway


class Process(Client):
    """A gateway in a process of its own, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        super().__init__(url)
        self.process = process

    def grpc_address(self) -> str:
        """Where it takes OTLP/gRPC."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()[-1]

    def memory_megabytes(self) -> float:
        """The most that it has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def resident_megabytes(self) -> float:
        """What it holds now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6

    def metric(self, name: str) -> float:
        """The sum of a metric's values."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"posthog_gateway_{name}"))


@contextmanager
def started(host: str, *arguments: str, key: str = KEY, **environment: str) -> Iterator[Process]:
    """`python -m otel_posthog_ai gateway`, ended with SIGTERM."""
    given = {"POSTHOG_API_KEY": key, "POSTHOG_HOST": host, "PYTHONPATH": str(ROOT), **environment}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("POSTHOG_", "OTEL_"))}
    command = [sys.executable, "-m", "otel_posthog_ai", "gateway", "--port", "0", "--grpc-port", "0", *arguments]
    with subprocess.Popen(
        command, env={**kept, **given}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("OTLP is taken at"), process.communicate()
        client = Process(process, first.split()[-1])
        try:
            yield client
        finally:
            client.session.close()
            process.terminate()
            process.communicate(timeout=60)


@contextmanager
def running(targets: Sequence[Target], *, routes: Routes | None = None, **options: Any) -> Iterator[Running]:
    """A gateway for these projects, the first of which takes what names none; drained at the end."""
    options.setdefault("patience", NEVER)
    ways = routes or Routes(targets, has_default=True, key_needed=False)
    gateway = Gateway(ways, targets, **options)
    config = uvicorn.Config(gateway.app, port=0, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="gateway under test", daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.002)
    assert server.started
    client = Running(gateway, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    try:
        yield client
    finally:
        client.session.close()
        server.should_exit = True
        thread.join(60)
        gateway.close()
