"""Run a server with an app of `apps/`, talk to it, stop it, and compare what it produced with what was delivered."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import otel_posthog_ai
from otel_posthog_ai.events.identifiers import event_uuid
from tests.delivery.fault_server import Fault, FaultServer, Received

APPS = Path(__file__).parent / "apps"
ROOT = Path(otel_posthog_ai.__file__).parents[1]
_PATIENCE = 60.0
"""Seconds after which a server hangs. Some take their fifteen on a machine with fifty other things to do."""
SLOWLY = Fault(delay=0.2)
"""So slow that a request of the parent is under way when the server forks."""


class Span(NamedTuple):
    """An AI span that ended in the process `made_in`."""

    uuid: str
    made_in: int


class Served:
    """A server process: it posts to `inbox`, listens at the Unix socket `address`, and has a folder to itself."""

    def __init__(self, inbox: FaultServer, folder: Path) -> None:
        self.inbox = inbox
        self.folder = folder
        self.address = str(folder / "socket")
        self._produced = folder / "produced"
        self._log = folder / "log"
        self.process: Any = None

    def start(self, *command: str, **environ: str) -> None:
        """Run the command among the apps."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "POSTHOG_"))}
        chosen = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(APPS)]),
            "POSTHOG_API_KEY": "phc_test",
            "POSTHOG_HOST": self.inbox.url,
            "PRODUCED": str(self._produced),
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=APPS,
                env={**inherited, **chosen, **environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, times: int, *, workers: int) -> None:
        """Send so many requests, eight at once, and more until that many workers have answered; each is answered."""
        self.wait_for(self._listens)
        end = time.monotonic() + 20
        answered: set[bytes] = set()
        with ThreadPoolExecutor(8) as pool:
            while not answered or len(answered) < workers:
                assert time.monotonic() < end, f"{len(answered)} workers answer\n{self.log}"
                answered.update(pool.map(self._request, range(times)))

    def _listens(self) -> bool:
        try:
            _connect(self.address).close()
        except OSError:
            return False
        return True

    def _request(self, _: int) -> bytes:
        connection = _Connection(self.address)
        try:
            connection.request("GET", "/ask", headers={"Connection": "close"})
            answer = connection.getresponse()
            assert answer.status == 200, self.log
            return answer.read()
        finally:
            connection.close()

    def stop(self, how: signal.Signals = signal.SIGTERM, *, statuses: tuple[int, ...] = (0,)) -> None:
        """Ask the server to end; it ends without an error."""
        self.process.send_signal(how)
        self.wait(statuses)

    def wait(self, statuses: tuple[int, ...] = (0,)) -> None:
        """Until the server has ended by itself, in time and without an error."""
        try:
            status = self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the server hangs\n{self.log}")
        assert status in statuses, f"{status}\n{self.log}"
        assert "Traceback" not in self.log, self.log
        assert "Fatal" not in self.log, self.log

    def wait_for(self, condition: Callable[[], Any], seconds: float = 20.0) -> None:
        """Poll until the condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"the server has ended\n{self.log}"
            assert time.monotonic() < end, f"waited in vain\n{self.log}"
            time.sleep(0.01)

    def kill(self) -> None:
        """Leave nothing behind."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def produced(self) -> list[Span]:
        """Every AI span that ended, in all processes."""
        if not self._produced.exists():
            return []
        lines = [line.split() for line in self._produced.read_text().splitlines()]
        return [Span(event_uuid(trace_id, span_id), int(pid)) for pid, trace_id, span_id in lines]

    def delivered_by(self, process: int) -> int:
        """How many spans of that process have arrived."""
        return sum(_span_of(event).made_in == process for event in list(self.inbox.events))

    def assert_delivered_once(self) -> None:
        """Every span arrived once, made into an event and sent by the process that it ended in."""
        produced = self.produced()
        delivered = [_span_of(event) for event in self.inbox.events]
        lost, foreign = Counter(produced) - Counter(delivered), Counter(delivered) - Counter(produced)
        assert not lost, f"{_by_process(lost)} of {_by_process(produced)} are lost\n{self.log}"
        assert not foreign, f"{_by_process(foreign)} of {_by_process(produced)} are doubled or foreign\n{self.log}"
        assert all(len(senders) == 1 for senders in _senders(self.inbox.requests).values())


def _span_of(event: dict[str, Any]) -> Span:
    return Span(event["uuid"], event["properties"]["made_in"])


def _by_process(spans: Iterable[Span]) -> dict[int, int]:
    return dict(Counter(span.made_in for span in spans))


def _senders(requests: list[Received]) -> dict[int, set[int]]:
    """By connection, the processes whose events came over it: no process has another's connection or outbox."""
    senders: defaultdict[int, set[int]] = defaultdict(set)
    for received in requests:
        senders[received.connection] |= {_span_of(event).made_in for event in received.batch}
    return senders


class _Connection(http.client.HTTPConnection):
    def __init__(self, address: str) -> None:
        super().__init__("localhost", timeout=20)
        self._address = address

    def connect(self) -> None:
        self.sock = _connect(self._address)


def _connect(address: str) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(20)
    try:
        connected.connect(address)
    except OSError:
        connected.close()
        raise
    return connected


def installed(command: str) -> str:
    """The command of this interpreter's environment; the test is skipped where it is not installed."""
    path = Path(sys.executable).with_name(command)
    if not path.exists():
        pytest.skip(f"{command} is not installed")
    return str(path)
