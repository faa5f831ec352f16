"""The traced process as a web app: one model call a request, in ASGI and in WSGI."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from tests.benchmarks.contestants import OURS

from .app import app

Message = MutableMapping[str, Any]
_ANSWER = b"Yes."

app()  # when it is imported, as an app makes its provider: in a preloading server that is before the fork


async def plain(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Trace, then answer; take part in the lifespan."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    app().trace()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(_ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})


def _around(inner: Any) -> Any:
    """What its documentation says about ASGI: this plugin brings a middleware, the others say nothing."""
    if os.environ["CONTESTANT"] != OURS:
        return inner
    from otel_posthog_ai.web import PostHogASGIMiddleware

    return PostHogASGIMiddleware(inner)


asgi = _around(plain)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Trace, then answer."""
    app().trace()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(_ANSWER)))])
    return [_ANSWER]
