"""Middleware that links the traces of a request to the browser session it came from.

posthog-js, told so by its option `tracing_headers`, sends the header `X-POSTHOG-SESSION-ID` with every request, and
the user's id in `X-POSTHOG-DISTINCT-ID`. Headers are what the caller writes: anybody can name any user there. So the
distinct id is read only with `trust_distinct_id=True`, for services that only your own backends reach.

    app.add_middleware(PostHogASGIMiddleware)                 # FastAPI, Starlette
    app.wsgi_app = PostHogWSGIMiddleware(app.wsgi_app)        # Flask
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

from .context.belonging import NOBODY, Belonging, belonging_of
from .context.carried import Steps
from .context.posthog_context import inside, request_belonging

SESSION_HEADER = "x-posthog-session-id"
DISTINCT_ID_HEADER = "x-posthog-distinct-id"
_LIFESPAN_ENDS = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class PostHogASGIMiddleware:
    """ASGI middleware: requests and websockets run for the browser session that their headers name.

    Streamed responses and background tasks belong to their request. Works inside and outside of OpenTelemetry's own
    middleware. When the server shuts the application down (`lifespan.shutdown`), what is owed is delivered before it is
    told that the application has ended.

    Args:
        app: The ASGI application.
        trust_distinct_id: Also take the user from `X-POSTHOG-DISTINCT-ID`.
    """

    def __init__(self, app: ASGIApp, *, trust_distinct_id: bool = False) -> None:
        self.app = app
        self.trust_distinct_id = trust_distinct_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        belonging = NOBODY
        if scope["type"] == "lifespan":
            send = _delivering(send)
        if scope["type"] in ("http", "websocket"):
            belonging = _belonging(_asgi_headers(scope), trust_distinct_id=self.trust_distinct_id)
        if belonging == NOBODY:
            await self.app(scope, receive, send)
            return
        with _Request(belonging).step():
            await self.app(scope, receive, send)


class PostHogWSGIMiddleware:
    """WSGI middleware: requests run for the browser session that their headers name, streamed bodies included.

    Args:
        app: The WSGI application.
        trust_distinct_id: Also take the user from `X-POSTHOG-DISTINCT-ID`.
    """

    def __init__(self, app: WSGIApp, *, trust_distinct_id: bool = False) -> None:
        self.app = app
        self.trust_distinct_id = trust_distinct_id

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        belonging = _belonging(_wsgi_headers(environ), trust_distinct_id=self.trust_distinct_id)
        if belonging == NOBODY:
            return self.app(environ, start_response)
        request = _Request(belonging)
        with request.step():
            body = self.app(environ, start_response)
        file_wrapper = environ.get("wsgi.file_wrapper")
        # A body that is already there runs no code; a file is best left to the server, which may use sendfile.
        if isinstance(body, (list, tuple)) or (isinstance(file_wrapper, type) and isinstance(body, file_wrapper)):
            return body
        return _Body(body, request)


def _delivering(send: Send) -> Send:
    """`send` of a lifespan, which delivers when the application has ended: many servers end by a signal after that."""

    async def deliver_first(message: MutableMapping[str, Any]) -> None:
        if isinstance(message, Mapping) and message.get("type") in _LIFESPAN_ENDS:
            from .doors.registry import owing_processors
            from .doors.serverless import flush_in_thread

            timeout = max((processor.settings.timeout for processor in owing_processors()), default=0.0)
            if timeout:
                await flush_in_thread(timeout * 1000)
        await send(message)

    return deliver_first


class _Request:
    """What runs for one request, in one step or in many."""

    def __init__(self, belonging: Belonging) -> None:
        self._belonging = belonging
        self._steps = Steps(lambda context: inside(belonging, context))

    @contextmanager
    def step(self) -> Generator[None, None, None]:
        token = request_belonging.set(self._belonging.within(request_belonging.get()))
        try:
            with self._steps.step():
                yield
        finally:
            request_belonging.reset(token)


class _Body:
    """A response body whose production belongs to its request."""

    def __init__(self, body: Iterable[bytes], request: _Request) -> None:
        self._body = body
        self._request = request
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._request.step():
            if self._chunks is None:
                self._chunks = iter(self._body)
            return next(self._chunks)

    def close(self) -> None:
        close: Callable[[], None] | None = getattr(self._body, "close", None)
        if close is not None:
            with self._request.step():
                close()


def _belonging(headers: Mapping[str, str], *, trust_distinct_id: bool) -> Belonging:
    return belonging_of(
        replay_session_id=_clean(headers.get(SESSION_HEADER)),
        distinct_id=_clean(headers.get(DISTINCT_ID_HEADER)) if trust_distinct_id else None,
    )


def _clean(value: str | None) -> str | None:
    """A header's value, None where it holds what no id holds."""
    return value if value is not None and value.isprintable() else None


def _asgi_headers(scope: Scope) -> dict[str, str]:
    wanted = (SESSION_HEADER.encode(), DISTINCT_ID_HEADER.encode())
    return {
        name.lower().decode("latin-1"): value.decode("latin-1")
        for name, value in scope.get("headers", ())
        if name.lower() in wanted
    }


def _wsgi_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name in (SESSION_HEADER, DISTINCT_ID_HEADER):
        value = environ.get("HTTP_" + name.upper().replace("-", "_"))
        if isinstance(value, str):
            headers[name] = value
    return headers
