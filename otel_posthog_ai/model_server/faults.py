"""Errors on demand: a marker word in the last user text or in the model's name makes a request fail.

`ERR429` (or any status of the tables) answers with that status; `FLAKY500` does so for the first try only, so that the
client's retry succeeds; `ERRSTREAM` breaks a stream after a few pieces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MARK = re.compile(r"\b(ERR|FLAKY)([45]\d\d)\b")

_OPENAI: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-loc*****key."),
    403: (
        "invalid_request_error",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    404: (
        "invalid_request_error",
        "model_not_found",
        "The model `{model}` does not exist or you do not have access to it.",
    ),
    429: (
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for {model} on requests per min (RPM): Limit 3, Used 3, Requested 1.",
    ),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("service_unavailable", None, "The engine is currently overloaded, please try again later."),
}
_ANTHROPIC: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "Invalid request."),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "model: {model}"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit of 50 requests per minute."),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}
_GEMINI: dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def demanded_status(text: str, model: str, headers: Mapping[str, str]) -> int | None:
    """The HTTP status that the request asks to fail with, or None."""
    found = _MARK.search(text) or _MARK.search(model)
    if found is None:
        return None
    is_retry = headers.get("x-stainless-retry-count", "0") != "0"
    return None if found.group(1) == "FLAKY" and is_retry else int(found.group(2))


def breaks_stream(text: str, model: str) -> bool:
    """Whether a stream should fail half-way."""
    return "ERRSTREAM" in text or "ERRSTREAM" in model


def openai_error(status: int, model: str) -> dict[str, Any]:
    """The body of an OpenAI error response."""
    kind, code, message = _OPENAI.get(status, ("server_error" if status >= 500 else "invalid_request_error", None, ""))
    message = message.format(model=model) or f"The request failed with status {status}."
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic_error(status: int, model: str, request_id: str) -> dict[str, Any]:
    """The body of an Anthropic error response."""
    kind, message = _ANTHROPIC.get(status, ("api_error", f"The request failed with status {status}."))
    return {"type": "error", "error": {"type": kind, "message": message.format(model=model)}, "request_id": request_id}


def gemini_error(status: int, model: str) -> dict[str, Any]:
    """The body of a Gemini error response."""
    return {
        "error": {
            "code": status,
            "message": f"The request for {model} failed with status {status}.",
            "status": _GEMINI.get(status, "UNKNOWN"),
        }
    }
