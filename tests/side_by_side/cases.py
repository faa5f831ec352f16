"""The faults and endings, and one run of each for one contestant."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.delivery.fault_server import HANGS, OK, RESETS, Fault, Play, Received, answer

from .app import UNKNOWN_HOST
from .host import Host

_TROUBLE_SECONDS = 10.0
_LIFE_SECONDS = 14
_PATIENCE = 60.0
_BOOT_SECONDS = 2.0
"""Until every worker of gunicorn is there: one that is told to end before is waited for by gunicorn for 30 s."""
_REQUESTS = 40
_ROOT = Path(__file__).parents[2]


def _well() -> Play:
    return ()


def _at_first(fault: Fault) -> Callable[[], Play]:
    """The fault for so long, from the start of the app on; then all is well."""

    def play() -> Play:
        end = time.monotonic() + _TROUBLE_SECONDS
        return lambda _: fault if time.monotonic() < end else OK

    return play


def _always(fault: Fault) -> Callable[[], Play]:
    return lambda: lambda _: fault


def _above(limit: int) -> Callable[[], Play]:
    def play(received: Received) -> Fault:
        return answer(413) if len(received.raw) > limit else OK

    return lambda: play


@dataclass(frozen=True)
class Case:
    """One row: what the host does, how the app lives, and what ends it."""

    name: str
    way: tuple[str, ...] = ("steady", str(_LIFE_SECONDS))
    play: Callable[[], Play] = _well
    environment: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    ends_by: signal.Signals | None = None
    """Sent when the app says that it is ready, or has answered its requests."""
    after: float = 0.0
    """Seconds until then."""
    down: bool = False
    """Nobody listens until the app has ended."""
    followed: bool = False
    """The host is well then, and the same app is started again."""
    server: tuple[str, ...] = ()
    """The command of a web server, in place of a way."""


_UVICORN = ("uvicorn", "tests.side_by_side.web:asgi", "--log-level", "warning")
_GUNICORN = ("gunicorn", "tests.side_by_side.web:wsgi", "--preload", "--workers", "2", "--no-control-socket",
             "--log-level", "warning")  # fmt: skip
_GEVENT = ("--worker-class", "gevent", "--config", str(_ROOT / "tests" / "servers" / "apps" / "gevent_early.py"))

CASES = (
    Case("the host is well"),
    Case("it answers 500 for ten seconds", play=_at_first(answer(500))),
    Case("it hangs for ten seconds", play=_at_first(HANGS["answer"])),
    Case("it resets connections for ten seconds", play=_at_first(RESETS["answer"])),
    Case("it answers 429 with `Retry-After: 3`, for ten seconds", play=_at_first(answer(429, Retry_After="3"))),
    Case("it answers 413 above 200 kB, messages of 20 kB", ("large", "8"), play=_above(200_000),
         environment={"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "POSTHOG_COMPRESSION": "none"}),
    Case("DNS does not know it for ten seconds", environment={"UNKNOWN_SECONDS": str(_TROUBLE_SECONDS)}),
    Case("a script ends, the host is well", ("burst",)),
    Case("a script ends, the host answers 503", ("burst",), play=_always(answer(503))),
    Case("a script ends, the host hangs", ("burst",), play=_always(HANGS["answer"])),
    Case("a script ends, nobody listens", ("burst",), down=True),
    Case("the same with `spool_directory`, then the host is well and the script runs again", ("burst",),
         down=True, followed=True),
    Case("a script ends below `ConcurrentMultiSpanProcessor`", ("burst",), environment={"BELOW_CONCURRENT": "1"}),
    Case("SIGTERM to a script", ("told",), ends_by=signal.SIGTERM),
    Case("SIGTERM to uvicorn", server=_UVICORN, ends_by=signal.SIGTERM),
    Case("SIGTERM to gunicorn, preloaded", server=_GUNICORN, ends_by=signal.SIGTERM, after=_BOOT_SECONDS),
    Case("SIGTERM to gunicorn, preloaded, gevent", server=(*_GUNICORN, *_GEVENT), ends_by=signal.SIGTERM,
         after=_BOOT_SECONDS),
    Case("the same, patched after the preload", server=(*_GUNICORN, *_GEVENT[:2]), ends_by=signal.SIGTERM,
         after=_BOOT_SECONDS),
    Case("five forks while four threads trace", ("fork",)),
    Case("a pool of processes", ("processes",)),
    Case("SIGKILL 2 s after the last span, nobody listens", ("told",), ends_by=signal.SIGKILL, after=2.0, down=True),
    Case("the same with `spool_directory`, then the host is well, and it is started again", ("told",),
         ends_by=signal.SIGKILL, after=2.0, down=True, followed=True),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of the spans that ended in one run."""

    made: int
    stored: int
    doubled: int
    end_seconds: float
    """From its signal, or the end of its way, to the end of the process."""
    ended: bool
    """By itself, within `_PATIENCE`."""


def run(case: Case, contestant: str) -> Outcome:
    """Play the case for one contestant."""
    with TemporaryDirectory() as folder:
        with Host(case.play()) as host:
            if not case.down:
                return _run(case, contestant, Path(folder), host)
        return _run(case, contestant, Path(folder), Host(port=host.port))  # the port is known and free now


def _run(case: Case, contestant: str, folder: Path, host: Host) -> Outcome:
    environment = _environment(case, contestant, folder, host.port)
    process = _start(case, folder, environment)
    try:
        began = _provoke(case, process, folder)
        ended = _has_ended(process)
        produced = folder / "produced"
        written = produced.stat().st_mtime if produced.exists() else 0.0
        end_seconds = time.time() - max(began, written)
    finally:
        process.kill()
        process.wait()
    if case.down:
        with host:
            if case.followed:
                command = [sys.executable, "-W", "ignore", "-m", "tests.side_by_side.app", "following"]
                subprocess.run(command, env=environment, cwd=_ROOT, stderr=subprocess.DEVNULL, check=False)
    made = produced.read_text().split() if produced.exists() else []
    stored = {mark: times for mark, times in host.marks.items() if mark in set(made)}
    return Outcome(len(made), len(stored), sum(stored.values()) - len(stored), end_seconds, ended)


def _environment(case: Case, contestant: str, folder: Path, port: int) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("OTEL_", "POSTHOG_"))}
    name = UNKNOWN_HOST if "UNKNOWN_SECONDS" in case.environment else "127.0.0.1"
    chosen = {
        "PYTHONPATH": str(_ROOT),
        "CONTESTANT": contestant,
        "HOST": f"http://{name}:{port}",
        "PRODUCED": str(folder / "produced"),
    }
    if case.followed:
        chosen["POSTHOG_SPOOL_DIRECTORY"] = str(folder / "spool")
    return {**inherited, **chosen, **case.environment}


def _start(case: Case, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    if case.server:
        socket_option = "--uds" if case.server[0] == "uvicorn" else "--bind"
        address = str(folder / "socket") if case.server[0] == "uvicorn" else f"unix:{folder / 'socket'}"
        command = [*case.server, socket_option, address]
    else:
        command = ["tests.side_by_side.app", *case.way]
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *command], env=environment, cwd=_ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _provoke(case: Case, process: subprocess.Popen[bytes], folder: Path) -> float:
    """Bring the app to its end; when that began (`time.time()`)."""
    if case.ends_by is None:
        return 0.0
    if case.server:
        _ask(folder / "socket")
    else:
        assert process.stdout is not None
        process.stdout.readline()
    time.sleep(case.after)
    process.send_signal(case.ends_by)
    return time.time()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        return False
    return True


def _ask(address: Path) -> None:
    """Send requests to a web server, once it listens; each is answered."""
    end = time.monotonic() + _PATIENCE
    done = 0
    while done < _REQUESTS and time.monotonic() < end:
        try:
            with socket.socket(socket.AF_UNIX) as connected:
                connected.connect(str(address))
                connected.sendall(b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")
                response = http.client.HTTPResponse(connected)
                response.begin()
                done += response.status == 200
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
