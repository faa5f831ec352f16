"""A tool whose span says neither what it was given nor what it gave back: the calls of its trace do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai import posthog_context
from tests.calls.told import Told
from tests.traced import AGENT, CHAT, Traced

RAN = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.call.id": "call_1"}
CALLED = {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}
GAVE = {"type": "tool_call_response", "id": "call_1", "response": '{"sky": "clear"}'}


def message(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def told_in(*given: dict[str, Any], answer: dict[str, Any] | None = None) -> dict[str, Any]:
    said = {**CHAT, "gen_ai.input.messages": json.dumps(given)}
    return said if answer is None else {**said, "gen_ai.output.messages": json.dumps([answer])}


ASKED = told_in(message("user", {"type": "text", "content": "Hi"}), answer=message("assistant", CALLED))
ANSWERED = told_in(message("assistant", CALLED), message("tool", GAVE))


def states(tool: dict[str, Any], *calls: dict[str, Any], apart: bool = False) -> list[dict[str, Any]]:
    """The events of one tool between the calls of its agent, or of another trace."""
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    for number, call in enumerate(calls):
        told.span("client", (10 + 20 * number, 15 + 20 * number), call, None if apart else agent)
    told.span("app", (20, 25), tool, agent, "tool")
    agent.end(1_100_000_000)
    return [event for event in told.events("$ai_span") if event["$ai_span_name"] == "get_weather"]


@pytest.mark.parametrize(
    ("tool", "calls", "expected"),
    [
        ({}, (ASKED, ANSWERED), ({"city": "Paris"}, {"sky": "clear"})),
        ({}, (ASKED,), ({"city": "Paris"}, None)),
        ({}, (ANSWERED,), ({"city": "Paris"}, {"sky": "clear"})),
        ({"gen_ai.tool.call.id": "call_2"}, (ASKED, ANSWERED), (None, None)),
        ({"gen_ai.tool.call.arguments": '{"city": "Rome"}'}, (ASKED, ANSWERED), ({"city": "Rome"}, {"sky": "clear"})),
        ({"gen_ai.tool.call.result": "rain"}, (ASKED, ANSWERED), ({"city": "Paris"}, "rain")),
    ],
)
def test_what_the_calls_of_the_trace_say(tool: dict[str, Any], calls: Any, expected: tuple[Any, Any]) -> None:
    (found,) = states({**RAN, **tool}, *calls)
    assert (found.get("$ai_input_state"), found.get("$ai_output_state")) == expected


NO_ID = {key: value for key, value in RAN.items() if "id" not in key}
AGAIN = message("assistant", {**CALLED, "id": "call_2"})


@pytest.mark.parametrize(
    ("arguments", "calls", "expected"),
    [
        ('{"city": "Paris"}', (ASKED, ANSWERED), {"sky": "clear"}),
        ('{"city": "Rome"}', (ASKED, ANSWERED), None),
        ('{"city": "Paris"}', (ASKED, ANSWERED, told_in(AGAIN)), {"sky": "clear"}),
        ('{"city": "Paris"}', (ASKED, ANSWERED, told_in(AGAIN, message("tool", {**GAVE, "id": "call_2"}))), None),
    ],
)
def test_a_tool_that_names_no_call_is_of_the_only_one_with_its_arguments(
    arguments: str, calls: Any, expected: Any
) -> None:
    (found,) = states({**NO_ID, "gen_ai.tool.call.arguments": arguments}, *calls)
    assert found.get("$ai_output_state") == expected


def test_of_two_tools_that_name_no_call_and_were_given_the_same_either_may_be_the_one() -> None:
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    for start in (10, 20):
        told.span("app", (start, start + 5), {**NO_ID, "gen_ai.tool.call.arguments": '{"city": "Paris"}'}, agent)
    told.span("client", (30, 35), ANSWERED, agent)
    agent.end(1_100_000_000)
    assert not any("$ai_output_state" in event for event in told.events("$ai_span"))


def test_a_tool_that_names_no_call_and_no_arguments_is_left_alone() -> None:
    (found,) = states(NO_ID, ASKED, ANSWERED)
    assert "$ai_output_state" not in found


def test_a_call_of_another_trace_says_nothing_of_it() -> None:
    (found,) = states(RAN, ASKED, ANSWERED, apart=True)
    assert "$ai_input_state" not in found
    assert "$ai_output_state" not in found


def test_a_private_call_says_nothing_of_it(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        with posthog_context(privacy_mode=True), traced.tracer.start_as_current_span("call", attributes=ASKED):
            pass
        with traced.tracer.start_as_current_span("tool", attributes=RAN):
            pass
        with posthog_context(privacy_mode=True), traced.tracer.start_as_current_span("call", attributes=ANSWERED):
            pass
    assert traced.processor.force_flush(5_000)
    (found,) = [event["properties"] for event in traced.receiver.events if event["event"] == "$ai_span"]
    assert found["$ai_span_name"] == "get_weather"
    assert "$ai_input_state" not in found
    assert "$ai_output_state" not in found


def test_an_error_is_all_that_a_failed_tool_gave_back() -> None:
    (found,) = states({**RAN, "error.type": "ValueError"}, ASKED, ANSWERED)
    assert found["$ai_input_state"] == {"city": "Paris"}
