"""A call that stopped for tools and does not say which: those that ran right below it."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai import posthog_context
from tests.calls.told import MILLISECOND, Told
from tests.traced import AGENT, CHAT, Traced

ASKED = {**CHAT, "gen_ai.response.finish_reasons": ["tool_calls"]}
RAN = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "get_weather",
    "gen_ai.tool.call.id": "call_1",
    "gen_ai.tool.call.arguments": '{"city":"Paris"}',
}
OWN = {"gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"tool_call","name":"own","arguments":{}}]}]'}


def answer_of(traced: Traced, call: dict[str, Any], *tools: dict[str, Any]) -> Any:
    with traced.tracer.start_as_current_span("call", attributes=call):
        for tool in tools:
            with traced.tracer.start_as_current_span("tool", attributes=tool):
                pass
    assert traced.processor.force_flush(5_000)
    [call] = [event for event in traced.receiver.events if event["event"] == "$ai_generation"]
    return call["properties"].get("$ai_output_choices")


def test_the_tools_below_it_are_what_it_called(traced: Traced) -> None:
    second = {
        **RAN,
        "gen_ai.tool.name": "get_time",
        "gen_ai.tool.call.id": "call_2",
        "gen_ai.tool.call.arguments": "{}",
    }
    [message] = answer_of(traced, ASKED, RAN, second)
    assert (message["role"], message["content"]) == ("assistant", None)
    assert [(each["id"], each["function"]) for each in message["tool_calls"]] == [
        ("call_1", {"name": "get_weather", "arguments": '{"city":"Paris"}'}),
        ("call_2", {"name": "get_time", "arguments": "{}"}),
    ]


def test_they_were_called_in_the_order_in_which_they_began() -> None:
    """Beside each other: the last that began was the first to end."""
    told = Told()
    call = told.begin("app", "chat", 0, ASKED)
    for number in (2, 0, 1):
        told.span("app", (10 + number, 90 - number), {**RAN, "gen_ai.tool.call.id": f"call_{number}"}, call)
    call.end(1_100 * MILLISECOND)
    (found,) = told.events()
    assert [each["id"] for each in found["$ai_output_choices"][0]["tool_calls"]] == ["call_0", "call_1", "call_2"]


def test_only_the_tools_right_below_a_call_are_its_own() -> None:
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    call = told.span("app", (1, 10), ASKED, agent)
    told.span("app", (11, 20), RAN, agent)  # of the agent's loop
    step = told.begin("app", "step", 2, AGENT, call)
    told.span("app", (3, 4), RAN, step)
    (found,) = told.events()
    assert "$ai_output_choices" not in found


def test_a_call_that_stopped_by_itself_called_no_tools_whatever_others_did() -> None:
    told = Told()
    for number, reason in enumerate(("stop", "tool_calls")):
        said = {**ASKED, "gen_ai.response.finish_reasons": (reason,)}
        call = told.begin("app", "chat", number, said)
        told.span("app", (10, 20), {**RAN, "gen_ai.tool.call.id": f"call_{number}"}, call)
        call.end(1_100 * MILLISECOND)
    told.span("app", (10, 20), RAN)
    assert ["$ai_output_choices" in call for call in told.events()] == [False, True]


def test_what_it_says_of_its_calls_among_thoughts_counts() -> None:
    told = Told()
    parts = '{"type":"reasoning","content":"hm"},{"type":"tool_call","id":"c","name":"own","arguments":{}}'
    said = {**ASKED, "gen_ai.output.messages": f'[{{"role":"assistant","parts":[{parts}]}}]'}
    call = told.begin("app", "chat", 0, said)
    told.span("app", (10, 20), RAN, call)
    call.end(1_100 * MILLISECOND)
    (found,) = told.events()
    assert "get_weather" not in str(found["$ai_output_choices"])


def test_a_tool_that_was_called_without_arguments() -> None:
    told = Told()
    call = told.begin("app", "chat", 0, ASKED)
    told.span("app", (1, 2), {key: value for key, value in RAN.items() if "arguments" not in key}, call)
    call.end(1_100 * MILLISECOND)
    (found,) = told.events()
    assert found["$ai_output_choices"] == [
        {
            "role": "assistant", "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
            ],
        }
    ]  # fmt: skip


def test_its_text_stays_beside_them(traced: Traced) -> None:
    said = '[{"role":"assistant","parts":[{"type":"text","content":"I look."}]}]'
    [message] = answer_of(traced, {**ASKED, "gen_ai.output.messages": said}, RAN)
    assert message["content"] == "I look."
    assert [each["id"] for each in message["tool_calls"]] == ["call_1"]


@pytest.mark.parametrize(
    ("call", "tool"),
    [
        ({**ASKED, "gen_ai.response.finish_reasons": ["stop"]}, RAN),
        (ASKED, {key: value for key, value in RAN.items() if key != "gen_ai.tool.call.id"}),
    ],
    ids=["it stopped by itself", "nobody says whose tool it is"],
)
def test_a_tool_is_no_answer(traced: Traced, call: dict[str, Any], tool: dict[str, Any]) -> None:
    assert answer_of(traced, call, tool) is None


def test_what_it_says_of_its_calls_counts(traced: Traced) -> None:
    [message] = answer_of(traced, {**ASKED, **OWN}, RAN)
    assert [each["function"]["name"] for each in message["tool_calls"]] == ["own"]


def test_a_private_tool_is_told_by_nobody(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("call", attributes=ASKED),
        posthog_context(privacy_mode=True),
        traced.tracer.start_as_current_span("tool", attributes=RAN),
    ):
        pass
    assert traced.processor.force_flush(5_000)
    assert "Paris" not in str([event["properties"] for event in traced.receiver.events])
