"""One HTTP request: bytes out, an `Answer` back, by the deadline, never an exception."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from opentelemetry import context

from otel_posthog_ai import forks

from .answers import Answer
from .retry import Deadline, retry_after

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

    from .connections import Exchange

_LONGEST_ANSWER = 64 * 1024
_DRAIN_SECONDS = 0.5
_BAD_PROXY = ("InvalidProxyURL", "LocationParseError", "ProxySchemeUnknown", "ProxySchemeUnsupported")
# Load balancers close idle connections after about a minute, and a frozen process does not hear of it.
_LONGEST_IDLE = 50.0

# urllib3 warns about each unverified or broken connection; ours are told once, by us.
logging.getLogger("urllib3").addHandler(logging.NullHandler())


class Transport:
    """Sends requests over kept connections. Thread-safe; a forked child has connections of its own."""

    def __init__(self) -> None:
        self._start_anew()
        forks.in_child(self._in_child)

    def _in_child(self) -> None:
        for exchange in self._active:
            exchange.leave_to_parent()
        self._start_anew()

    def _start_anew(self) -> None:
        self._lock = threading.RLock()
        self._pools: PoolManager | None = None
        self._active: set[Exchange] = set()
        self._last_use = (time.monotonic(), time.time())
        self._closed = False

    def prepare(self) -> None:
        """Load the HTTP library: that takes a moment, which must not count as time of trying nor age a `sent_at`."""
        try:
            _connections()
        except Exception:
            pass  # `post` meets the same error and answers with it.

    def post(self, url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> Answer:
        """POST `body`; whatever goes wrong is part of the answer."""
        return self._ask(url, body, headers, deadline)

    def get(self, url: str, deadline: Deadline) -> Answer:
        """GET; whatever goes wrong is part of the answer."""
        return self._ask(url, None, {}, deadline)

    def head(self, url: str, deadline: Deadline) -> Answer:
        """HEAD; whatever goes wrong is part of the answer."""
        return self._ask(url, None, {}, deadline, "HEAD")

    def _ask(
        self, url: str, body: bytes | None, headers: Mapping[str, str], deadline: Deadline, method: str = "GET"
    ) -> Answer:
        started = time.monotonic()
        try:
            with _untraced():
                return self._exchange(method if body is None else "POST", url, body, headers, deadline, started)
        except Exception as error:
            return Answer(error=type(error).__name__, cause=_cause(error), seconds=time.monotonic() - started)

    def abort(self) -> None:
        """Break off what is under way and let nothing new begin."""
        with self._lock:
            self._closed = True
            active = list(self._active)
        for exchange in active:
            exchange.end()

    def close(self) -> None:
        """Close the kept connections; the next request opens new ones."""
        with self._lock:
            pools, self._pools = self._pools, None
        if pools is not None:
            pools.clear()

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        deadline: Deadline,
        started: float,
    ) -> Answer:
        exchange = self._begin(url, deadline)
        try:
            with exchange:
                response = self._opened(url).urlopen(
                    method,
                    url,
                    body=body,
                    headers=dict(headers),
                    timeout=exchange.timeout(),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                return _read(response, exchange, started)
        except Exception as error:
            stale = exchange.reused and not exchange.answered and not exchange.ended and not _is_timeout(error)
            return Answer(
                error=type(error).__name__,
                cause=_cause(error),
                stale_socket=stale,
                seconds=time.monotonic() - started,
            )
        finally:
            with self._lock:
                self._active.discard(exchange)
            self._last_use = (time.monotonic(), time.time())

    def _begin(self, url: str, deadline: Deadline) -> Exchange:
        exchange: Exchange = _connections().Exchange(deadline)
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("shut down")
            self._active.add(exchange)
        return exchange

    def _opened(self, url: str) -> PoolManager:
        idle = max(abs(now - then) for now, then in zip((time.monotonic(), time.time()), self._last_use, strict=True))
        if idle > _LONGEST_IDLE:
            self.close()
        with self._lock:
            pools = self._pools
            if pools is None:
                opened: PoolManager = _connections().open_pools(url)
                self._pools = pools = opened
            return pools


def _connections() -> ModuleType:
    with forks.importing:
        from . import connections

        return connections


def _read(response: BaseHTTPResponse, exchange: Exchange, started: float) -> Answer:
    """The answer of a response; its body is read only to tell a web page, and to keep the connection."""
    status, headers = response.status, response.headers
    kind = headers.get("Content-Type", "").lower()
    exchange.deadline = Deadline(min(exchange.deadline.at, time.monotonic() + _DRAIN_SECONDS))
    opening = b""
    try:
        opening = response.read(_LONGEST_ANSWER, decode_content=False) or b""
        if response.read(1, decode_content=False):
            response.close()
    except Exception:
        response.close()  # The status is known; a body that never ends changes nothing.
    finally:
        response.close()
        response.release_conn()
    return Answer(
        status=status,
        retry_after=retry_after(headers.get("Retry-After"), headers.get("Date")),
        html="html" in kind or (not kind and opening.lstrip()[:1] == b"<"),
        seconds=time.monotonic() - started,
        date=headers.get("Date"),
    )


@contextmanager
def _untraced() -> Generator[None]:
    """Keep the app's HTTP instrumentors away from our own requests."""
    token = context.attach(context.set_value("suppress_instrumentation", True))
    try:
        yield
    finally:
        context.detach(token)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, inside the wrappings of urllib3 and requests."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting.extend([one.__cause__, one.__context__, getattr(one, "reason", None), *one.args])


def _is_timeout(error: BaseException) -> bool:
    return any(isinstance(one, TimeoutError) or "Timeout" in type(one).__name__ for one in _chain(error))


def _cause(error: BaseException) -> str:
    """A sentence for the log, from the error's classes alone: texts may quote what was sent."""
    import ssl  # not before something was sent and failed

    chain = list(_chain(error))
    for one in chain:
        kind = type(one).__name__
        if kind == "Misconfigured":
            return str(one)
        if kind in _BAD_PROXY:
            return "the proxy's URL is none that can be used"
        if kind == "InvalidSchema" and "SOCKS" in str(one):
            return "a SOCKS proxy is set and the package PySocks is not installed"
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return "its TLS certificate is not trusted"
    by_proxy = any("Proxy" in type(one).__name__ for one in chain)
    if any(isinstance(one, socket.gaierror) for one in chain):
        return "the proxy's name is not known to DNS" if by_proxy else "its name is not known to DNS"
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "the TLS handshake failed"
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return "the proxy refuses connections" if by_proxy else "connection refused"
    if by_proxy:
        return "the proxy did not let it through"
    if _is_timeout(error):
        return "no answer in time"
    if any(isinstance(one, OSError) or type(one).__name__ == "ProtocolError" for one in chain):
        return "connection broken"
    return type(error).__name__
