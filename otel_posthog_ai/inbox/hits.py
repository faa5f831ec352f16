"""Where in a trace a search was found: the event to open, and the words around."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from otel_posthog_ai.inbox.filters import as_stored, stored_pattern
from otel_posthog_ai.inbox.tree import NODE_EVENTS

AROUND = 80
"""Characters before and after the words that were found."""

_NODES = ", ".join(f"'{name}'" for name in sorted(NODE_EVENTS))
# An event that is drawn comes before one that is not, the earlier before the later.
_SELECT = (
    "SELECT uuid, node_id, event, body, instr(lower(body), lower(?)) AS place FROM events JOIN bodies USING(sequence) "
    f"WHERE trace_id = ? AND body LIKE ? ESCAPE '\\' ORDER BY event NOT IN ({_NODES}), at, sequence LIMIT 1"
)
_LAST_STRING = re.compile(r'(?:^|[^\\])"((?:[^"\\]|\\.)*)$', re.DOTALL)
_STRING = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


def first_hits(connection: sqlite3.Connection, trace_ids: Sequence[str], words: str) -> dict[str, dict[str, Any]]:
    """For each trace the first event that holds the words.

    Returns:
        by trace id: ``id`` and ``uuid`` of the event, its name as ``event``, and ``excerpt``: the text before the
        words, the words as they stand there, the text after them.
    """
    stored = as_stored(words)
    found: dict[str, dict[str, Any]] = {}
    for trace_id in trace_ids:
        row = connection.execute(_SELECT, (stored, trace_id, stored_pattern(words))).fetchone()
        if row is not None:
            excerpt = _excerpt(row["body"], row["place"] - 1, len(stored))
            found[trace_id] = {"id": row["node_id"], "uuid": row["uuid"], "event": row["event"], "excerpt": excerpt}
    return found


def _excerpt(body: str, place: int, length: int) -> list[str]:
    """The words and what stands around them in the same string of the JSON."""
    before = body[max(place - AROUND, 0) : place]
    inside = _LAST_STRING.search(before)
    after = _STRING.match(body, place + length, place + length + AROUND)
    texts = (inside[1] if inside else before, body[place : place + length], after[0] if after else "")
    return [_plain(text) for text in texts]


def _plain(text: str) -> str:
    """A piece of a JSON string as text on one line; a piece that is cut within an escape stays as it is."""
    try:
        text = json.loads(f'"{text}"', strict=False)
    except ValueError:
        pass
    return re.sub(r"\s+", " ", text)
