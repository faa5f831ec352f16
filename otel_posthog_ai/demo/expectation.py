"""What has to arrive, and the sentences that say what did not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Above:
    """Any number above a limit."""

    limit: float

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (int, float)) and not isinstance(other, bool) and other > self.limit

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"above {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Containing:
    """Any value whose JSON text contains a text."""

    text: str

    def __eq__(self, other: object) -> bool:
        return other is not None and self.text in json.dumps(other, ensure_ascii=False, default=str)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"with “{self.text}” in it"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that the app did and that has to arrive: one event with these properties in this trace."""

    trace_id: str
    what: str
    event: str
    properties: Mapping[str, Any]


def what_is_wrong(
    happened: Sequence[Happened], traces: Mapping[str, Mapping[str, Any] | None], user: str, session: str
) -> list[str]:
    """Compare what happened with the traces of the inbox.

    Args:
        happened: in the order in which it happened.
        traces: trace id to the inbox's answer, None where the inbox knows no such trace.
        user: the distinct id that every event must carry.
        session: the session id likewise.

    Returns:
        One sentence for each thing that is missing, wrong or too much; empty when all is well.
    """
    wrong: list[str] = []
    for trace_id, trace in traces.items():
        due = [entry for entry in happened if entry.trace_id == trace_id]
        if trace is None:
            wrong.extend(f"{entry.what}: nothing arrived" for entry in due)
            continue
        wrong.extend(_compare(due, trace["events"], user, session))
        wrong.extend(f"PostHog would warn: {warning['text']}" for warning in trace["warnings"])
    return wrong


def _compare(due: Sequence[Happened], events: Iterable[Mapping[str, Any]], user: str, session: str) -> list[str]:
    wrong: list[str] = []
    rest = sorted(events, key=lambda event: str(event["timestamp"]))
    for entry in due:
        event = next((event for event in rest if _fits(entry, event)), None)
        event = event or next((event for event in rest if event["event"] == entry.event), None)
        if event is None:
            wrong.append(f"{entry.what}: no {entry.event} arrived")
            continue
        rest.remove(event)
        wrong.extend(f"{entry.what}: {fault}" for fault in _faults(entry, event, user, session))
    wrong.extend(f"{event['event']} “{event['properties'].get('$ai_span_name')}” should not be there" for event in rest)
    return wrong


def _fits(entry: Happened, event: Mapping[str, Any]) -> bool:
    return event["event"] == entry.event and not list(_faults(entry, event, event["distinct_id"], None))


def _faults(entry: Happened, event: Mapping[str, Any], user: str, session: str | None) -> Iterable[str]:
    properties = event["properties"]
    if event["distinct_id"] != user:
        yield f"belongs to {event['distinct_id']}, not to {user}"
    if session is not None and properties.get("$ai_session_id") != session:
        yield f"$ai_session_id is {_shown(properties, '$ai_session_id')}, not {session}"
    for name, wanted in entry.properties.items():
        if name not in properties or wanted != properties[name]:
            yield f"{name} is {_shown(properties, name)}, not {wanted}"


def _shown(properties: Mapping[str, Any], name: str) -> str:
    if name not in properties:
        return "missing"
    text = json.dumps(properties[name], ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
