"""The traced process as a web app: one model call a request, in ASGI and in WSGI."""

from __future__ import annotations

import os
from typing import Any

from tests.benchmarks.contestants import OURS
from tests.servers import answering

from .app import app

app()  # when it is imported, as an app makes its provider: in a preloading server that is before the fork


def _work() -> str:
    app().trace()
    return "Yes."


def _around(inner: Any) -> Any:
    """What its documentation says about ASGI: this plugin brings a middleware, the others say nothing."""
    if os.environ["CONTESTANT"] != OURS:
        return inner
    from otel_posthog_ai.web import PostHogASGIMiddleware

    return PostHogASGIMiddleware(inner)


asgi = _around(answering.asgi(_work))
wsgi = answering.wsgi(_work)
