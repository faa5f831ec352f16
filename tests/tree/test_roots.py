"""What the root of a trace tells where its own span is silent, and which span is the root."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace

from tests.stages import Stages, provider_of
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


def _call(question: str, answer: str) -> dict[str, Any]:
    said = {"gen_ai.input.messages": _said("user", question), "gen_ai.output.messages": _said("assistant", answer)}
    return {**CHAT, **said}


def _said(role: str, text: str) -> str:
    return f'[{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}]'


def _chain(given: str, gave: str) -> dict[str, Any]:
    return {"openinference.span.kind": "CHAIN", "input.value": given, "output.value": gave}


# What runs below a silent agent, in the order in which it ends: start, end, attributes, whether right below the agent.
Ran = tuple[int, int, dict[str, Any], bool]
Q1, Q2 = _call("q1", "a1"), _call("q2", "a2")
S1, S2 = _chain("i1", "o1"), _chain("i2", "o2")
SILENT: dict[str, tuple[list[Ran], str | None, str | None]] = {
    "nothing": ([], None, None),
    "the first call asks, the last answers": ([(10, 20, Q1, True), (20, 30, Q2, True)], "q1", "a2"),
    "in whichever order they end": ([(20, 30, Q2, True), (10, 40, Q1, True)], "q1", "a1"),
    "of two at once the first told asks, the last told answers": (
        [(10, 20, Q1, True), (10, 20, Q2, True)], "q1", "a2"),
    "calls below a step": ([(10, 20, Q1, False), (10, 20, Q2, False)], "q1", "a2"),
    "calls below steps in whichever order": ([(20, 30, Q2, False), (10, 40, Q1, False)], "q1", "a1"),
    "a call that says nothing": ([(5, 50, CHAT, True), (10, 20, Q1, True)], "q1", "a1"),
    "a step": ([(10, 20, S1, True)], "i1", "o1"),
    "a step that is not right below": ([(10, 20, S1, False)], None, None),
    "the first step is given, the last gives": ([(10, 20, S1, True), (20, 30, S2, True)], "i1", "o2"),
    "steps in whichever order they end": ([(20, 30, S2, True), (10, 40, S1, True)], "i1", "o1"),
    "of two steps at once": ([(10, 20, S1, True), (10, 20, S2, True)], "i1", "o2"),
    "a step, then a call": ([(5, 8, S1, True), (10, 20, Q1, True)], "q1", "a1"),
    "a call, then a step": ([(5, 8, Q1, True), (10, 20, S1, True)], "q1", "o1"),
    "a call and a step that end at once": ([(10, 20, S1, True), (10, 20, Q1, True)], "q1", "a1"),
    "a step, then a call that is not right below": ([(5, 8, S1, True), (10, 20, Q1, False)], "q1", "o1"),
    "an answer right below, then one further below": ([(10, 20, Q1, True), (20, 30, Q2, False)], "q1", "a1"),
    "an answer further below, then one right below": ([(10, 20, Q1, False), (20, 30, Q2, True)], "q1", "a2"),
    "a step that ends later than the answer": ([(10, 20, Q1, True), (5, 30, S1, True)], "q1", "o1"),
    "a tool before the call": ([(1, 2, SEARCH, True), (5, 8, S1, True), (10, 20, Q1, True)], "i1", "a1"),
    "a tool before the call, and no step": ([(1, 2, SEARCH, True), (10, 20, Q1, True)], "q1", "a1"),
    "a tool at the start of the call": ([(10, 12, SEARCH, True), (5, 8, S1, True), (10, 20, Q1, True)], "q1", "a1"),
    "a tool after the call": ([(5, 8, S1, True), (10, 20, Q1, True), (20, 21, SEARCH, True)], "q1", "a1"),
    "the earliest of several tools": (
        [(30, 31, SEARCH, True), (5, 8, S1, True), (10, 20, Q1, True), (4, 40, SEARCH, True)], "i1", "a1"),
    "not the last of several tools": (
        [(4, 5, SEARCH, True), (5, 8, S1, True), (10, 20, Q1, True), (30, 31, SEARCH, True)], "i1", "a1"),
}  # fmt: skip


@pytest.mark.parametrize("ran", SILENT)
def test_a_silent_root_has_its_states_from_below(ran: str) -> None:
    below, asked, answered = SILENT[ran]
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    agent = tracer.start_span("agent", attributes=AGENT, start_time=1)
    for number, (start, end, attributes, direct) in enumerate(below):
        above = trace.set_span_in_context(agent)
        step = None
        if not direct:
            step = tracer.start_span("step", above, attributes=TOOL, start_time=50)
            above = trace.set_span_in_context(step)
        tracer.start_span(f"{number}", above, attributes=attributes, start_time=start).end(end)
        if step is not None:
            step.end(60)
    agent.end(100)
    stages.leave()
    (root,) = [event["properties"] for event in stages.events if event["event"] == "$ai_trace"]
    assert (root.get("$ai_input_state"), root.get("$ai_output_state")) == (asked, answered)
    assert None not in root.values()


def test_a_root_that_tells_its_states_keeps_them() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    with tracer.start_as_current_span("graph", attributes=_chain("own input", "own output")):
        tracer.start_span("call", attributes=Q1).end()
    stages.leave()
    (root,) = [event["properties"] for event in stages.events if event["event"] == "$ai_trace"]
    assert (root["$ai_input_state"], root["$ai_output_state"]) == ("own input", "own output")
