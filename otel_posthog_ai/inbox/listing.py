"""Questions to the store: the filtered list of traces, one trace, one event, what can be filtered by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.inbox.clock import iso
from otel_posthog_ai.inbox.header import header
from otel_posthog_ai.inbox.json_values import compact, is_array
from otel_posthog_ai.inbox.store import Store
from otel_posthog_ai.inbox.tree import draw, node_json
from otel_posthog_ai.inbox.tree_checks import trace_findings

PAGE_LENGTH = 50
PAGE_LENGTH_LIMIT = 500
SEARCH_LENGTH_LIMIT = 200
FACET_LENGTH = 200
ATTACHED_EVENTS = ("$ai_metric", "$ai_feedback", "$ai_evaluation")

_FILTERS = {
    "user": "distinct_id = ?",
    "session": "session_id = ?",
    "model": "trace_id IN (SELECT trace_id FROM trace_models WHERE model = ?)",
    "q": "trace_id IN (SELECT trace_id FROM events JOIN bodies USING(sequence) WHERE body LIKE ? ESCAPE '\\')",
}
_SWITCHES = {"errors": "errors > 0", "warnings": "warnings > 0"}


def list_traces(store: Store, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of traces, the newest start first.

    Args:
        store: where to look.
        query: ``user``, ``session``, ``model`` (exact), ``q`` (text anywhere in an event), ``errors=1``,
            ``warnings=1``, ``limit``, and ``before``: the ``next`` of the page before.

    Returns:
        ``traces`` (headers), ``next`` (None on the last page), ``total`` (all pages) and the store's ``revision``.
    """
    store.settle()
    conditions, values = _conditions(query)
    where = " AND ".join(conditions) or "1"
    limit = _page_length(query.get("limit"))
    revision = store.revision
    page, page_values = where, list(values)
    cursor = _cursor(query.get("before"))
    if cursor is not None:
        page, page_values = f"({where}) AND (started_at, trace_id) < (?, ?)", [*values, *cursor]
    with store.reading() as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM traces WHERE {where}", values).fetchone()
        rows = connection.execute(
            f"SELECT trace_id, started_at, header FROM traces WHERE {page} "
            "ORDER BY started_at DESC, trace_id DESC LIMIT ?",
            (*page_values, limit + 1),
        ).fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "traces": [json.loads(row["header"]) for row in rows[:limit]],
        "next": None if last is None else compact([last["started_at"], last["trace_id"]]),
        "total": count,
        "revision": revision,
    }


def _conditions(query: Mapping[str, str]) -> tuple[list[str], list[str]]:
    conditions: list[str] = []
    values: list[str] = []
    for name, condition in _FILTERS.items():
        if query.get(name):
            conditions.append(condition)
            values.append(_pattern(query[name]) if name == "q" else query[name])
    conditions.extend(condition for name, condition in _SWITCHES.items() if query.get(name) == "1")
    return conditions, values


def _pattern(words: str) -> str:
    """A LIKE pattern for text inside stored JSON, where quotes and line ends are escaped."""
    literal = compact(words[:SEARCH_LENGTH_LIMIT])[1:-1]
    for special in ("\\", "%", "_"):
        literal = literal.replace(special, "\\" + special)
    return f"%{literal}%"


def _page_length(text: str | None) -> int:
    try:
        return min(max(int(text or PAGE_LENGTH), 1), PAGE_LENGTH_LIMIT)
    except ValueError:
        return PAGE_LENGTH


def _cursor(text: str | None) -> list[str] | None:
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    pair = is_array(value) and len(value) == 2 and all(isinstance(part, str) for part in value)
    return value if pair else None


def one_trace(store: Store, trace_id: str, *, with_events: bool = True) -> dict[str, Any] | None:
    """A trace as PostHog would draw it; None when no event carries its id.

    Returns:
        ``trace``: the header, with ``input_state`` and ``output_state``; ``tree``: the nodes from top to bottom, each
        with its ``depth``; ``feedback``: metrics, feedback and evaluations, which stand beside the tree;
        ``warnings``: what PostHog would not draw or would bill wrongly, each with the ``uuid`` of its event if it is
        about one; ``events``: all events as sent, by arrival (left out when ``with_events`` is false).
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


def facets(store: Store) -> dict[str, list[str]]:
    """What the list can be filtered by: up to 200 each of users, sessions and models."""
    queries = {
        "users": "SELECT DISTINCT distinct_id FROM traces ORDER BY 1 LIMIT ?",
        "sessions": "SELECT DISTINCT session_id FROM traces WHERE session_id IS NOT NULL ORDER BY 1 LIMIT ?",
        "models": "SELECT DISTINCT model FROM trace_models ORDER BY 1 LIMIT ?",
    }
    store.settle()
    with store.reading() as connection:
        return {name: [row[0] for row in connection.execute(query, (FACET_LENGTH,))] for name, query in queries.items()}
