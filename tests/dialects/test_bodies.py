"""Data of an app is said as it is, and never searched for what a provider's reply or a request would tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.reading.bodies import is_data

from .test_gen_ai import record

RANKING = [{"doc": "a", "score": 0.9}, {"doc": "b", "score": 0.1}]
CAR = {"id": "car-7", "make": "Tesla", "model": "Model 3", "stop_reason": "brake"}


@pytest.mark.parametrize(
    "value", [CAR, RANKING, {"question": "?"}, {"prompt": "x", "language": "en"}, {"content": "x", "score": 1}]
)
def test_data(value: Any) -> None:
    assert is_data(value)


@pytest.mark.parametrize(
    "value",
    [
        None, "text", [], {}, ["a", "b"], {"role": "user", "content": "x"}, [{"role": "user", "content": "x"}],
        {"messages": [], "thread": 1}, {"id": "1", "choices": [], "x": 1}, {"prompt": "x", "model": "y"},
        {"usage": {"input_tokens": 1}, "x": 1}, {"type": "tool_use", "name": "x", "input": {}},
        {"functionCall": {"name": "x"}}, {"content": "x"}, {"output": "x"}, {"lc": 1, "kwargs": {}},
    ],
)  # fmt: skip
def test_no_data(value: Any) -> None:
    assert not is_data(value)


def test_a_generation_of_langfuse_keeps_its_data() -> None:
    question = {"document": "Invoice 7", "language": "en"}
    found = record(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o-mini",
            "langfuse.observation.input": json.dumps(question),
            "langfuse.observation.output": json.dumps(RANKING),
        },
        scope="langfuse-sdk",
    )
    assert json.loads((found.input or [{}])[0]["content"]) == question
    assert json.loads((found.output or [{}])[0]["content"]) == RANKING


def test_an_answer_in_json_is_no_reply_of_the_provider() -> None:
    found = record(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o",
            "output.value": json.dumps(CAR),
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": json.dumps(CAR),
        },
        scope="openinference.instrumentation.openai_agents",
    )
    assert (found.request_model or found.response_model, found.response_id, found.finish_reason) == (
        "gpt-4o", None, None,
    )  # fmt: skip


def test_a_tool_that_the_provider_ran_is_called_once() -> None:
    prefix = "llm.output_messages.0.message."
    result = {"tool_use_id": "t1", "type": "web_search_tool_result", "content": [{"title": "T"}]}
    call = {"id": "t1", "function.name": "web_search", "function.arguments": '{"query": "weather"}'}
    found = record(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "claude-sonnet-4-5",
            prefix + "role": "assistant",
            prefix + "contents.0.message_content.type": "tool_use",
            **{f"{prefix}contents.0.tool_call.{key}": value for key, value in call.items()},
            prefix + "contents.1.message_content.type": "web_search_tool_result",
            prefix + "contents.1.message_content.text": json.dumps(result),
            prefix + "contents.2.message_content.type": "text",
            prefix + "contents.2.message_content.text": "Sunny",
            **{f"{prefix}tool_calls.0.tool_call.{key}": value for key, value in call.items()},
        },
        scope="openinference.instrumentation.anthropic",
    )
    assert [message["role"] for message in found.output or ()] == ["assistant", "tool", "assistant"]
    [asked, answered, said] = found.output or ()
    assert [each["id"] for each in asked["tool_calls"]] == ["t1"]
    assert (answered["tool_call_id"], said["content"], "tool_calls" in said) == ("t1", "Sunny", False)
