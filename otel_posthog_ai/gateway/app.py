"""The HTTP door: an ASGI application that any ASGI server can run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

from .answers import Answer, failure, success
from .bodies import Refused, TooLarge, unpacked
from .receiver import Form, Receipt, Receiver, Signal
from .whose import Whose

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_SIGNALS: tuple[Signal, ...] = ("traces", "logs", "metrics")
_POSTHOG_ROUTE = "/i/v0/ai/otel"
_FORMS: Mapping[str, Form] = {"application/x-protobuf": "protobuf", "application/json": "json"}
_SMALL_BYTES = 64 * 1024
"""Requests up to this size are read at once; larger ones in a thread, so that others are not kept waiting."""
_LARGE_BYTES = 1024 * 1024
"""Of requests above this size, one at a time is unpacked and read: for that moment it takes many times its size."""


@dataclass(frozen=True)
class Limits:
    """What one request may take."""

    body_bytes: int = 16 * 1024 * 1024
    """Unpacked."""
    seconds: float = 30.0
    """From its headers to its last byte."""


class App:
    """OTLP/HTTP, and pages about itself.

    Args:
        receiver: takes what was received.
        pages: path → what gives the answer of a GET.
        limits: of a request.
        on_stop: called when the server stops, in a thread: sends what is held.
    """

    def __init__(
        self,
        receiver: Receiver,
        pages: Mapping[str, Callable[[], Answer]],
        limits: Limits | None = None,
        on_stop: Callable[[], object] | None = None,
    ) -> None:
        self._receiver = receiver
        self._pages = pages
        self._limits = limits or Limits()
        self._on_stop = on_stop
        self._medium, self._large = asyncio.Semaphore(4), asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the ASGI server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _write(await self._answer(scope, receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._on_stop is not None:
                    await asyncio.to_thread(self._on_stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        page = self._pages.get(path)
        if page is not None:
            if method not in ("GET", "HEAD"):
                return Answer(405, b"", "text/plain", {"allow": "GET, HEAD"})
            return await asyncio.to_thread(page)
        signal = signal_of(path)
        if signal is None:
            return Answer(404, b"OTLP/HTTP is taken at /v1/traces and /v1/logs\n", "text/plain")
        if method != "POST":
            return Answer(405, b"", "text/plain", {"allow": "POST"})
        answer = await self._taken(signal, _headers(scope), receive)
        self._receiver.received.requests[signal, answer.status] += 1
        return answer

    async def _taken(self, signal: Signal, headers: Mapping[str, str], receive: Receive) -> Answer:
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        form = _FORMS.get(content_type)
        reading = _Body(self._receiver, receive, self._limits)
        try:
            if form is None:
                raise Refused(415, "the content type must be application/x-protobuf or application/json")
            target = self._receiver.routes.by_key(headers)
            body = await reading.read()
            encoding = headers.get("content-encoding", "")

            def take(most_bytes: int) -> Receipt:
                whole = unpacked(body, encoding, most_bytes)
                reading.reserve(len(whole) - len(body))
                return self._receiver.receive(signal, form, whole, target, Whose.of(headers))

            return success(signal, form, await self._worked_on(take, len(body)))
        except Refused as refused:
            return failure(form or "protobuf", refused)
        finally:
            reading.close()

    async def _worked_on(self, take: Callable[[int], Receipt], size: int) -> Receipt:
        """What `take` gives, which unpacks up to so many bytes: here, in a thread, or in its turn in a thread."""
        largest = self._limits.body_bytes
        for most_bytes, turns in ((_SMALL_BYTES, None), (_LARGE_BYTES, self._medium)):
            if size > most_bytes or most_bytes >= largest:
                continue
            try:
                if turns is None:
                    return take(most_bytes)
                async with turns:
                    return await asyncio.to_thread(take, most_bytes)
            except TooLarge:  # unpacked, it is of the next class
                continue
        async with self._large:
            return await asyncio.to_thread(take, largest)


class _Body:
    """The body of a request while it is read and worked on: its bytes count."""

    def __init__(self, receiver: Receiver, receive: Receive, limits: Limits) -> None:
        self._receiver = receiver
        self._receive = receive
        self._limits = limits
        self._reserved = 0

    async def read(self) -> bytes:
        """All of it. Raises `Refused`: 408, 413, 503."""
        try:
            return await asyncio.wait_for(self._read(), self._limits.seconds)
        except asyncio.TimeoutError:
            raise Refused(408, "the request took too long to arrive") from None

    async def _read(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the connection was closed before the end of the request")
            piece = cast(bytes, message.get("body", b""))
            size += len(piece)
            if size > self._limits.body_bytes:
                raise TooLarge(self._limits.body_bytes)
            self.reserve(len(piece))
            pieces.append(piece)
            if not message.get("more_body"):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def reserve(self, size: int) -> None:
        """So many bytes more are needed. Raises `Refused` (503) when memory is short."""
        if size > 0:
            self._receiver.reserve(size)
            self._reserved += size

    def close(self) -> None:
        """The request is done."""
        self._receiver.budget.move(-self._reserved)
        self._reserved = 0


def signal_of(path: str) -> Signal | None:
    """What is posted to a path: vendors put OTLP below prefixes of their own, and each of these is taken."""
    path = path.rstrip("/")
    if path == _POSTHOG_ROUTE:
        return "traces"
    for signal in _SIGNALS:
        if path.endswith(f"/v1/{signal}"):
            return signal
    return None


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): _text(value) for name, value in scope["headers"]}


def _text(header: bytes) -> str:
    """The value of a header: UTF-8, as most senders have it, or the Latin-1 of the standard."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


async def _write(answer: Answer, send: Send) -> None:
    headers = {"content-type": answer.content_type, "content-length": str(len(answer.body)), **answer.headers}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})
