"""What became of each span of a file: read, held, merged, placed and encoded by the rooms that always do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.otlp.held import HeldTrace, LogsOfSpans
from otel_posthog_ai.otlp.requests import Contents
from otel_posthog_ai.otlp.strays import Strays
from otel_posthog_ai.reading.identity import read_identity
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.record import Identity
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.tree.nodes import Fate
from otel_posthog_ai.work.reading_room import ReadingRoom

from .reading import Reading, explain_reading


class Explained(NamedTuple):
    """One span: how it was read, what became of it, and its events."""

    span: ReadableSpan
    reading: Reading
    fate: Fate
    because: str
    """Why it was dropped, merged or left as a step only; "" where there is nothing to explain."""
    survivor: str | None
    """Span id of the one that tells what this one told."""
    events: Sequence[Mapping[str, Any]]
    owner: Sequence[tuple[str, str, str]]
    """`user` or `session`, its id, and who said so."""


def explain(contents: Contents, settings: Settings) -> list[Explained]:
    """All spans in the order of their start, as they leave together."""
    logs_of = _logs_by_span(contents)
    room = ReadingRoom(settings, Counters(), patient=True)
    ended = sorted(contents.spans, key=lambda span: span.end_time or 0)
    room.add([span for span in ended if room.note_end(span)], lambda span: logs_of.get(_ids(span), ()))
    events: dict[str, list[dict[str, Any]]] = {}
    for each in room.release(everything=True, final=True):
        event = decode(each)
        events.setdefault(event["properties"].get("$ai_span_id", ""), []).append(event)
    readings = {_ids(span): explain_reading(span, logs_of.get(_ids(span), ())) for span in contents.spans}
    spans = {_ids(span): span for span in contents.spans}
    explained: list[Explained] = []
    for span in sorted(contents.spans, key=lambda span: (span.start_time or 0, -(span.end_time or 0))):
        node = room.hierarchy.node(_ids(span)[1])
        own = events.get(f"{_ids(span)[1]:016x}", [])
        merged = node is not None and node.fate is Fate.MERGED
        explained.append(
            Explained(
                span,
                readings[_ids(span)],
                node.fate if node is not None else Fate.LINK,
                node.because if node is not None else "",
                f"{room.hierarchy.survivor(node).span_id:016x}" if node is not None and merged else None,
                own,
                _owner(own, span, spans, readings),
            )
        )
    return explained


def _ids(span: ReadableSpan) -> tuple[int, int]:
    context = span.get_span_context()
    return (context.trace_id, context.span_id) if context is not None else (0, 0)


def _logs_by_span(contents: Contents) -> dict[tuple[int, int], list[Occurrence]]:
    traces: dict[int, HeldTrace] = {}
    strays: Strays[Any] = Strays()
    for span in contents.spans:
        traces.setdefault(_ids(span)[0], HeldTrace(_ids(span)[0])).spans.append(span)
    for entry in contents.logs:
        if entry.trace_id:
            traces.setdefault(entry.trace_id, HeldTrace(entry.trace_id)).logs.append(entry)
        else:
            strays.add(entry, 0, None)
    logs = LogsOfSpans(list(traces.values()), strays)
    return {_ids(span): list(logs.of(span)) for span in contents.spans}


def _owner(
    events: Sequence[Mapping[str, Any]],
    span: ReadableSpan,
    spans: Mapping[tuple[int, int], ReadableSpan],
    readings: Mapping[tuple[int, int], Reading],
) -> list[tuple[str, str, str]]:
    """For whom the events are, and the nearest span that names them."""
    if not events:
        return []
    event = events[0]
    found: list[tuple[str, str, str]] = []
    if event["properties"].get("$process_person_profile") is False:
        found.append(("user", "nobody", "no span above or below names one"))
    else:
        found.append(("user", event["distinct_id"], _who_says(event["distinct_id"], "user", span, spans, readings)))
    session = event["properties"].get("$ai_session_id")
    if session is not None:
        found.append(("session", session, _who_says(session, "session", span, spans, readings)))
    return found


def _who_says(
    name: str,
    what: str,
    span: ReadableSpan,
    spans: Mapping[tuple[int, int], ReadableSpan],
    readings: Mapping[tuple[int, int], Reading],
) -> str:
    each: ReadableSpan | None = span
    seen: set[tuple[int, int]] = set()
    while each is not None and _ids(each) not in seen:
        seen.add(_ids(each))
        identity = _identity(each, readings[_ids(each)])
        for field in (what, f"incidental_{what}"):
            if identity is not None and getattr(identity, field) == name:
                keys = next((f.keys for f in readings[_ids(each)].filled if f.field == f"identity.{field}"), ())
                return f"{' + '.join(keys) or 'an attribute'} of {'itself' if each is span else repr(each.name)}"
        each = spans.get((_ids(each)[0], each.parent.span_id)) if each.parent is not None else None
    return "what all spans below it agree on, the resource or an option"


def _identity(span: ReadableSpan, reading: Reading) -> Identity | None:
    return reading.record.identity if reading.record is not None else read_identity(span.attributes or {})
