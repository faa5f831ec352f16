"""Which traces a question is about: its query as conditions of SQL on the rows of `traces`."""

from __future__ import annotations

from collections.abc import Mapping

from otel_posthog_ai.inbox.clock import iso, parse_time
from otel_posthog_ai.inbox.json_values import compact

SEARCH_LENGTH_LIMIT = 200

IS_NAMED = "distinct_id != trace_id"
"""An event of nobody carries its trace's id as its user: that is no user to look for."""

_SEARCH = "trace_id IN (SELECT trace_id FROM events JOIN bodies USING(sequence) WHERE body LIKE ? ESCAPE '\\')"
_CONDITIONS = {
    "user": f"{IS_NAMED} AND distinct_id LIKE ? ESCAPE '\\'",
    "user_id": "distinct_id = ?",
    "session": "session_id LIKE ? ESCAPE '\\'",
    "session_id": "session_id = ?",
    "model": "trace_id IN (SELECT trace_id FROM trace_models WHERE model = ?)",
    "since": "started_at >= ?",
    "until": "started_at <= ?",
    "q": _SEARCH,
}
_SUBSTRINGS = ("user", "session")
_TIMES = ("since", "until")
_SWITCHES = {"errors": "errors > 0", "warnings": "warnings > 0"}


def conditions(query: Mapping[str, str]) -> tuple[str, list[str]]:
    """A condition on the rows of `traces` and the values of its question marks.

    Args:
        query: ``user``, ``session`` (a part of it, whatever the case), ``user_id``, ``session_id``, ``model`` (exact),
            ``since``, ``until`` (times; what is none is left out), ``q`` (text anywhere in an event), ``errors=1``,
            ``warnings=1``.
    """
    wanted: list[str] = []
    values: list[str] = []
    for name, condition in _CONDITIONS.items():
        value = _value(name, query.get(name, ""))
        if value:
            wanted.append(condition)
            values.append(value)
    wanted += [condition for name, condition in _SWITCHES.items() if query.get(name) == "1"]
    return " AND ".join(f"({condition})" for condition in wanted) or "1", values


def _value(name: str, text: str) -> str:
    if not text or name not in (*_SUBSTRINGS, *_TIMES, "q"):
        return text
    if name in _TIMES:
        moment = parse_time(text)
        return "" if moment is None else iso(moment)
    return stored_pattern(text) if name == "q" else pattern(text)


def pattern(text: str) -> str:
    """A LIKE pattern for what contains the text."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"


def as_stored(words: str) -> str:
    """A text as it stands inside stored JSON, where quotes and line ends are escaped."""
    return compact(words[:SEARCH_LENGTH_LIMIT])[1:-1]


def stored_pattern(words: str) -> str:
    """A LIKE pattern for text inside stored JSON."""
    return pattern(as_stored(words))
