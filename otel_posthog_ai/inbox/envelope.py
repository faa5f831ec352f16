"""The request as a whole: its shape, its project key and its events, and when PostHog refuses all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otel_posthog_ai.inbox.clock import parse_time
from otel_posthog_ai.inbox.json_values import JsonObject, is_array, is_object
from otel_posthog_ai.inbox.wire import Refused

TOKEN_NAMES = ("api_key", "token", "$token")
TOKEN_LENGTH_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request that PostHog would look into: its project key, its events as sent, and its clock."""

    token: str
    events: Sequence[JsonObject]
    sent_at: float | None


def open_envelope(body: Any) -> Envelope:
    """Read a decoded body: ``{"api_key", "batch"}``, an array of events, or one event.

    Raises `Refused` with 400 for a wrong shape and 401 for a key that PostHog's edge refuses.
    """
    if is_object(body) and "batch" in body:
        events, tokens = body["batch"], [_named_token(body)]
        sent_at = body.get("sent_at")
    elif is_array(body):
        events, tokens, sent_at = body, [_event_token(event) for event in body], None
    elif is_object(body):
        events, tokens, sent_at = [body], [_event_token(body)], body.get("sent_at")
    else:
        raise Refused(400, "the body is not a batch, an array of events or an event")
    if not is_array(events):
        raise Refused(400, "`batch` is not an array")
    if not events:
        raise Refused(400, "the batch is empty")
    return Envelope(
        _one_token(tokens), [_object(event, place) for place, event in enumerate(events)], parse_time(sent_at)
    )


def check_token(token: object) -> str:
    """The project key, trimmed. Raises `Refused` with 401 and the reason when PostHog's edge refuses it."""
    if not isinstance(token, str):
        raise Refused(401, "the request has no project key (`api_key`)")
    token = token.strip()
    if not token:
        raise Refused(401, "the project key is empty")
    if len(token) > TOKEN_LENGTH_LIMIT:
        raise Refused(401, f"the project key is longer than {TOKEN_LENGTH_LIMIT} characters")
    if not token.isascii() or "\0" in token:
        raise Refused(401, "the project key holds a character that no key has")
    if token.startswith("phx_"):
        raise Refused(401, "this is a personal API key (phx_); the project key starts with phc_")
    return token


def _named_token(holder: JsonObject) -> object:
    return next((holder[name] for name in TOKEN_NAMES if holder.get(name) is not None), None)


def _event_token(event: object) -> object:
    if not is_object(event):
        return None
    token = _named_token(event)
    properties = event.get("properties")
    return _named_token(properties) if token is None and is_object(properties) else token


def _one_token(tokens: Sequence[object]) -> str:
    checked = {check_token(token) for token in tokens}
    if len(checked) > 1:
        raise Refused(401, "the events carry different project keys")
    return checked.pop()


def _object(event: object, place: int) -> JsonObject:
    if not is_object(event):
        raise Refused(400, f"event {place} is not an object")
    return event
