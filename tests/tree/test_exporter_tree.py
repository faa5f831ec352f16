"""The tree of the exporter without a processor of ours: it sees spans only when they have ended, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_posthog_ai import PostHogSpanExporter
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
