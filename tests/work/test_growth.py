"""Twice as much of anything costs about twice as much: counted in calls of functions, not in time."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, set_span_in_context

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.whole_traces import WholeTraces

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1-mini", "gen_ai.usage.input_tokens": 9}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}
OPENINFERENCE = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4.1-mini", "llm.token_count.prompt": 9}
FIRST, SECOND = "opentelemetry.instrumentation.openai_v2", "openinference.instrumentation.openai"
SOME = 250
MOST_GROWTH = 2.3


class Drawn:
    """Spans of times that are given in milliseconds."""

    def __init__(self) -> None:
        self._limits = SpanLimits(max_span_attributes=100_000)
        self._ended = InMemorySpanExporter()
        self._provider = TracerProvider(span_limits=self._limits, shutdown_on_exit=False)
        self._provider.add_span_processor(SimpleSpanProcessor(self._ended))

    def span(
        self, start: int, end: int, attributes: dict[str, Any], scope: str = FIRST, parent: Span | None = None
    ) -> Span:
        context = set_span_in_context(parent) if parent is not None else Context()
        tracer = self._provider.get_tracer(scope)
        span = tracer.start_span("span", context, attributes=attributes, start_time=10**18 + start * 10**6)
        span.end(10**18 + end * 10**6)
        return span

    def all(self) -> tuple[ReadableSpan, ...]:
        return self._ended.get_finished_spans()


def _said(key: str, *messages: dict[str, Any]) -> dict[str, Any]:
    return {**CHAT, key: json.dumps(messages)}


def _calls_of_tools(many: int) -> list[dict[str, Any]]:
    return [
        {"type": "tool_call", "id": f"call_{each}", "name": "weather", "arguments": {"day": each}}
        for each in range(many)
    ]


def silent_tools(drawn: Drawn, many: int) -> None:
    """Each ran for the one call that was answered with its arguments."""
    gave = [{"type": "tool_call_response", "id": f"call_{each}", "response": "rain"} for each in range(many)]
    agent = drawn.span(0, 10 * many, AGENT)
    asked = {"role": "assistant", "parts": _calls_of_tools(many)}
    drawn.span(0, 5, _said("gen_ai.input.messages", asked, {"role": "tool", "parts": gave}), parent=agent)
    for each in range(many):
        given = {"gen_ai.tool.call.arguments": json.dumps({"day": each})}
        drawn.span(10 * each, 10 * each + 9, {**TOOL, **given}, parent=agent)


def one_answers_id(drawn: Drawn, many: int) -> None:
    """A model server of a test answers everything under one id."""
    agent = drawn.span(0, 10 * many, AGENT)
    for each in range(many):
        for scope in (FIRST, "opentelemetry.instrumentation.openai"):
            drawn.span(10 * each, 10 * each + 5, {**CHAT, "gen_ai.response.id": "chatcmpl-123"}, scope, agent)


def two_tellings_at_once(drawn: Drawn, many: int) -> None:
    agent = drawn.span(0, 1_000, AGENT)
    for each in range(many):
        question = {"role": "user", "parts": [{"type": "text", "content": f"What of {each}?"}]}
        drawn.span(1, 900, _said("gen_ai.input.messages", question), parent=agent)
        first = {"role": "user", "content": f"What of {each}?"}
        asked = {f"llm.input_messages.0.message.{key}": value for key, value in first.items()}
        drawn.span(2, 899, {**OPENINFERENCE, **asked}, SECOND, agent)


def steps_drawn_twice(drawn: Drawn, many: int) -> None:
    """One node of a graph runs again and again, and two tracers draw it each time."""
    run = drawn.span(0, 10 * many, AGENT)
    for each in range(many):
        for scope in (FIRST, SECOND):
            drawn.span(10 * each, 10 * each + 9, {"openinference.span.kind": "CHAIN"}, scope, run)


def totals_of_runs(drawn: Drawn, many: int) -> None:
    for each in range(many):
        drawn.span(10 * each, 10 * each + 9, {**CHAT, **AGENT})
        drawn.span(10 * each, 10 * each + 90, OPENINFERENCE, SECOND)


def calls_in_one_message(drawn: Drawn, many: int) -> None:
    drawn.span(0, 9, _said("gen_ai.output.messages", {"role": "assistant", "parts": _calls_of_tools(many)}))


def flattened_calls_in_one_message(drawn: Drawn, many: int) -> None:
    below = "llm.output_messages.0.message.tool_calls"
    said = {f"{below}.{each}.tool_call.function.name": "weather" for each in range(many)}
    ids = {f"{below}.{each}.tool_call.id": f"call_{each}" for each in range(many)}
    drawn.span(0, 9, {**OPENINFERENCE, **said, **ids}, SECOND)


def namespaces(drawn: Drawn, many: int) -> None:
    drawn.span(0, 9, {**CHAT, **{f"vendor{each}.some.thing": each for each in range(many)}})


def attributes(drawn: Drawn, many: int) -> None:
    drawn.span(0, 9, {**CHAT, **{f"vendor.thing{each}": each for each in range(many)}})


def counted(draw: Callable[[Drawn, int], None], many: int) -> int:
    """How many functions are called to make events of what is drawn."""
    drawn = Drawn()
    draw(drawn, many)
    whole = WholeTraces(resolve({"api_key": "phc_x"}), Counters())
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        events = whole.events(drawn.all(), lambda _: ())
    finally:
        sys.setprofile(before)
    assert events
    return calls


@pytest.mark.parametrize(
    "draw",
    [
        silent_tools,
        one_answers_id,
        steps_drawn_twice,
        two_tellings_at_once,
        totals_of_runs,
        calls_in_one_message,
        flattened_calls_in_one_message,
        namespaces,
        attributes,
    ],
)
def test_twice_as_much_costs_about_twice_as_much(draw: Callable[[Drawn, int], None]) -> None:
    counted(draw, 1)  # what is done once
    some = counted(draw, SOME)
    assert counted(draw, 4 * SOME) <= MOST_GROWTH**2 * some
