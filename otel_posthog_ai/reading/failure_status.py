"""The HTTP status of a failed call, by the class of its error or by its text."""

from __future__ import annotations

import re
from typing import Any

from otel_posthog_ai.patterns import pattern

from .values import is_mapping, number, parse_json

# Error classes of the providers' own clients, which have one status each.
CLASS_STATUS: dict[str, int] = {
    "BadRequestError": 400,
    "InvalidRequestError": 400,
    "AuthenticationError": 401,
    "PermissionDeniedError": 403,
    "NotFoundError": 404,
    "ConflictError": 409,
    "RequestTooLargeError": 413,
    "UnprocessableEntityError": 422,
    "RateLimitError": 429,
    "ThrottlingException": 429,
    "TooManyRequestsException": 429,
    "TooManyRequestsError": 429,
    "InternalServerError": 500,
    "ServiceUnavailableError": 503,
    "OverloadedError": 529,
    # Bedrock
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
    # Google
    "ResourceExhausted": 429,
    "RESOURCE_EXHAUSTED": 429,
    "PERMISSION_DENIED": 403,
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
}
# Classes whose names are plain words: they count as a type, not in a text.
TYPE_STATUS: dict[str, int] = {
    **CLASS_STATUS,
    "UnauthorizedError": 401,
    "ForbiddenError": 403,
    "InvalidArgument": 400,
    "Unauthenticated": 401,
    "PermissionDenied": 403,
    "NotFound": 404,
    "TooManyRequests": 429,
    "ServiceUnavailable": 503,
    "DeadlineExceeded": 504,
}
# Classes that frameworks put their own name before (`OpenAIRateLimitError`).
_SUFFIXES = (
    "RateLimitError",
    "AuthenticationError",
    "InternalServerError",
    "OverloadedError",
    "ServiceUnavailableError",
)
# Types by which providers name the class of an error in the answer's body.
BODY_STATUS: dict[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "overloaded_error": 529,
}
_IN_TEXT = (
    pattern(r"\bError code: (\d{3})\b"),
    pattern(r"\bstatus(?:[ _]code)?['\"]?\s*(?:[:=]\s*)?(\d{3})\b", re.IGNORECASE),
    pattern(r"^\s*(?:HTTP[ /.\d]*\s)?(\d{3})\b(?!\.)"),
    pattern(r"\bHTTP[ /.\d]*\s(\d{3})\b"),
    pattern(r"<Response \[(\d{3})\b"),
)
_KNOWN_CLASS = pattern(r"\b(" + "|".join(CLASS_STATUS) + r")\b")
_KNOWN_BODY = pattern(r"['\"](" + "|".join(BODY_STATUS) + r")['\"]")
_TEXT_SEARCHED = 4_000


def http_status(value: Any) -> int | None:
    """A number (or its text) that can be the status of an HTTP answer."""
    found = number(value)
    return int(found) if found is not None and 100 <= found <= 599 and found == int(found) else None


def status_in_text(message: str | None) -> int | None:
    """A status that an error's text states in one of the usual ways."""
    if message is None:
        return None
    searched = message[:_TEXT_SEARCHED]
    for expression in _IN_TEXT:
        match = expression.search(searched)
        if match is not None:
            found = http_status(match.group(1))
            if found is not None and found >= 400:
                return found
    found = parse_json(message)
    if is_mapping(found):
        inner = found.get("error", found)
        if is_mapping(inner):
            return http_status(inner.get("code")) or http_status(inner.get("status"))
    return None


def status_of_type(kind: str | None, message: str | None) -> int | None:
    """The status of a known class of error, by its type or by its name in the message."""
    if kind is not None:
        if kind in TYPE_STATUS:
            return TYPE_STATUS[kind]
        if kind in BODY_STATUS:
            return BODY_STATUS[kind]
        if kind.endswith(_SUFFIXES):
            return next(CLASS_STATUS[name] for name in _SUFFIXES if kind.endswith(name))
    if message is not None:
        searched = message[:_TEXT_SEARCHED]
        match = _KNOWN_CLASS.search(searched)
        if match is not None:
            return CLASS_STATUS[match.group(1)]
        match = _KNOWN_BODY.search(searched)
        if match is not None:
            return BODY_STATUS[match.group(1)]
    return None
