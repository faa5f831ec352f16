"""The gateway beside `rotel`, a collector written in Rust: the same OTLP through each, into a local server.

Each runs in a process of its own whose CPU time is read from the system. What rotel does is less: it passes the bytes
on, where the gateway makes events of them; the ratio says what that costs.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests

from .sink import Sink

_CPU_CLOCK = 2
"""With the number of a process, Linux's name of the clock of its CPU time (clock_getcpuclockid)."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
SENDERS = 4
SMALL_SPANS_A_SECOND = 5_000
LARGE_SPANS_A_SECOND = 136
"""Three of four are calls with 100 kB of messages: 10 MB a second."""


@dataclass
class Load:
    """Requests that are sent, and how many spans they hold."""

    bodies: list[bytes]
    spans: int

    @property
    def megabytes(self) -> float:
        return sum(map(len, self.bodies)) / 1e6


def load(traces: int, message_bytes: int, traces_a_request: int) -> Load:
    """Agents with three calls of a model each, all under ids of their own."""
    from tests.otlp import posted, written

    bodies: list[bytes] = []
    for first in range(0, traces, traces_a_request):
        spans: list[dict[str, Any]] = []
        for number in range(first, min(first + traces_a_request, traces)):
            root = written.agent(number)
            parent = root["span_id"]
            spans += [written.chat(number, number=n, size=message_bytes, parent=parent) for n in (1, 2, 3)] + [root]
        bodies.append(posted.protobuf("traces", written.span_request(*spans)))
    return Load(bodies, 4 * traces)


class Process:
    """A running contestant."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self.url = url

    def cpu(self) -> float:
        """Seconds of CPU that it has used, as exactly as Linux counts them."""
        return time.clock_gettime((~self.pid << 3) | _CPU_CLOCK)

    def memory(self) -> float:
        """Megabytes that it holds."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE / 1e6


@contextmanager
def gateway(sink: str, *options: str) -> Iterator[Process]:
    """Ours, with traces that leave soon."""
    environment = {**os.environ, "POSTHOG_API_KEY": "phc_benchmark", "POSTHOG_HOST": sink}
    command = [sys.executable, "-m", "otel_posthog_ai", "gateway", "--port", "0", "--quiet-seconds", "1", *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        try:
            yield Process(process.pid, url)
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def rotel(sink: str) -> Iterator[Process]:
    """rotel, from the package of that name, passing OTLP on."""
    found = importlib.util.find_spec("rotel")
    assert found is not None
    assert found.origin is not None
    port, grpc = _free_port(), _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(found.origin).with_name("rotel-agent")), "start",
            "--otlp-http-endpoint", f"127.0.0.1:{port}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}",
            "--exporter", "otlp", "--otlp-exporter-endpoint", sink, "--otlp-exporter-protocol", "http",
            "--pid-file", f"{folder}/pid", "--log-file", f"{folder}/log",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            try:
                yield Process(process.pid, url)
            finally:
                process.terminate()
                process.wait(60)


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            requests.get(url, timeout=1)
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("it does not start")


def send(url: str, bodies: Sequence[bytes], requests_a_second: float | None = None) -> list[float]:
    """Post all bodies; milliseconds that each answer took. What gets 503 is sent again, as a Collector does."""
    waiting = iter(list(enumerate(bodies)))
    lock = threading.Lock()
    took: list[float] = []
    begin = time.monotonic()

    def run() -> None:
        session = requests.Session()
        headers = {"content-type": "application/x-protobuf"}
        while True:
            with lock:
                number, body = next(waiting, (0, b""))
            if not body:
                return
            if requests_a_second is not None:
                time.sleep(max(begin + number / requests_a_second - time.monotonic(), 0))
            while True:
                sent = time.monotonic()
                answer = session.post(url + "/v1/traces", data=body, headers=headers, timeout=60)
                took.append((time.monotonic() - sent) * 1e3)
                if answer.status_code == 200:
                    break
                assert answer.status_code in (429, 503), answer.status_code
                time.sleep(float(answer.headers.get("retry-after", 1)))

    threads = [threading.Thread(target=run) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def measure(process: Process, sink: Sink, given: Load) -> dict[str, float]:
    """CPU of one contestant for a load, until it has passed everything on."""
    before, begin = process.cpu(), time.monotonic()
    took = send(process.url, given.bodies)
    accepted = time.monotonic() - begin
    _until_quiet(sink)
    cpu = process.cpu() - before
    return {
        "spans a CPU second": given.spans / cpu,
        "MB a CPU second": given.megabytes / cpu,
        "accepted spans a second": given.spans / accepted,
        "p99": quantiles(took, n=100)[98] if len(took) > 1 else took[0],
        "memory": process.memory(),
    }


def paced(process: Process, sink: Sink, given: Load, spans_a_second: float) -> dict[str, float]:
    """How long requests wait for their answers at a rate, and what becomes of them; they come from another process."""
    before = sink.events
    rate = spans_a_second * len(given.bodies) / given.spans
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        took = sorted(pool.apply(send, (process.url, given.bodies, rate)))
    _until_quiet(sink)
    return {
        "p50": took[len(took) // 2],
        "p99": quantiles(took, n=100)[98],
        "lost": given.spans - (sink.events - before),
        "memory": process.memory(),
    }


def accepting(quick: bool) -> dict[str, dict[str, float]]:
    """Kind of load → what was measured at the rate that docs/gateway.md promises."""
    seconds = 10 if quick else 60
    loads = {
        "small": (load(SMALL_SPANS_A_SECOND * seconds // 4, 400, 25), SMALL_SPANS_A_SECOND),
        "large": (load(LARGE_SPANS_A_SECOND * seconds // 4, 100_000, 1), LARGE_SPANS_A_SECOND),
    }
    found: dict[str, dict[str, float]] = {}
    for kind, (given, rate) in loads.items():
        with Sink() as sink, gateway(sink.url, "--no-grpc") as running:
            found[kind] = paced(running, sink, given, rate)
    return found


def _until_quiet(sink: Sink) -> None:
    seen, since = sink.bytes, time.monotonic()
    while time.monotonic() - since < 4:
        time.sleep(0.2)
        if sink.bytes != seen:
            seen, since = sink.bytes, time.monotonic()


def compared(quick: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Contestant → kind of load → what was measured."""
    traces = 1_000 if quick else 5_000
    loads = {"small": load(traces, 400, 25), "large": load(traces // 10, 100_000, 5)}
    contestants = {"rotel": rotel, "ours": gateway}
    if importlib.util.find_spec("rotel") is None:
        del contestants["rotel"]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, contestant in contestants.items():
        for kind, given in loads.items():
            with Sink() as sink, contestant(sink.url) as running:
                send(running.url, given.bodies[:3])  # what is loaded and made at the first request is not measured
                found.setdefault(name, {})[kind] = measure(running, sink, given)
    return found
