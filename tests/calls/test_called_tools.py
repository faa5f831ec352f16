"""A call that stopped for tools and does not say which: those that ran right below it."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai import posthog_context
from tests.traced import CHAT, Traced

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
