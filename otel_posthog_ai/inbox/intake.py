"""One event of a request: what PostHog refuses in it, and what it makes of its id, its person and its time."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from otel_posthog_ai.inbox.clock import event_time, iso
from otel_posthog_ai.inbox.envelope import Envelope
from otel_posthog_ai.inbox.json_values import JsonObject, compact, is_object
from otel_posthog_ai.inbox.wire import Refused

BATCH_EVENT_LIMIT_BYTES = 983_040
"""One event on /batch/ and its siblings; one event over it fails the whole request."""

AI_EVENT_LIMIT_BYTES = 8 * 1024 * 1024
"""One event on /i/v0/ai/batch/."""

DISTINCT_ID_LIMIT = 200
"""Characters of a distinct_id that are kept."""

AI_EVENTS = frozenset(
    {
        "$ai_generation", "$ai_embedding", "$ai_evaluation", "$ai_span", "$ai_trace", "$ai_metric", "$ai_feedback",
        "$ai_tag", "$ai_generation_summary", "$ai_trace_summary", "$ai_evaluation_report",
    }
)  # fmt: skip
"""The events that the AI route takes and that PostHog's AI pipeline processes."""

_UUID = re.compile(r"^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event that PostHog would store."""

    uuid: str
    name: str
    distinct_id: str
    at: float
    """Seconds since 1970, after the correction by ``sent_at``."""
    day: str
    """The day of the time stamp as sent: part of the key by which PostHog knows a repeated event."""
    sent: JsonObject
    """The event object as it came."""
    properties: JsonObject
    """Its properties; empty when it has none."""
    body: str
    """The event object as compact JSON."""


def admit(envelope: Envelope, *, ai_route: bool, now: float) -> list[ReceivedEvent]:
    """All events of a request, or `Refused` for the whole of it, as PostHog does: one bad event fails its batch."""
    for place, event in enumerate(envelope.events):
        for check in _SHAPE_CHECKS:
            fault = check(event)
            if fault is not None:
                raise Refused(400, f"event {place}: {fault}")
        if ai_route and event["event"] not in AI_EVENTS:
            raise Refused(400, f"event {place}: the AI route takes AI events only")
    limit = AI_EVENT_LIMIT_BYTES if ai_route else BATCH_EVENT_LIMIT_BYTES
    bodies = [compact(event) for event in envelope.events]
    for place, body in enumerate(bodies):
        size = len(body.encode("utf-8"))
        if size > limit:
            raise Refused(413, f"event {place}: {size:,} bytes is over the limit of {limit:,} for one event")
    return [_receive(event, body, envelope.sent_at, now) for event, body in zip(envelope.events, bodies, strict=True)]


def _receive(event: JsonObject, body: str, sent_at: float | None, now: float) -> ReceivedEvent:
    at = event_time(event, sent_at, now)
    return ReceivedEvent(
        uuid=str(uuid.UUID(event["uuid"])) if event.get("uuid") else _time_ordered_uuid(at),
        name=event["event"],
        distinct_id=distinct_id_as_text(raw_distinct_id(event)).replace("\0", "\ufffd")[:DISTINCT_ID_LIMIT],
        at=at,
        day=iso(event_time(event, None, now))[:10],
        sent=event,
        properties=event.get("properties", {}),
        body=body,
    )


def raw_distinct_id(event: JsonObject) -> Any:
    """The distinct_id as sent, from the first of the three places where PostHog looks."""
    for name in ("distinct_id", "$distinct_id"):
        if event.get(name) is not None:
            return event[name]
    properties = event.get("properties")
    return properties.get("distinct_id") if is_object(properties) else None


def distinct_id_as_text(value: Any) -> str:
    """Strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else compact(value)


def _time_ordered_uuid(at: float) -> str:
    """A version 7 uuid of the event's time, for an event that came without one."""
    milliseconds = max(0, int(at * 1000)) & (2**48 - 1)
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def _name(event: JsonObject) -> str | None:
    name = event.get("event")
    if not isinstance(name, str):
        return "`event` is missing or not a string"
    return None if name else "`event` is empty"


def _distinct_id(event: JsonObject) -> str | None:
    value = raw_distinct_id(event)
    if value is None:
        return "`distinct_id` is missing or null"
    return "`distinct_id` is blank" if isinstance(value, str) and not value.strip() else None


def _properties(event: JsonObject) -> str | None:
    if "properties" in event and not is_object(event["properties"]):
        return "`properties` is not an object"
    for name in ("$set", "$set_once"):
        if event.get(name) is not None and not is_object(event[name]):
            return f"`{name}` is not an object"
    return None


def _timestamp(event: JsonObject) -> str | None:
    value = event.get("timestamp")
    return None if value is None or isinstance(value, str) else "`timestamp` is not a string"


def _offset(event: JsonObject) -> str | None:
    value = event.get("offset")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None
    return "`offset` is not a whole number of milliseconds"


def _uuid(event: JsonObject) -> str | None:
    value = event.get("uuid")
    if value is None or value == "":
        return None
    return None if isinstance(value, str) and _UUID.match(value) else "`uuid` is not a UUID"


def _cookieless(event: JsonObject) -> str | None:
    value = event.get("properties", {}).get("$cookieless_mode")
    return None if value is None or isinstance(value, bool) else "`$cookieless_mode` is not a boolean"


_SHAPE_CHECKS: Sequence[Callable[[JsonObject], str | None]] = (
    _name,
    _distinct_id,
    _properties,
    _timestamp,
    _offset,
    _uuid,
    _cookieless,
)
