"""What the reading room does for those who see spans only when they have ended: the bare exporter, whole files."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from otel_posthog_ai.context import entries
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.reading_room import ReadingRoom
from tests.traced import AGENT, CHAT

ASKED = {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"the secret"}]}]'}
_tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")


class Room:
    """A room that is told of ends alone."""

    def __init__(self, **options: Any) -> None:
        self.counters = Counters()
        self.room = ReadingRoom(resolve({"api_key": "phc_x", **options}, environ={}), self.counters, patient=False)

    def events(self, *spans: Span) -> list[dict[str, Any]]:
        """The events of a batch."""
        ended = [span for span in spans if isinstance(span, ReadableSpan)]
        self.room.add([span for span in ended if self.room.note_end(span)], lambda _: ())
        return [decode(event) for event in self.room.release(everything=True)]


def span(name: str, attributes: dict[str, Any], above: Span | None = None, kind: SpanKind = SpanKind.INTERNAL) -> Span:
    context = set_span_in_context(above, Context()) if above is not None else Context()
    return _tracer.start_span(name, context, attributes=attributes, kind=kind)


def test_what_the_filter_refuses_is_a_link_of_the_chain() -> None:
    room = Room(span_filter=lambda span: span.name != "refused")
    outer = span("outer", AGENT)
    refused = span("refused", AGENT, outer)
    chat = span("chat", CHAT, refused)
    for each in (chat, refused, outer):
        each.end()
    events = room.events(outer, refused, chat)
    assert [event["event"] for event in events] == ["$ai_trace", "$ai_generation"]
    assert events[1]["properties"]["$ai_parent_id"] == events[1]["properties"]["$ai_trace_id"]


@pytest.mark.parametrize("entered", ["a private context", "a public context"])
@pytest.mark.parametrize("seen", ["its start was seen", "its start was not seen"])
def test_in_which_context_a_span_ran_is_known_from_its_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, entered: str, seen: str
) -> None:
    """Else it may have been the private one, whose content stays here; what it ran in may repeat that."""
    monkeypatch.setattr(entries, "_entered", {"any", "private"} if entered == "a private context" else {"any"})
    room = Room()
    agent = span("agent", AGENT)
    chats = [span("chat", {**CHAT, **ASKED}, agent) for _ in range(2)]
    for each in (*chats, agent):
        if seen == "its start was seen":
            room.room.hierarchy.started(each, Context(), None)  # type: ignore[arg-type]
        each.end()
    events = room.events(*chats, agent)
    assert [event["event"] for event in events].count("$ai_generation") == 2
    kept_back = (entered, seen) == ("a private context", "its start was not seen")
    assert ("the secret" in str(events)) is not kept_back
    assert room.counters.snapshot().get("contexts_unknown", 0) == (3 if kept_back else 0)
    assert caplog.text.count("whose start was not seen") == int(kept_back)


def test_the_status_of_a_refused_request_is_its_calls() -> None:
    room = Room()
    chat = span("chat", CHAT)
    request = span("POST", {"http.response.status_code": 429}, chat, SpanKind.CLIENT)
    request.end()
    chat.set_status(StatusCode.ERROR, "no")
    chat.end()
    (event,) = room.events(request, chat)
    assert event["properties"]["$ai_http_status"] == 429


def test_what_a_child_has_named_leaves_whatever_it_says() -> None:
    room = Room()
    around = span("around", {})
    chat = span("chat", CHAT, around)
    chat.end()
    around.end()
    (call,) = room.events(chat)
    step = next(event for event in room.events(around) if event["event"] == "$ai_span")
    assert call["properties"]["$ai_parent_id"] == step["properties"]["$ai_span_id"]
