"""urllib3's connections, tamed: one deadline for a whole exchange, and no surprise from the environment.

Imported at the first send, because it imports urllib3. What the environment says of proxies is asked of requests, whose
rules are those that people know, and which is loaded only where one is set. The connections report to the current
thread's `Exchange`, which knows the deadline, whether the socket had been used before, and whether a byte of answer has
come; and which lets another thread end the exchange.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  # what every name is encoded with: else loaded at the first connection
import http.client
import io
import os
import queue
import socket
import sys
import threading
from _socket import getaddrinfo as _plain_getaddrinfo
from _socket import socket as _plain_socket
from typing import Any, cast

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Timeout, parse_url

from otel_posthog_ai import forks

from .retry import Deadline

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE")
_SHORTEST_TIMEOUT = 0.01
_MOST_KEPT = 4
_here = threading.local()


class Misconfigured(Exception):
    """Something outside of the options is set so that nothing can be sent; its text says what, without content."""


class Exchange:
    """One request and its answer, on one socket."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.reused = False
        self.answered = False
        self.ended = False
        self._socket: Any = None

    def __enter__(self) -> Exchange:
        _here.exchange = self
        return self

    def __exit__(self, *_: object) -> None:
        _here.exchange = None

    def seconds(self) -> float:
        """What is left, as a socket timeout; never 0, which would mean non-blocking."""
        return max(self.deadline.remaining(), _SHORTEST_TIMEOUT)

    def timeout(self) -> Timeout:
        """What is left, as urllib3 is told: a name may have two addresses, and each is given half of it."""
        return Timeout(connect=max(self.seconds() / 2, 0.05), read=self.seconds())

    def takes(self, connected: Any, *, reused: bool) -> None:
        """The exchange goes over this socket."""
        self._socket, self.reused = connected, reused
        if self.ended:
            self.end()

    def end(self) -> None:
        """Break the connection off, from any thread."""
        self.ended = True
        if self._socket is not None:
            # Eventlet's sockets hold the real one, and lack what they do not need.
            connected = getattr(self._socket, "fd", self._socket)
            try:
                # Of the plain socket also under TLS: the TLS object belongs to the thread that uses it.
                _plain_socket.shutdown(connected, socket.SHUT_RDWR)
            except (OSError, TypeError, AttributeError):
                pass  # Not connected any more.

    def leave_to_parent(self) -> None:
        """In a forked child: nobody here may read the parent's answer, nor end the connection for both.

        A thread does not get here, but the greenlets of gevent go on in the child as if nothing had happened. Ours
        finds itself at the end of another connection.
        """
        self.ended = True
        try:
            number = self._socket.fileno() if self._socket is not None else -1
            if number >= 0:
                here, there = socket.socketpair()
                there.close()
                os.dup2(here.fileno(), number, inheritable=False)
                here.close()
        except OSError:
            pass  # Without descriptors to spare, the exchange ends by its deadline.


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the exchange's deadline, however slowly the bytes drip."""

    def __init__(self, raw: Any, connected: Any) -> None:
        self._raw = raw
        self._socket = connected
        self.in_head = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        exchange: Exchange | None = getattr(_here, "exchange", None)
        if exchange is not None:
            if exchange.deadline.remaining() == 0.0 and exchange.answered:
                raise TimeoutError("the answer did not end in time")
            self._socket.settimeout(exchange.seconds())
        count: int | None = self._raw.readinto(buffer)
        if count and exchange is not None:
            exchange.answered = True
        if count == 0 and self.in_head:
            raise ConnectionResetError("the answer ended within its headers")
        return count

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        try:
            self._raw.close()
        finally:
            super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        buffered: Any = self.fp
        self._reader = _TimedReader(buffered.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read status and headers. The standard library takes `HTTP/1.1 200` and then nothing for a whole answer, and
        early hints (103) for the answer that follows them."""
        self._reader.in_head = True
        super().begin()
        while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = cast("Any", None)
            super().begin()
        self._reader.in_head = False


class _Reporting:
    """What both kinds of connection tell the exchange."""

    response_class: Any = _TimedResponse
    sock: Any
    port: Any
    timeout: Any
    socket_options: Any
    _dns_host: str
    _opened_in: Exchange | None = None

    def connect(self) -> None:
        self._opened_in = getattr(_here, "exchange", None)
        super().connect()  # type: ignore[misc]
        self._report()

    def _new_conn(self) -> Any:
        """Connect; where nobody can be asked for addresses in another thread, ask in this one.

        Gevent leaves names and addresses alike to its pool of threads. Since Python 3.12 none can be started once the
        interpreter ends, and a forked worker that connects only then has none yet.
        """
        try:
            return super()._new_conn()  # type: ignore[misc]
        except RuntimeError:
            if not forks.below_gevent():
                raise
        failure: OSError | None = None
        for family, kind, protocol, _, address in _plain_getaddrinfo(self._dns_host, self.port, 0, socket.SOCK_STREAM):
            connected = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    connected.setsockopt(*option)
                connected.settimeout(self.timeout)
                connected.connect(address)
            except OSError as error:
                connected.close()
                failure = error
            else:
                return connected
        raise failure or OSError("the host has no address")

    def putrequest(self, *args: Any, **options: Any) -> Any:
        if self.sock is not None:
            self._report()
        exchange: Exchange | None = getattr(_here, "exchange", None)
        if exchange is not None and exchange.deadline.remaining() == 0.0:
            # Sent now, it would be repeated whatever the server does: nobody would wait for the answer.
            raise TimeoutError("no time left to send")
        return super().putrequest(*args, **options)  # type: ignore[misc]

    def _report(self) -> None:
        exchange: Exchange | None = getattr(_here, "exchange", None)
        if exchange is not None:
            exchange.takes(self.sock, reused=self._opened_in is not exchange)


class _Connection(_Reporting, HTTPConnection):
    pass


class _TLSConnection(_Reporting, HTTPSConnection):
    pass


class _Kept(queue.LifoQueue[Any]):
    """A pool's connections. A forked child has none, and may find the parent's queue locked in mid-use.

    urllib3 empties the queue of every pool at the end of the process, of the parent's pools too.
    """

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        super().__init__(self.maxsize)


class _Pool(HTTPConnectionPool):
    ConnectionCls = cast("Any", _Connection)
    QueueCls = _Kept


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = cast("Any", _TLSConnection)
    QueueCls = _Kept


_POOLS: dict[str, Any] = {"http": _Pool, "https": _TLSPool}


def open_pools(url: str) -> PoolManager:
    """Connections for requests to `url`; proxy and CA bundle are taken from the environment here and now."""
    with forks.importing:
        proxy = _proxy_for(url) if _has_proxies() else None
        bundle = _bundle(needed=any(each.lower().startswith("https:") for each in (url, proxy or "")))
    trust: Any = {"cert_reqs": "CERT_REQUIRED", "ca_cert_dir" if os.path.isdir(bundle) else "ca_certs": bundle}
    if proxy is None:
        pools = PoolManager(num_pools=1, maxsize=_MOST_KEPT, **trust)
    else:
        from requests.adapters import HTTPAdapter

        pools = HTTPAdapter(pool_connections=1, pool_maxsize=_MOST_KEPT).proxy_manager_for(proxy, **trust)
    if proxy is None or not proxy.lower().startswith("socks"):
        pools.pool_classes_by_scheme = _POOLS
    return pools


def _bundle(*, needed: bool) -> str:
    """The file or directory of the certificates that are trusted; "" where none is named and none needed."""
    variable = next((name for name in _CA_VARIABLES if os.environ.get(name)), None)
    if variable is None:
        if not needed:
            return ""
        import certifi  # with what finds the files of packages

        return certifi.where()
    if not os.path.exists(os.environ[variable]):
        raise Misconfigured(f"the CA bundle that {variable} names is not there")
    return os.environ[variable]


def _has_proxies() -> bool:
    """Whether a proxy may be set; where the environment alone can set one, without loading `urllib.request`."""
    if sys.platform not in ("win32", "darwin"):
        return any(value and name.lower().endswith("_proxy") for name, value in os.environ.items())
    from urllib.request import getproxies

    return bool(getproxies())


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for `url`, with its credentials."""
    from requests.utils import get_environ_proxies, select_proxy

    named = select_proxy(url, get_environ_proxies(url))
    if not named:
        return None
    proxy = named if "://" in named else f"http://{named}"
    if not parse_url(proxy).host:
        raise Misconfigured("the proxy's URL is none that can be used")
    return proxy
