"""A WSGI app that asks an agent in every request, and answers which process it did that in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from traced import ask_agent


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Ask, then answer."""
    ask_agent()
    answer = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
