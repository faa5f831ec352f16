"""The HTTP server: loopback only, a thread for each connection, one table from path to protocol."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from otel_posthog_ai.model_server import anthropic_messages, gemini, openai_chat, openai_other
from otel_posthog_ai.model_server.json_shapes import as_object
from otel_posthog_ai.model_server.openai_responses import Responses
from otel_posthog_ai.model_server.wire import Answer, JSONAnswer, Request, StreamAnswer

_MAX_BODY = 64 * 1024 * 1024
_KEPT_REQUESTS = 1000

Protocol = Callable[[Request], Answer]


class ModelServer:
    """A local server that speaks the HTTP APIs of OpenAI, Anthropic and Gemini with made-up answers.

    Use it as a context manager and give a client its address: `OpenAI(base_url=server.url + "/v1", api_key="local")`,
    `Anthropic(base_url=server.url, api_key="local")`. Any key is accepted.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        latency: Seconds before a body and before each event of a stream.

    Attributes:
        url: The address, such as `http://127.0.0.1:41234`.
        requests: The latest 1,000 requests, oldest first.

    Raises:
        OSError: The port is taken.
    """

    def __init__(self, port: int = 0, *, latency: float = 0.0) -> None:
        self.requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        self._latency = latency
        self._sequence = 0
        self._lock = threading.Lock()
        self._routes = _routes()
        self._http = _HTTPServer(("127.0.0.1", port), _Handler)
        self._http.model_server = self
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="model-server", daemon=True
        )

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """The answer to one request; never raises for a bad one."""
        parts = urlsplit(target)
        try:
            content: Any = json.loads(body) if body else {}
        except ValueError:
            content = None
        if not isinstance(content, dict):
            message = "The body is not a JSON object."
            return JSONAnswer({"error": {"message": message, "type": "invalid_request_error"}}, 400)
        with self._lock:
            self._sequence += 1
            request = Request(
                method, parts.path, dict(parse_qsl(parts.query)), headers, as_object(content), self._sequence
            )
            self.requests.append(request)
        for wanted, pattern, protocol in self._routes:
            if method == wanted and pattern.search(parts.path):
                return protocol(request)
        message = f"Unknown request URL: {method} {parts.path}."
        return JSONAnswer({"error": {"message": message, "type": "invalid_request_error"}}, 404)

    def pause(self) -> None:
        """Wait as long as the model takes to think."""
        if self._latency:
            time.sleep(self._latency)


def _routes() -> list[tuple[str, re.Pattern[str], Protocol]]:
    responses = Responses()
    table: list[tuple[str, str, Protocol]] = [
        ("POST", r"/chat/completions$", openai_chat.chat_completions),
        ("POST", r"/embeddings$", openai_other.embeddings),
        ("POST", r"/completions$", openai_other.completions),
        ("GET", r"/models$", openai_other.models),
        ("POST", r"/responses$", responses.create),
        ("GET", r"/responses/[^/]+$", responses.retrieve),
        ("POST", r"/conversations$", responses.create_conversation),
        ("POST", r"/messages$", anthropic_messages.messages),
        ("POST", r"/messages/count_tokens$", anthropic_messages.count_message_tokens),
        ("POST", r"/models/[^/]+:(generate|streamGenerate)Content$", gemini.generate_content),
        ("POST", r"/models/[^/]+:batchEmbedContents$", gemini.embed_contents),
    ]
    return [(method, re.compile(pattern), protocol) for method, pattern, protocol in table]


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # an app begins dozens of calls at once
    model_server: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server's; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    server: _HTTPServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the address is printed once by whoever started the server."""

    def _respond(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > _MAX_BODY:
            self.close_connection = True
            self._send_body(JSONAnswer({"error": {"message": "The request is too large."}}, 413))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        house = self.server.model_server
        answer = house.answer(self.command, self.path, headers, self.rfile.read(size))
        house.pause()
        if isinstance(answer, StreamAnswer):
            self._send_stream(answer)
        else:
            self._send_body(answer)

    def _send_body(self, answer: JSONAnswer) -> None:
        body = json.dumps(answer.value).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send_stream(self, answer: StreamAnswer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in answer.events:
            data = event.encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()
            self.server.model_server.pause()
        self.wfile.write(b"0\r\n\r\n")
