"""One record, placed in its tree, as the event or events that PostHog should know of."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.posthog_inputs import FEATURE_PREFIX
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.place import Placement

from .custom import is_writable, leftover_properties, user_properties
from .evaluations import evaluation_event
from .identifiers import event_uuid, timestamp
from .properties import CONSTANTS, EVENT_OF_KIND, TRACE, table_properties
from .usage import cost_properties, usage_properties

Event = dict[str, Any]


def build_events(record: AISpan, place: Placement, *, costs: bool = True) -> tuple[list[Event], int]:
    """The events of a record, and how many of its left-over attributes had to be dropped."""
    kind = EVENT_OF_KIND[record.kind]
    shared, dropped = _shared(record, place)
    events: list[Event] = []
    if place.is_node:
        properties = shared | table_properties(record, kind)
        properties["$ai_parent_id"] = place.parent_id if place.parent_id is not None else record.trace_id
        if record.kind != "span":
            properties.update(usage_properties(record))
            if costs:
                properties.update(cost_properties(record.cost))
            properties.update(record.documented)
        events.append(envelope(kind, record, place, properties, None))
    if place.is_trace:
        properties = shared | table_properties(record, TRACE)
        if place.trace_name is not None:
            properties["$ai_span_name"] = place.trace_name
        events.append(envelope(TRACE, record, place, properties, TRACE if place.is_node else None))
    if record.evaluations:
        events += result_events(record, place)
    return events, dropped


def result_events(record: AISpan, place: Placement, first: int = 0) -> list[Event]:
    """The events of the evaluations of a record, from the one with the number `first` on."""
    events: list[Event] = []
    for number, result in enumerate(record.evaluations[first:], first):
        found = evaluation_event(record, result)
        if found is not None:
            name, properties = found
            event = envelope(name, record, place, {**CONSTANTS, **properties}, f"{name}:{number}:{result.name}")
            event["timestamp"] = timestamp(result.time_ns if result.time_ns is not None else record.end_ns)
            events.append(event)
    return events


def named_trace(record: AISpan, place: Placement, name: str) -> Event:
    """An `$ai_trace` for a trace that has only generations, which has no span of its own: its uuid is the trace's."""
    properties = dict(CONSTANTS)
    properties.update(
        {
            "$ai_trace_id": record.trace_id,
            "$ai_span_name": name,
            **_identity(record),
            **user_properties(place.trace_properties),
        }
    )
    event = envelope(TRACE, record, place, properties, None)
    event["uuid"] = event_uuid(record.trace_id, "", TRACE)
    return event


def _identity(record: AISpan) -> dict[str, Any]:
    identity = record.identity
    found: dict[str, Any] = {}
    if identity.session is not None:
        found["$ai_session_id"] = identity.session
    if identity.replay_session is not None:
        found["$session_id"] = identity.replay_session
    if identity.groups:
        found["$groups"] = identity.groups
    return found


def _shared(record: AISpan, place: Placement) -> tuple[dict[str, Any], int]:
    """Properties of every event of the record; weakest first, so that the span's own word wins."""
    properties, dropped = leftover_properties(record)
    if place.trace_properties:
        properties.update(user_properties(place.trace_properties))
    if record.metadata:
        properties.update(user_properties(record.metadata))
    properties.update({key: value for key, value in place.context_properties.items() if is_writable(key)})
    if record.documented:
        properties.update({key: value for key, value in record.documented.items() if key.startswith(FEATURE_PREFIX)})
    properties.update(CONSTANTS)
    return properties, dropped


def envelope(name: str, record: AISpan, place: Placement, properties: dict[str, Any], second: str | None) -> Event:
    """The event around its properties; `second` names an event beside another one of the same span."""
    distinct_id = place.distinct_id
    if distinct_id is None:
        distinct_id = record.trace_id
        properties["$process_person_profile"] = False
    return {
        "event": name,
        "distinct_id": distinct_id,
        "properties": properties,
        "timestamp": timestamp(record.end_ns),
        "uuid": event_uuid(record.trace_id, record.span_id, second),
    }
