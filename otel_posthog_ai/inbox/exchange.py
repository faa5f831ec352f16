"""A request and its answer, apart from how HTTP carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from otel_posthog_ai.inbox.json_values import compact


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read whole."""

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: its status, its content type and its body."""

    status: int
    content_type: str
    body: bytes


def json_response(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, "application/json", compact(value).encode("utf-8", "replace"))


def text_response(status: int, reason: str) -> Response:
    """A sentence as the answer, as PostHog refuses."""
    return Response(status, "text/plain; charset=utf-8", reason.encode("utf-8", "replace"))
