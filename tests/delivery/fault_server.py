"""A local ingestion host with every fault that a network can have, on real sockets.

    with FaultServer([RESET_IN_UPLOAD, answer(503)]) as server:   # one fault a request, then it is well
        …
        server.events          # what was taken, in order, as PostHog would see it

Faults can also be a function `(Received) -> Fault`, and can be replaced at any time with `server.play(…)`.
"""

from __future__ import annotations

import gzip
import json
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import chain, repeat
from pathlib import Path
from typing import Any

SELF_SIGNED = Path(__file__).parent / "self_signed.pem"
_HANG_SECONDS = 60.0


@dataclass(frozen=True)
class Fault:
    """How one request is treated. Stages: accept, upload, answer (request read), headers, body."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: bytes = b'{"status":"Ok"}'
    delay: float = 0.0
    hang: str | None = None
    reset: str | None = None
    close: str | None = None
    drip: float | None = None
    """Seconds between two bytes of the answer."""
    raw: bytes | None = None
    """What is written instead of an HTTP answer."""
    stores: bool | None = None
    """Whether the events are taken; by default a 2xx takes them."""

    @property
    def takes(self) -> bool:
        if self.stores is not None:
            return self.stores
        return 200 <= self.status < 300 and self.hang is None and self.reset is None and self.raw is None


def answer(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """A plain answer; header names are written with underscores."""
    named = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return Fault(status=status, body=body, headers=tuple(named.items()))


OK = Fault()
RESETS = {stage: Fault(reset=stage) for stage in ("accept", "upload", "answer", "headers", "body")}
HANGS = {stage: Fault(hang=stage) for stage in ("upload", "answer", "headers", "body")}
CLOSES = {stage: Fault(close=stage, stores=False) for stage in ("upload", "answer", "headers")}
STORED_BUT_NO_ANSWER = Fault(reset="answer", stores=True)
WEB_PAGE = Fault(
    headers=(("Content-Type", "text/html; charset=utf-8"),), body=b"<!doctype html><title>Welcome</title>", stores=False
)
NOT_HTTP = Fault(raw=b"220 mail.example ESMTP ready\r\n")


@dataclass
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> bytes:
        return gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text)
        return content

    @property
    def batch(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = self.content["batch"]
        return batch


Play = Iterable[Fault] | Callable[[Received], Fault]


class FaultServer:
    """Listens on 127.0.0.1 from `with` to its end; `port` 0 takes any."""

    def __init__(self, play: Play = (), *, port: int = 0, tls: bool = False, tells_time: bool = True) -> None:
        self._tells_time = tells_time
        self._port = port
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(SELF_SIGNED)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._doomed: set[socket.socket] = set()
        self._ended = threading.Event()
        self.requests: list[Received] = []
        self.events: list[dict[str, Any]] = []
        self.connections = 0
        self.play(play)

    def play(self, play: Play) -> None:
        """From now on treat requests like this; after the end of a list all is well."""
        self._faults: Iterator[Fault] | None = None if callable(play) else chain(play, repeat(OK))
        self._choose = play if callable(play) else None
        self._next: Fault | None = None

    def __enter__(self) -> FaultServer:
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=100)
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # Wakes the accepting thread, which holds the port.
        except OSError:
            pass
        self._listener.close()
        self.reset_kept_connections()

    @property
    def url(self) -> str:
        scheme, name = ("https", "localhost") if self._tls else ("http", "127.0.0.1")
        return f"{scheme}://{name}:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def uuids(self) -> list[str]:
        """Of the taken events, in order, with repetitions."""
        with self._lock:
            return [event["uuid"] for event in self.events]

    def wait_for(self, condition: Callable[[FaultServer], Any], seconds: float = 10.0) -> bool:
        """Poll until the condition holds; whether it did in time."""
        end = time.monotonic() + seconds
        while not condition(self):
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def reset_kept_connections(self) -> None:
        """What a load balancer does to idle connections."""
        with self._lock:
            kept = set(self._open)
            self._doomed |= kept  # Each is reset by the thread that reads from it.
        self.wait_for(lambda _: not kept & self._open)

    # ---- sockets -----------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        if self._early("accept"):
            _reset(connection)
            return
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except (OSError, ssl.SSLError):
                return
        with self._lock:
            self._open.add(connection)
        try:
            while not self._ended.is_set() and self._exchange(connection, number):
                pass
        except (OSError, ValueError):
            pass  # Closed by either side.
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)
                self._doomed.discard(connection)

    def _early(self, stage: str) -> Fault | None:
        """The next fault, if it strikes already at `stage`, where a function could not yet choose."""
        with self._lock:
            if self._faults is None:
                return None
            if self._next is None:
                self._next = next(self._faults)
            if stage in (self._next.reset, self._next.hang, self._next.close):
                fault, self._next = self._next, None
                return fault
            return None

    def _fault_for(self, received: Received) -> Fault:
        with self._lock:
            if self._choose is not None:
                return self._choose(received)
            assert self._faults is not None
            fault, self._next = self._next or next(self._faults), None
            return fault

    def _exchange(self, connection: socket.socket, number: int) -> bool:
        """Serve one request; whether the connection is kept."""
        while not select.select([connection], [], [], 0.02)[0]:
            if connection in self._doomed or self._ended.is_set():
                _reset(connection)
                return False
        head = b""
        while b"\r\n\r\n" not in head:
            got = connection.recv(4096)
            if not got:
                return False
            head += got
        head, _, body = head.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): text.strip() for name, _, text in (one.partition(":") for one in lines)}
        if line.startswith("HEAD "):  # what time it is here; the faults are for events
            date = f"Date: {formatdate(usegmt=True)}\r\n" if self._tells_time else ""
            connection.sendall(f"HTTP/1.1 200 OK\r\n{date}Content-Length: 0\r\n\r\n".encode())
            return True
        early = self._early("upload")
        if early is not None:
            return self._strike(connection, early, "upload")
        while len(body) < int(headers.get("content-length", 0)):
            got = connection.recv(65536)
            if not got:
                return False
            body += got
        method, path, _ = line.split(" ", 2)
        received = Received(method, path, headers, body, number)
        fault = self._fault_for(received)
        with self._lock:
            self.requests.append(received)
            if fault.takes:
                self.take(received)
        return self._answer(connection, fault)

    def take(self, received: Received) -> None:
        """Keep what a request brings; under the lock."""
        self.events.extend(received.batch)

    def _answer(self, connection: socket.socket, fault: Fault) -> bool:
        self._ended.wait(fault.delay)
        for stage in ("accept", "upload", "answer"):  # A function chose too late for the first two.
            if stage in (fault.hang, fault.reset, fault.close):
                return self._strike(connection, fault, stage)
        if fault.raw is not None:
            connection.sendall(fault.raw)
            return False
        head = f"HTTP/1.1 {fault.status} Whatever\r\n" + "".join(f"{name}: {text}\r\n" for name, text in fault.headers)
        if "headers" in (fault.hang, fault.reset, fault.close):
            connection.sendall(head.encode()[:20])
            return self._strike(connection, fault, "headers")
        head = f"{head}Content-Length: {len(fault.body)}\r\n\r\n"
        if "body" in (fault.hang, fault.reset, fault.close):
            connection.sendall(head.encode() + fault.body[:1])
            return self._strike(connection, fault, "body")
        if fault.drip is None:
            connection.sendall(head.encode() + fault.body)
            return True
        for byte in head.encode() + fault.body:
            connection.sendall(bytes([byte]))
            if self._ended.wait(fault.drip):
                return False
        return True

    def _strike(self, connection: socket.socket, fault: Fault, stage: str) -> bool:
        if fault.hang == stage:
            self._ended.wait(_HANG_SECONDS)
        elif fault.reset == stage:
            _reset(connection)
        return False


def _reset(connection: socket.socket) -> None:
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    except OSError:
        pass
