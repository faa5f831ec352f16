"""Whether an inbox listens at an address."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from otel_posthog_ai.delivery.retry import Deadline
from otel_posthog_ai.delivery.transport import Transport

_SECONDS = 3.0


def answers(url: str) -> bool:
    """Whether anything at `url` answers HTTP; nothing is stored by the question."""
    transport = Transport()
    try:
        headers = {"Content-Type": "application/json"}
        answer = transport.post(
            f"{url}/flags/?v=2", b'{"api_key":"phc_local"}', headers, Deadline(time.monotonic() + _SECONDS)
        )
        return answer.status is not None
    finally:
        transport.close()


def port_of(url: str) -> int:
    """The port of an http URL. Raises ValueError where it is none."""
    port = urlsplit(url if "://" in url else f"http://{url}").port
    return port if port is not None else 80
