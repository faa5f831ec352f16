"""An ASGI app that asks an agent in every request, and answers which process it did that in."""

from __future__ import annotations

import os

from traced import ask_agent

from otel_posthog_ai.web import PostHogASGIMiddleware
from tests.servers.answering import asgi


def _work() -> str:
    ask_agent()
    return str(os.getpid())


plain = asgi(_work)
application = PostHogASGIMiddleware(plain)
