"""What the traces of a session, or of a user, are together."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.inbox.filters import IS_NAMED
from otel_posthog_ai.inbox.store import Store

SESSIONS_LIMIT = 200

_TOTALS = """
    count(*) AS traces, min(started_at) AS started_at, max(ended_at) AS ended_at, sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens, sum(cost) AS total_cost_usd, sum(latency) AS latency, sum(errors) AS errors,
    sum(warnings) AS warnings, sum(priced_sent) AS sent, sum(priced_by_posthog) AS posthog,
    sum(priced_by_nobody) AS unknown
"""
_PRICING = ("sent", "posthog", "unknown")


def one_session(store: Store, session_id: str) -> dict[str, Any] | None:
    """The totals of a session and its users; None when no trace carries its id."""
    totals = _totals(store, f"SELECT {_TOTALS} FROM traces WHERE session_id = ?", session_id)
    if not totals:
        return None
    users = f"SELECT DISTINCT distinct_id FROM traces WHERE session_id = ? AND {IS_NAMED} ORDER BY 1 LIMIT ?"
    with store.reading() as connection:
        names = [row[0] for row in connection.execute(users, (session_id, SESSIONS_LIMIT))]
    return {"session": {"id": session_id, "users": names, **totals[0]}, "revision": store.revision}


def one_user(store: Store, distinct_id: str) -> dict[str, Any] | None:
    """The totals of a user and those of their latest 200 sessions; None when no trace is theirs."""
    totals = _totals(store, f"SELECT {_TOTALS} FROM traces WHERE distinct_id = ?", distinct_id)
    if not totals:
        return None
    sessions = _totals(
        store,
        f"SELECT session_id AS id, {_TOTALS} FROM traces WHERE distinct_id = ? AND session_id IS NOT NULL "
        f"GROUP BY session_id ORDER BY max(started_at) DESC LIMIT {SESSIONS_LIMIT}",
        distinct_id,
    )
    return {"user": {"id": distinct_id, **totals[0]}, "sessions": sessions, "revision": store.revision}


def _totals(store: Store, select: str, value: str) -> list[dict[str, Any]]:
    """The rows of a question for totals, without those over no trace."""
    store.settle()
    with store.reading() as connection:
        rows = [dict(row) for row in connection.execute(select, (value,)).fetchall()]
    return [
        {**{name: row[name] for name in row if name not in _PRICING}, "pricing": {name: row[name] for name in _PRICING}}
        for row in rows
        if row["traces"]
    ]
