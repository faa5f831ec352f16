"""What the list and the tree need to know of one event: a few columns instead of a whole body."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from otel_posthog_ai.inbox.intake import ReceivedEvent
from otel_posthog_ai.inbox.json_values import JsonObject, compact, identifier, number, text
from otel_posthog_ai.inbox.pricing import Pricing, pricing
from otel_posthog_ai.inbox.spoken import answered, asked

ERROR_TEXT_LIMIT = 1000
"""Characters of an error that the tree carries; the event has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """One row of the event table. Numbers are None where the event does not carry them; 0 is a value."""

    uuid: str
    event: str
    distinct_id: str
    day: str
    at: float
    trace_id: str | None
    session_id: str | None
    node_id: str
    parent_id: str | None
    name: str | None
    span_type: str | None
    model: str | None
    provider: str | None
    latency: float | None
    input_tokens: float | None
    output_tokens: float | None
    input_cost: float | None
    output_cost: float | None
    total_cost: float | None
    pricing: Pricing | None
    asked: str | None
    answered: str | None
    is_error: bool
    error: str | None
    starts_at_timestamp: bool
    """PostHog reads the time of an event from its own OTLP route as the start; of every other as the end."""

    warning_count: int


COLUMNS = tuple(field.name for field in fields(EventFacts))


def facts_of(received: ReceivedEvent, warning_count: int) -> EventFacts:
    """Read the facts from an event as PostHog stores it."""
    properties = received.properties
    parent_id = identifier(properties.get("$ai_parent_id"))
    trace_id = identifier(properties.get("$ai_trace_id"))
    total_cost = _total_cost(properties)
    return EventFacts(
        uuid=received.uuid,
        event=received.name,
        distinct_id=received.distinct_id,
        day=received.day,
        at=received.at,
        trace_id=trace_id or None,
        session_id=identifier(properties.get("$ai_session_id")) or None,
        node_id=_node_id(properties, received.uuid),
        parent_id=trace_id if parent_id is None else parent_id,
        name=text(properties.get("$ai_span_name")) or text(properties.get("$ai_trace_name")),
        span_type=text(properties.get("$ai_span_type")),
        model=text(properties.get("$ai_model")),
        provider=text(properties.get("$ai_provider")),
        latency=number(properties.get("$ai_latency")),
        input_tokens=number(properties.get("$ai_input_tokens")),
        output_tokens=number(properties.get("$ai_output_tokens")),
        input_cost=number(properties.get("$ai_input_cost_usd")),
        output_cost=number(properties.get("$ai_output_cost_usd")),
        total_cost=total_cost,
        pricing=pricing(received.name, properties, total_cost),
        asked=asked(properties),
        answered=answered(properties),
        is_error=properties.get("$ai_is_error") in (True, "true"),
        error=_error_text(properties.get("$ai_error")),
        starts_at_timestamp=properties.get("$ai_ingestion_source") == "otel",
        warning_count=warning_count,
    )


def _node_id(properties: JsonObject, event_uuid: str) -> str:
    for name in ("$ai_generation_id", "$ai_span_id"):
        node_id = identifier(properties.get(name))
        if node_id is not None:
            return node_id
    return event_uuid


def _total_cost(properties: JsonObject) -> float | None:
    """The total as sent, else the sum of the parts as sent. The inbox has no price list, so it never computes one."""
    total = number(properties.get("$ai_total_cost_usd"))
    if total is not None:
        return total
    parts = [number(properties.get(name)) for name in ("$ai_input_cost_usd", "$ai_output_cost_usd")]
    return None if None in parts else sum(part for part in parts if part is not None)


def _error_text(error: Any) -> str | None:
    if error is None:
        return None
    return (error if isinstance(error, str) else compact(error))[:ERROR_TEXT_LIMIT]
