"""The head of a trace as PostHog's trace view computes it: name, person, session, totals, latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from otel_posthog_ai.inbox.clock import iso
from otel_posthog_ai.inbox.facts import EventFacts

BILLED_EVENTS = frozenset({"$ai_generation", "$ai_embedding"})
"""The events whose tokens and costs are summed."""

HEADER_EVENTS = BILLED_EVENTS | {"$ai_span", "$ai_metric", "$ai_feedback", "$ai_trace"}
"""The events that PostHog's trace query reads."""


def header(trace_id: str, events: Sequence[EventFacts]) -> dict[str, Any]:
    """The header of a trace.

    Args:
        trace_id: the trace.
        events: all its events by time. A trace that has none of `HEADER_EVENTS` still gets a header here; PostHog
            would not list it.
    """
    traces = [event for event in events if event.event == "$ai_trace"]
    billed = [event for event in events if event.event in BILLED_EVENTS]
    read = [event for event in events if event.event in HEADER_EVENTS] or list(events)
    return {
        "id": trace_id,
        "name": _first(traces, lambda event: event.name) or _first(read, lambda event: event.name),
        "distinct_id": (traces or read)[0].distinct_id,
        "session_id": _first(traces, lambda event: event.session_id) or _first(read, lambda event: event.session_id),
        "models": list(dict.fromkeys(event.model for event in billed if event.model is not None)),
        "input_tokens": total(event.input_tokens for event in billed),
        "output_tokens": total(event.output_tokens for event in billed),
        "input_cost_usd": total(event.input_cost for event in billed),
        "output_cost_usd": total(event.output_cost for event in billed),
        "total_cost_usd": total(event.total_cost for event in billed),
        "pricing": _pricing(billed),
        "latency": _latency(trace_id, read),
        "started_at": iso(min(start(event) for event in read)),
        "ended_at": iso(max(end(event) for event in read)),
        "events": len(events),
        **_spoken(traces, events),
        "generations": sum(event.event == "$ai_generation" for event in events),
        "errors": sum(event.is_error for event in events),
        "first_error": first_error(events),
        "warnings": sum(event.warning_count for event in events),
    }


def total(values: Iterable[float | None]) -> float | None:
    """The sum of what is given; None when nothing is."""
    given = [value for value in values if value is not None]
    return sum(given) if given else None


def start(event: EventFacts) -> float:
    """When a node began, in seconds since 1970."""
    return event.at if event.starts_at_timestamp else event.at - max(event.latency or 0, 0)


def end(event: EventFacts) -> float:
    """When a node ended, in seconds since 1970."""
    return event.at + max(event.latency or 0, 0) if event.starts_at_timestamp else event.at


def first_error(events: Iterable[EventFacts]) -> dict[str, str | None] | None:
    """The event that failed first: a step fails before the steps around it. None when nothing failed."""
    failed = min(
        (event for event in events if event.is_error), key=lambda event: (end(event), -start(event)), default=None
    )
    return None if failed is None else {"id": failed.node_id, "uuid": failed.uuid, "error": failed.error}


def _pricing(billed: Sequence[EventFacts]) -> dict[str, Any]:
    """Of how many calls who says the cost, and which models nobody is known to price."""
    return {
        "sent": sum(event.pricing == "sent" for event in billed),
        "posthog": sum(event.pricing == "posthog" for event in billed),
        "unknown": sum(event.pricing == "unknown" for event in billed),
        "unknown_models": list(dict.fromkeys(event.model or "" for event in billed if event.pricing == "unknown")),
    }


def _spoken(traces: Sequence[EventFacts], events: Sequence[EventFacts]) -> dict[str, str | None]:
    """What the trace began and ended with, and in which events: as it says itself, else its calls, else its steps."""
    by_start, by_end = sorted(events, key=start), sorted(events, key=end, reverse=True)
    first = next((event for event in (*traces, *_calls(by_start), *by_start) if event.asked is not None), None)
    last = next((event for event in (*traces, *_calls(by_end), *by_end) if event.answered is not None), None)
    return {
        "asked": None if first is None else first.asked,
        "asked_in": None if first is None else first.uuid,
        "answered": None if last is None else last.answered,
        "answered_in": None if last is None else last.uuid,
    }


def _calls(events: Iterable[EventFacts]) -> list[EventFacts]:
    return [event for event in events if event.event == "$ai_generation"]


def _latency(trace_id: str, events: Sequence[EventFacts]) -> float | None:
    """The sum over generations if only they carry a latency, else over the events at the top of the trace."""
    timed = [event for event in events if event.latency is not None]
    if not all(event.event == "$ai_generation" for event in timed):
        timed = [event for event in timed if event.parent_id == trace_id]
        return total(event.latency for event in timed) or 0.0
    return total(event.latency for event in timed)


def _first(events: Sequence[EventFacts], read: Callable[[EventFacts], str | None]) -> str | None:
    return next((value for value in map(read, events) if value), None)
