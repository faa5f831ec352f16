"""The HTTP server: reads a request whole, asks the gate and the routes, writes the answer."""

from __future__ import annotations

import logging
import socket
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from otel_posthog_ai.inbox.assets import is_asset
from otel_posthog_ai.inbox.exchange import Request, Response, text_response
from otel_posthog_ai.inbox.gate import fault
from otel_posthog_ai.inbox.routes import Routes
from otel_posthog_ai.inbox.wire import WIRE_LIMIT_BYTES, Refused

IDLE_SECONDS = 60

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_logger = logging.getLogger("otel_posthog_ai.inbox")


class Server(ThreadingHTTPServer):
    """Listens on loopback; one thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, routes: Routes) -> None:
        """Bind ``port`` on 127.0.0.1 (0 for a free one). Raises OSError when it is taken."""
        self.routes = routes
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, and remember it for the end."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""
        _logger.debug("a connection ended with an error", exc_info=True)

    def close(self) -> None:
        """Stop listening and end the connections that are kept alive."""
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            _hang_up(connection)


class Handler(BaseHTTPRequestHandler):
    """Turns HTTP into a `Request` and a `Response` into HTTP."""

    protocol_version = "HTTP/1.1"
    server_version = "otel-posthog-ai-inbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer one request of any method."""
        self._serve()

    do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    @property
    def _routes(self) -> Routes:
        return cast(Server, self.server).routes

    def _serve(self) -> None:
        url = urlsplit(self.path)
        refusal = fault(self.headers, page=self.command == "GET" and is_asset(url.path))
        if refusal is not None:
            self.close_connection = True  # the body was not read
            self._write(text_response(403, refusal))
            return
        try:
            body = self._read_body()
        except Refused as refused:
            self.close_connection = True
            self._write(self._routes.unreadable(url.path, refused, self._announced_length()))
            return
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        request = Request(self.command, url.path, query, self.headers.get("Content-Type", ""), body)
        try:
            response = self._routes.answer(request)
        except sqlite3.Error:
            _logger.debug("the database did not answer", exc_info=True)
            response = text_response(503, "the inbox's database does not answer")
        self._write(response)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self._announced_length()
        _check_length(length)
        return self._read(length)

    def _announced_length(self) -> int:
        """Bytes of the body by Content-Length; -1 when that is no number."""
        try:
            return int(self.headers.get("Content-Length", "0"))
        except ValueError:
            return -1

    def _read_chunks(self) -> bytes:
        chunks: list[bytes] = []
        total = 0
        while True:
            try:
                length = int(self.rfile.readline(1024).split(b";")[0], 16)
            except ValueError:
                raise Refused(400, "a chunk of the body has no length") from None
            total += max(length, 0)
            _check_length(length if length < 0 else total)
            chunks.append(self._read(length))
            self.rfile.readline(1024)
            if length == 0:
                return b"".join(chunks)

    def _read(self, length: int) -> bytes:
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            raise Refused(408, "the body did not arrive") from None
        if len(body) < length:
            raise Refused(400, "the body ends early")
        return body

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: the page shows what came."""


def _check_length(length: int) -> None:
    if length < 0:
        raise Refused(400, "the length of the body is not a number of bytes")
    if length > WIRE_LIMIT_BYTES:
        raise Refused(413, f"the body of {length:,} bytes is over the limit of {WIRE_LIMIT_BYTES:,}")


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the client was faster
