"""What the root of a trace tells where its own span is silent, and which span is the root."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace

from tests.traced import AGENT, CHAT, TOOL, Traced, parent_of, span_id_of, trace_id_of

ASKED = {**CHAT, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Is it raining?"}]}]'}
ANSWERED = {**ASKED, "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"No."}]}]'}
SEARCH = {**TOOL, "gen_ai.tool.call.arguments": '{"city": "Paris"}', "gen_ai.tool.call.result": "dry"}
STEP = {"gen_ai.operation.name": "execute_task", "gen_ai.input.messages": '[{"role":"user","content":"step"}]'}


def run(traced: Traced, *spans: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The properties of a silent agent above these spans, which run after each other."""
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        for name, attributes in spans:
            with traced.tracer.start_as_current_span(name, attributes=attributes):
                pass
    properties: dict[str, Any] = traced.events()["trace:helper"]["properties"]
    return properties


def test_the_question_is_that_of_the_first_call(traced: Traced) -> None:
    root = run(traced, ("first", ANSWERED), ("tool", SEARCH), ("second", CHAT))
    assert (root["$ai_input_state"], root["$ai_output_state"]) == ("Is it raining?", "No.")


def test_a_step_tells_it_where_a_tool_ran_before_the_first_call(traced: Traced) -> None:
    root = run(traced, ("step", STEP), ("tool", SEARCH), ("call", ANSWERED))
    assert root["$ai_input_state"] == [{"role": "user", "content": "step"}]


def test_a_tool_tells_neither_question_nor_answer(traced: Traced) -> None:
    root = run(traced, ("tool", SEARCH))
    assert root.keys().isdisjoint({"$ai_input_state", "$ai_output_state"})


@pytest.mark.parametrize("operation", ["tts", "stt"])
def test_what_was_said_is_no_root(traced: Traced, operation: str) -> None:
    attributes = {"gen_ai.operation.name": operation, "gen_ai.request.model": "m"}
    with traced.tracer.start_as_current_span("said", attributes=attributes):
        pass
    events = traced.events()
    assert events.keys() == {"said"}
    assert parent_of(events["said"]) == trace_id_of(events["said"])


def test_of_spans_that_began_at_once_the_ancestor_is_first(traced: Traced) -> None:
    outer = traced.tracer.start_span("outer", attributes={**AGENT, "gen_ai.agent.name": "outer"}, start_time=10**18)
    inner = traced.tracer.start_span(
        "inner", context=trace.set_span_in_context(outer), attributes={**AGENT, "gen_ai.agent.name": "inner"},
        start_time=10**18,
    )  # fmt: skip
    inner.end(10**18 + 10**6)
    outer.end(10**18 + 10**6)
    events = traced.events()
    assert events.keys() == {"trace:outer", "inner"}
    assert parent_of(events["inner"]) == trace_id_of(events["inner"])
    assert span_id_of(events["trace:outer"]) != span_id_of(events["inner"])
