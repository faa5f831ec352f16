"""A WSGI app that asks an agent in every request, and answers which process it did that in."""

from __future__ import annotations

import os

from traced import ask_agent

from tests.servers.answering import wsgi


def _work() -> str:
    ask_agent()
    return str(os.getpid())


application = wsgi(_work)
