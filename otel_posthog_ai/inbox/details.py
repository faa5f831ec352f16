"""One trace, one event, and what never became part of a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.inbox.clock import iso
from otel_posthog_ai.inbox.header import header
from otel_posthog_ai.inbox.store import Store
from otel_posthog_ai.inbox.tree import draw, node_json
from otel_posthog_ai.inbox.tree_checks import trace_findings

ATTACHED_EVENTS = ("$ai_metric", "$ai_feedback", "$ai_evaluation")


def one_trace(store: Store, trace_id: str, *, with_events: bool = True) -> dict[str, Any] | None:
    """A trace as PostHog would draw it; None when no event carries its id.

    Returns:
        ``trace``: the header, with ``input_state``, ``output_state``, whether the trace itself ``failed`` and its
        ``error``; ``tree``: the nodes from top to bottom, each with its ``depth``; ``feedback``: metrics, feedback and
        evaluations, which stand beside the tree; ``warnings``: what PostHog would not draw or would bill wrongly, each
        with the ``uuid`` of its event if it is about one; ``events``: all events as sent, by arrival (left out when
        ``with_events`` is false).
    """
    facts = store.facts(trace_id)
    if not facts:
        return None
    tree = draw(trace_id, facts)
    about = store.bodies("trace_id = ? AND (warnings != '[]' OR event = '$ai_trace')", (trace_id,))
    attached = store.bodies(
        f"trace_id = ? AND event IN ({', '.join('?' * len(ATTACHED_EVENTS))})", (trace_id, *ATTACHED_EVENTS)
    )
    summary = header(trace_id, facts)
    roots = sorted((row for row in about if row["body"]["event"] == "$ai_trace"), key=lambda row: row["at"])
    for name in ("input_state", "output_state"):
        summary[name] = _first_state(roots, f"$ai_{name}")
    summary["failed"] = any(event.is_error for event in facts if event.event == "$ai_trace")
    summary["error"] = _first_state([row for row in roots if summary["failed"]], "$ai_error")
    found = [finding.as_json() for finding in trace_findings(trace_id, facts, tree)]
    found += [{**warning, "uuid": row["uuid"]} for row in about for warning in row["warnings"]]
    answer: dict[str, Any] = {
        "trace": {**summary, "warnings": len(found)},
        "tree": [node_json(node) for node in tree.nodes],
        "feedback": [row["body"] for row in attached],
        "warnings": found,
        "revision": store.revision,
    }
    if with_events:
        answer["events"] = [row["body"] for row in store.bodies("trace_id = ?", (trace_id,))]
    return answer


def _first_state(roots: list[dict[str, Any]], name: str) -> Any:
    states = (row["body"]["properties"].get(name) for row in roots)
    return next((state for state in states if state is not None), None)


def one_event(store: Store, uuid: str) -> dict[str, Any] | None:
    """The latest event with this uuid: ``event`` as sent, its corrected time, route and warnings; None if unknown."""
    rows = store.bodies("uuid = ?", (uuid,))
    return _event_json(rows[-1]) if rows else None


def _event_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": row["body"],
        "uuid": row["uuid"],
        "trace_id": row["trace_id"],
        "timestamp": iso(row["at"]),
        "received_at": iso(row["received_at"]),
        "route": row["route"],
        "warnings": row["warnings"],
    }


def problems(store: Store) -> dict[str, Any]:
    """The latest requests that were refused whole, and events that belong to no trace."""
    refusals = [{**refusal, "received_at": iso(refusal["received_at"])} for refusal in store.refusals()]
    strays = store.bodies(
        "sequence IN (SELECT sequence FROM events WHERE trace_id IS NULL ORDER BY sequence DESC LIMIT 100)"
    )
    return {"refusals": refusals, "strays": [_event_json(row) for row in reversed(strays)]}
