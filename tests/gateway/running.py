"""A gateway in this process, behind a real HTTP server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
import uvicorn

from otel_posthog_ai.gateway.gateway import Gateway
from otel_posthog_ai.gateway.open_traces import Patience
from otel_posthog_ai.gateway.projects import Routes, Target
from otel_posthog_ai.settings import resolve
from tests.otlp import posted

KEY = "phc_golden"
NEVER = Patience(quiet=3600, longest=3600)
"""Traces leave at the end of the gateway alone."""


def target(host: str, key: str = KEY, **options: Any) -> Target:
    return Target(resolve({"api_key": key, "host": host, **options}, environ={}))


class Running:
    """The gateway, and a client of it."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
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
