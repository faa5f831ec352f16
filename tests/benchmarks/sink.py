"""A local server that takes whatever is posted, and counts its bytes and what arrived."""

from __future__ import annotations

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .load import MARKER


class Sink:
    """`with Sink() as sink:` … `sink.url`, `sink.bytes` on the wire, `sink.requests`, `sink.marks` that arrived.

    It answers each request after `answer_seconds`.
    """

    def __init__(self, answer_seconds: float = 0.0) -> None:
        self.bytes = 0
        self.marks = 0
        self.requests = 0
        self.events = 0
        """Of PostHog, that arrived."""
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the end of an answer waits 40 ms for a client's acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink._take(body, self.headers.get("Content-Encoding") == "gzip")
                answer = b'{"status":1}' if "batch" in self.path else b""
                kind = "application/json" if "batch" in self.path else "application/x-protobuf"
                if answer_seconds:
                    time.sleep(answer_seconds)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _take(self, body: bytes, is_gzip: bool) -> None:
        text = gzip.decompress(body) if is_gzip else body
        with self._lock:
            self.bytes += len(body)
            self.requests += 1
            self.events += text.count(b'"event":"$ai_')
            self.marks += text.count(MARKER.encode())

    def __enter__(self) -> Sink:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
