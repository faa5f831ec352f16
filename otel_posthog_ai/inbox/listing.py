"""The list of traces: filtered, searched, sorted, page by page; and what it can be filtered by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otel_posthog_ai.inbox.filters import IS_NAMED, conditions, pattern
from otel_posthog_ai.inbox.hits import first_hits
from otel_posthog_ai.inbox.json_values import compact, is_array
from otel_posthog_ai.inbox.store import Store

PAGE_LENGTH = 50
PAGE_LENGTH_LIMIT = 500
FACET_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _Key:
    """What is sorted by: an expression of SQL, and the two values beyond all others, so that unknown comes last."""

    expression: str
    lowest: str
    highest: str


def _words(column: str) -> _Key:
    return _Key(column, "''", "char(1114111)")


def _number(expression: str) -> _Key:
    return _Key(expression, "-1e308", "1e308")


_TOKENS = "CASE WHEN input_tokens IS NULL THEN output_tokens ELSE input_tokens + ifnull(output_tokens, 0) END"
SORTS = {
    "started": _words("started_at"),
    "name": _words("name"),
    "user": _words(f"CASE WHEN {IS_NAMED} THEN distinct_id END"),
    "session": _words("session_id"),
    "model": _words("model"),
    "tokens": _number(_TOKENS),
    "cost": _number("cost"),
    "latency": _number("latency"),
}


def list_traces(store: Store, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of traces, the newest start first unless asked otherwise.

    Args:
        store: where to look.
        query: what `conditions` reads; ``sort`` (one of `SORTS`), ``order`` (``asc`` or ``desc``), ``limit``, and
            ``before``: the ``next`` of the page before.

    Returns:
        ``traces`` (headers; for a search each with its ``hit``), ``next`` (None on the last page), ``total`` (all
        pages) and the store's ``revision``.
    """
    store.settle()
    limit = _page_length(query.get("limit"))
    revision = store.revision
    with store.reading() as connection:
        rows, total = _rows(connection, query, limit + 1)
        shown = rows[:limit]
        headers = _headers(connection, [row["trace_id"] for row in shown])
        if query.get("q"):
            hits = first_hits(connection, [header["id"] for header in headers], query["q"])
            headers = [{**header, "hit": hits.get(header["id"])} for header in headers]
    return {
        "traces": headers,
        "next": compact([shown[-1]["key"], shown[-1]["trace_id"]]) if len(rows) > limit else None,
        "total": total,
        "revision": revision,
    }


def _rows(connection: sqlite3.Connection, query: Mapping[str, str], limit: int) -> tuple[list[sqlite3.Row], int]:
    """The ids of a page with their keys, and how many traces there are on all pages."""
    where, values = conditions(query)
    key, order, comparison = _sorting(query)
    cursor = _cursor(query.get("before"))
    found = f"WITH found AS (SELECT trace_id, {key} AS key FROM traces WHERE {where})"
    place = f"WHERE (key, trace_id) {comparison} (?, ?)" if cursor else ""
    rows = connection.execute(
        f"{found} SELECT trace_id, key, (SELECT count(*) FROM found) AS total FROM found {place} "
        f"ORDER BY key {order}, trace_id {order} LIMIT ?",
        (*values, *cursor, limit),
    ).fetchall()
    if rows:
        return rows, int(rows[0]["total"])
    (total,) = connection.execute(f"SELECT count(*) FROM traces WHERE {where}", values).fetchone()
    return [], int(total)


def _sorting(query: Mapping[str, str]) -> tuple[str, str, str]:
    """The key to sort by, the direction, and how a row of a further page compares with the last one."""
    key = SORTS.get(query.get("sort", ""), SORTS["started"])
    rising = query.get("order") == "asc"
    text = f"ifnull({key.expression}, {key.highest if rising else key.lowest}) COLLATE NOCASE"
    return text, ("ASC" if rising else "DESC"), (">" if rising else "<")


def _headers(connection: sqlite3.Connection, trace_ids: Sequence[str]) -> list[dict[str, Any]]:
    select = "SELECT header FROM headers WHERE trace_id = ?"
    return [json.loads(connection.execute(select, (trace_id,)).fetchone()[0]) for trace_id in trace_ids]


def _page_length(text: str | None) -> int:
    try:
        return min(max(int(text or PAGE_LENGTH), 1), PAGE_LENGTH_LIMIT)
    except ValueError:
        return PAGE_LENGTH


def _cursor(text: str | None) -> list[Any]:
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        return []
    if not is_array(value) or len(value) != 2 or not isinstance(value[1], str):
        return []
    return value if isinstance(value[0], (str, float)) or _is_small(value[0]) else []


def _is_small(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 2**63


def facets(store: Store, query: Mapping[str, str]) -> dict[str, list[str]]:
    """What the list can be filtered by: up to 200 each of users, sessions and models.

    Args:
        store: where to look.
        query: ``user`` and ``session``: a part that these must hold.
    """
    like = "LIKE ? ESCAPE '\\' ORDER BY 1 LIMIT ?"
    parts = {name: pattern(query.get(name, "")) for name in ("user", "session")}
    users = f"SELECT DISTINCT distinct_id FROM traces WHERE {IS_NAMED} AND distinct_id {like}"
    sessions = f"SELECT DISTINCT session_id FROM traces WHERE session_id {like}"
    models = "SELECT DISTINCT model FROM trace_models ORDER BY 1 LIMIT ?"
    store.settle()
    with store.reading() as connection:
        return {
            "users": _column(connection, users, parts["user"], FACET_LENGTH),
            "sessions": _column(connection, sessions, parts["session"], FACET_LENGTH),
            "models": _column(connection, models, FACET_LENGTH),
        }


def _column(connection: sqlite3.Connection, select: str, *values: str | int) -> list[str]:
    return [row[0] for row in connection.execute(select, values)]
