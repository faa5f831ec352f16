"""The tree of the exporter without a processor of ours: it sees spans only when they have ended, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai import PostHogSpanExporter
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.reading_room import ReadingRoom
from tests.receiver import Receiver
from tests.traced import AGENT, CHAT, TOOL


def _ended() -> tuple[TracerProvider, InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return provider, memory


def _exported(receiver: Receiver, batches: Sequence[Sequence[ReadableSpan]]) -> list[dict[str, Any]]:
    exporter = PostHogSpanExporter(api_key="phc_x", host=receiver.url)
    for batch in batches:
        exporter.export(batch)
    exporter.shutdown()
    return receiver.events


def _batches(spans: Sequence[ReadableSpan], size: int) -> list[Sequence[ReadableSpan]]:
    return [spans[start : start + size] for start in range(0, len(spans), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("around", [{}, AGENT], ids=["plain span", "agent"])
def test_siblings_name_the_same_parent_whatever_batch_they_are_in(
    receiver: Receiver, size: int, around: dict[str, Any]
) -> None:
    provider, memory = _ended()
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("web"), tracer.start_as_current_span("around", attributes=around):
        for number in range(3):
            tracer.start_span(f"chat {number}", attributes=CHAT).end()
    events = _exported(receiver, _batches(memory.get_finished_spans(), size))
    calls = [event["properties"] for event in events if event["event"] == "$ai_generation"]
    (parent,) = {call["$ai_parent_id"] for call in calls}
    known = {e["properties"]["$ai_span_id"] for e in events} | {e["properties"]["$ai_trace_id"] for e in events}
    assert parent in known


@pytest.mark.parametrize("size", [1, 2, 10])
def test_what_an_agent_counts_is_not_counted_beside_its_calls(receiver: Receiver, size: int) -> None:
    provider, memory = _ended()
    tracer = provider.get_tracer("app")
    total = {**AGENT, "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 20}
    with tracer.start_as_current_span("agent", attributes=total):
        for number in range(2):
            tracer.start_span(f"chat {number}", attributes=CHAT).end()
    events = _exported(receiver, _batches(memory.get_finished_spans(), size))
    assert [event["event"] for event in events].count("$ai_generation") == 2


def test_what_ran_below_an_agent_is_not_forgotten_for_the_next_that_leaves(receiver: Receiver) -> None:
    provider, memory = _ended()
    tracer = provider.get_tracer("app")
    total = {**AGENT, "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 20}
    with tracer.start_as_current_span("agent", attributes=total):
        tracer.start_span("chat", attributes=CHAT).end()
        tracer.start_span("execute_tool search", attributes=TOOL).end()
    events = _exported(receiver, _batches(memory.get_finished_spans(), 1))
    assert [event["event"] for event in events].count("$ai_generation") == 1


def test_a_span_that_a_child_has_named_keeps_its_own_parent(receiver: Receiver) -> None:
    provider, memory = _ended()
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("outer", attributes=AGENT),
        tracer.start_as_current_span("middle", attributes=AGENT),
        tracer.start_as_current_span("inner", attributes=AGENT),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
    spans = memory.get_finished_spans()
    properties = [event["properties"] for event in _exported(receiver, _batches(spans, 1))]
    above = {each["$ai_span_id"]: each["$ai_parent_id"] for each in properties if "$ai_parent_id" in each}
    ids = [f"{span.context.span_id:016x}" for span in spans]
    assert [above[span_id] for span_id in ids[:-1]] == ids[1:]


# ---- what it decides, without the delivery ---------------------------------------------------------------------------


def _left(*batches: Sequence[ReadableSpan], **options: Any) -> list[dict[str, Any]]:
    """The properties of the events of these batches, each of which leaves before the next one comes."""
    room = ReadingRoom(resolve({"api_key": "phc_x", **options}, environ={}), Counters(), patient=False)
    events = []
    for batch in batches:
        room.add([span for span in batch if room.note_end(span)], lambda _: ())
        events += [decode(event) for event in room.release(everything=True)]
    return [{**event["properties"], "event": event["event"]} for event in events]


def _span(number: int, parent: int | None, attributes: dict[str, Any], *, remote: bool = False) -> ReadableSpan:
    flags = TraceFlags(1)
    return ReadableSpan(
        f"span {number}",
        SpanContext(1, number, False, flags),
        SpanContext(1, parent, remote, flags) if parent is not None else None,
        attributes=attributes,
        start_time=number,
        end_time=100,
    )


def _id(number: int) -> str:
    return f"{number:016x}"


@pytest.mark.parametrize(
    ("parent", "remote", "named"),
    [(None, False, f"{1:032x}"), (7, False, _id(7)), (7, True, f"{1:032x}")],
    ids=["none", "one that nobody has seen", "one of another process"],
)
@pytest.mark.parametrize("attributes", [CHAT, TOOL], ids=["a call", "a tool"])
def test_a_parent_that_nobody_has_seen_is_named_if_it_may_still_come(
    parent: int | None, remote: bool, named: str, attributes: dict[str, Any]
) -> None:
    (event,) = _left([_span(8, parent, attributes, remote=remote)])
    assert event["$ai_parent_id"] == named


@pytest.mark.parametrize("parent", [None, 7], ids=["at the top", "below what nobody has seen"])
def test_an_agent_is_the_root_if_nothing_can_be_above_it(parent: int | None) -> None:
    (event,) = _left([_span(8, parent, AGENT)])
    assert event["event"] == "$ai_trace"


@pytest.mark.parametrize("siblings", [1, 2, 3])
@pytest.mark.parametrize("what", [{}, AGENT, TOOL], ids=["a plain span", "an agent", "a tool"])
def test_a_span_that_was_named_leaves_whatever_it_says(siblings: int, what: dict[str, Any]) -> None:
    calls = [[_span(10 + number, 7, CHAT)] for number in range(siblings)]
    events = _left(*calls, [_span(7, 3, what)], [_span(3, None, AGENT)])
    above = {event["$ai_span_id"]: event.get("$ai_parent_id") for event in events if event["event"] != "$ai_trace"}
    assert [above[_id(10 + number)] for number in range(siblings)] == [_id(7)] * siblings
    assert above[_id(7)] == _id(3)
    assert _id(3) in above


TOTAL = {**AGENT, "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 20}


@pytest.mark.parametrize(
    ("below", "generations"),
    [([], 1), ([TOOL], 1), ([CHAT], 1), ([CHAT, TOOL], 1), ([TOOL, CHAT], 1), ([CHAT, CHAT], 2), ([AGENT], 1)],
)
@pytest.mark.parametrize("step", [False, True], ids=["right below", "below a step"])
def test_what_an_agent_counts_is_told_where_no_call_below_it_was(
    below: list[dict[str, Any]], generations: int, step: bool
) -> None:
    parent = 7 if step else 3
    batches = [[_span(10 + number, parent, attributes)] for number, attributes in enumerate(below)]
    if step:
        batches.append([_span(7, 3, TOOL)])
    events = _left(*batches, [_span(3, None, TOTAL)])
    assert [event["event"] for event in events].count("$ai_generation") == generations
