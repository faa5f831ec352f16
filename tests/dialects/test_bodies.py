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


WORD = "Lovelace"
SHAPES: dict[str, Any] = {
    "text": WORD,
    "a list of texts": [WORD],
    "an object": {"question": WORD},
    "an object within": {"a": {"b": WORD}},
    "a list of objects": [{"question": WORD}],
    "a message of an object": [{"role": "user", "content": {"question": WORD}}],
    "a message of objects": [{"role": "user", "content": [{"question": WORD}]}],
    "a text part of an object": [{"role": "user", "content": [{"type": "text", "text": {"question": WORD}}]}],
    "a part's content of an object": [{"role": "user", "parts": [{"type": "text", "content": {"question": WORD}}]}],
    "a part of an unknown type": [{"role": "user", "parts": [{"type": "data", "data": {"question": WORD}}]}],
    "messages and settings": {"messages": [{"role": "user", "content": WORD}], "temperature": 1},
    "messages in an input": {"input": {"messages": [{"role": "user", "content": WORD}]}},
    "captured arguments": {"args": [WORD], "kwargs": {}},
    "captured names": {"args": [], "kwargs": {"question": WORD}},
    "a completion": {"choices": [{"text": WORD}]},
    "a message in an output": {"output": {"message": {"role": "assistant", "content": [{"text": WORD}]}}},
    "a generated text": [{"generated_text": WORD}],
    "other people's words": [{"from": "human", "value": WORD}],
    "text twice in JSON": json.dumps(json.dumps([{"role": "user", "content": WORD}])),
    **{f"the only word {key}": {key: WORD} for key in ("prompt", "input", "text", "message", "content", "value", "data",
                                                       "output", "result", "answer", "response", "completion")},
}  # fmt: skip
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
LLM = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
GENERATION = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o"}
UNKNOWN = {"acme.span.type": "llm", "acme.model": "gpt-4o"}
PLACES = {
    "gen_ai.input.messages": CHAT,
    "gen_ai.output.messages": CHAT,
    "gen_ai.prompt": CHAT,
    "gen_ai.completion": CHAT,
    "input.value": LLM,
    "output.value": LLM,
    "langfuse.observation.input": GENERATION,
    "langfuse.observation.output": GENERATION,
    "acme.input": UNKNOWN,
    "acme.output": UNKNOWN,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_what_was_said_is_kept_whatever_its_shape(place: str, shape: str) -> None:
    value = SHAPES[shape]
    found = record({**PLACES[place], place: value if isinstance(value, str) else json.dumps(value)})
    asked = any(word in place for word in ("input", "prompt"))
    said = found.input if asked else found.output
    assert WORD in json.dumps(said)
    assert (found.output if asked else found.input) is None


@pytest.mark.parametrize(
    "nothing",
    ["<openai.Stream object at 0x7f99231ce250>", {"choices": []}, {"output": []}, {"text": ""}, {"status": "done"},
     {"args": ["<openai.Client object at 0x7f99231ce250>"], "kwargs": {}}, {"content": None}, {"kwargs": {"top_p": 1}}],
)  # fmt: skip
@pytest.mark.parametrize("place", ["gen_ai.output.messages", "output.value", "acme.output"])
def test_what_says_nothing_is_no_message(place: str, nothing: Any) -> None:
    written = nothing if isinstance(nothing, str) else json.dumps(nothing)
    assert not record({**PLACES[place], place: written}).output
