"""Calls that an app, or a vendor without a table, writes down in words of its own, without any word for the kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.record import MISSING, AISpan
from tests.traced import Traced

from .test_gen_ai import read, record

MESSAGES = json.dumps([{"role": "user", "content": "hi"}])

CALLS: dict[str, dict[str, Any]] = {
    "llm": {
        "llm.provider": "openai", "llm.model": "gpt-4o", "llm.prompt": "hi", "llm.completion": "hello",
        "llm.tokens.prompt": 5, "llm.tokens.completion": 7,
    },
    "llm, half of it as OpenInference has it": {
        "llm.vendor": "openai", "llm.model_name": "gpt-4o", "llm.input": "hi", "llm.output": "hello",
        "llm.usage.input_tokens": 5, "llm.usage.output_tokens": 7,
    },
    "llm, messages": {
        "llm.provider": "openai", "llm.model": "gpt-4o", "llm.messages": MESSAGES, "llm.response": "hello",
        "llm.prompt_tokens": 5, "llm.completion_tokens": 7,
    },
    "ai": {
        "ai.provider": "openai", "ai.model": "gpt-4o", "ai.input": "hi", "ai.output": "hello", "ai.tokens.input": 5,
        "ai.tokens.output": 7,
    },
    "genai": {
        "genai.model.provider": "openai", "genai.model": "gpt-4o", "genai.input": "hi", "genai.output": "hello",
        "genai.usage.input_tokens": 5, "genai.usage.output_tokens": 7,
    },
    "no namespace": {
        "provider": "openai", "model": "gpt-4o", "prompt": "hi", "response": "hello", "prompt_tokens": 5,
        "completion_tokens": 7,
    },
    "request and response": {
        "acme.provider": "openai", "acme.request.model": "gpt-4o", "acme.request.messages": MESSAGES,
        "acme.response.content": "hello", "acme.usage.prompt_tokens": 5, "acme.usage.completion_tokens": 7,
    },
    "Traceloop's, by another name": {
        "acme.provider": "openai", "acme.request.type": "chat", "acme.request.model": "gpt-4o",
        "acme.prompt.0.role": "user", "acme.prompt.0.content": "hi", "acme.completion.0.role": "assistant",
        "acme.completion.0.content": "hello", "acme.usage.prompt_tokens": 5, "acme.usage.completion_tokens": 7,
    },
    "OpenInference's, by another name": {
        "acme.provider": "openai", "acme.span.kind": "LLM", "acme.model_name": "gpt-4o",
        "acme.input_messages.0.message.role": "user", "acme.input_messages.0.message.content": "hi",
        "acme.output_messages.0.message.role": "assistant",
        "acme.output_messages.0.message.contents.0.message_content.type": "text",
        "acme.output_messages.0.message.contents.0.message_content.text": "hello",
        "acme.token_count.prompt": 5, "acme.token_count.completion": 7,
    },
    "input is a part of the messages": {
        "acme.provider": "openai", "acme.span.kind": "LLM", "acme.model": "gpt-4o", "acme.input": "h",
        "acme.messages": MESSAGES, "acme.output": "hello", "acme.tokens.input": 5, "acme.tokens.output": 7,
    },
    "the usage as an object": {
        "acme.provider": "openai", "acme.model": "gpt-4o", "acme.prompt": "hi", "acme.completion": "hello",
        "acme.usage": '{"prompt_tokens": 5, "completion_tokens": 7}',
    },
    "a convention's counts of a model that it does not know": {
        "llm.provider": "openai", "llm.model": "gpt-4o", "llm.prompt": "hi", "llm.completion": "hello",
        "llm.usage.prompt_tokens": 5, "llm.usage.completion_tokens": 7,
    },
    "GenAI, out of its own head": {
        "gen_ai.provider.name": "openai", "gen_ai.model": "gpt-4o", "gen_ai.query": "hi", "gen_ai.answer": "hello",
        "gen_ai.prompt_tokens": 5, "gen_ai.completion_tokens": 7,
    },
    "no dots": {
        "aiProvider": "openai", "aiModel": "gpt-4o", "aiPrompt": "hi", "aiResponse": "hello", "aiInputTokens": 5,
        "aiOutputTokens": 7,
    },
    "usage below the response": {
        "acme.provider": "openai", "acme.llm_request.model": "gpt-4o", "acme.llm_request.messages": MESSAGES,
        "acme.llm_response.content": "hello", "acme.llm_response.usage.prompt_tokens": 5,
        "acme.llm_response.usage.completion_tokens": 7,
    },
    "a type without a namespace": {
        "type": "llm", "provider": "openai", "model": "gpt-4o", "input": MESSAGES, "output": "hello",
        "usage": '{"input_tokens": 5, "output_tokens": 7}',
    },
    "an operation": {
        "acme.operation": "chat", "acme.provider": "openai", "acme.model": "gpt-4o", "acme.prompt": "hi",
        "acme.response": "hello", "acme.input_tokens": 5, "acme.output_tokens": 7,
    },
}  # fmt: skip


def _said(found: AISpan) -> tuple[Any, ...]:
    (asked,), (answer,) = found.input or [{}], found.output or [{}]
    content = answer["content"]
    return asked["content"], content if isinstance(content, str) else content[0]["text"]


@pytest.mark.parametrize("attributes", CALLS.values(), ids=CALLS)
def test_a_call(attributes: dict[str, Any]) -> None:
    found = record(attributes, scope="my.app")
    assert (found.kind, found.provider, found.request_model) == ("generation", "openai", "gpt-4o")
    assert (found.usage.input, found.usage.output) == (5, 7)
    assert _said(found) == ("hi", "hello")
    assert not found.attributes


def test_all_that_a_request_and_its_answer_have() -> None:
    found = record(
        {
            "acme.request.model": "gpt-4o",
            "acme.request.temperature": 0.2,
            "acme.max_tokens": 100,
            "acme.is_streaming": True,
            "acme.system_prompt": "Be brief.",
            "acme.prompt": "hi",
            "acme.response.model": "gpt-4o-2024",
            "acme.response.id": "chatcmpl-1",
            "acme.response.finish_reasons": ("stop",),
            "acme.completion": "hello",
            "acme.ttft": 0.5,
            "acme.usage": json.dumps({"prompt_tokens": 5, "completion_tokens": 7}),
        }
    )
    assert (found.request_model, found.response_model) == ("gpt-4o", "gpt-4o-2024")
    assert (found.response_id, found.finish_reason, found.stream) == ("chatcmpl-1", "stop", True)
    assert (found.parameters, found.instructions) == ({"temperature": 0.2, "max_tokens": 100}, "Be brief.")
    assert (found.usage.input, found.usage.output, found.time_to_first_token) == (5, 7, 0.5)


def test_tool_calls_that_were_flattened() -> None:
    call = "acme.output_messages.0.message.tool_calls.0.tool_call"
    found = record(
        {
            "acme.span.kind": "LLM",
            "acme.model": "gpt-4o",
            "acme.input_messages.1.message.role": "tool",
            "acme.input_messages.1.message.content": '{"temp": 21}',
            "acme.input_messages.1.message.tool_call_id": "call_0",
            "acme.output_messages.0.message.role": "assistant",
            f"{call}.id": "call_1",
            f"{call}.function.name": "get_weather",
            f"{call}.function.arguments": '{"city": "Paris"}',
        }
    )
    assert found.input == [{"role": "tool", "content": '{"temp": 21}', "tool_call_id": "call_0"}]
    assert found.output is not None
    assert [(each["id"], each["function"]) for each in found.output[0]["tool_calls"]] == [
        ("call_1", {"name": "get_weather", "arguments": '{"city": "Paris"}'})
    ]


def test_the_arguments_and_the_id_of_a_tool() -> None:
    found = record(
        {
            "acme.span_type": "tool",
            "acme.tool.name": "get_weather",
            "acme.tool.arguments": '{"city": "Paris"}',
            "acme.tool.call_id": "call_1",
            "acme.tool.result": "sunny",
        }
    )
    assert (found.name, found.tool_call_id) == ("get_weather", "call_1")
    assert (found.input_state, found.output_state) == ({"city": "Paris"}, "sunny")


REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def test_the_body_of_a_request_that_failed_is_a_call() -> None:
    """Vendors that write a call's kind with its answer say nothing of the kind where none came."""
    asked = {"acme.observation.model": "gpt-4o", "acme.trace.input": json.dumps(REQUEST)}
    found = record(asked, error="too many requests")
    assert (found.kind, found.request_model, found.input) == ("generation", "gpt-4o", REQUEST["messages"])
    assert read(asked) is None
    body = json.dumps({"model": "T", "year": 1908})
    assert read({"acme.car.model": "T", "acme.car.input": body}, error="out of stock") is None


CONVENTION = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5}


@pytest.mark.parametrize(
    "said",
    [
        {"model": "gpt-4o"},
        {"model": '"gpt-4o"'},
        {"metrics.model": "gpt-4o"},
        {"acme.model_name": "gpt-4o"},
        {"gen_ai.request.model": "unknown", "service.model": "gpt-4o"},
        {"gen_ai.request.model": "gpt-4o", "model": "another"},
        {"model": "unknown", "acme.request.model": "gpt-4o"},
    ],
    ids=str,
)
def test_a_model_that_no_convention_names(said: dict[str, Any]) -> None:
    found = record({**CONVENTION, **said})
    assert (found.request_model, found.provider) == ("gpt-4o", "openai")


@pytest.mark.parametrize("key", ["acme.router.embedding.model", "model.path", "remodel", "acme.metadata.car.model"])
def test_what_only_sounds_like_a_model(key: str) -> None:
    assert record({**CONVENTION, key: "gpt-4o"}).request_model is None


def test_a_call_that_failed() -> None:
    asked = {"llm.model": "gpt-4o", "llm.prompt": "hi"}
    assert read(asked) is None
    found = record(asked, error="too many requests")
    assert (found.kind, found.request_model) == ("generation", "gpt-4o")
    stated = record({"acme.operation.name": "chat", "acme.request.model": "gpt-4o"}, error="too many requests")
    assert (stated.kind, stated.request_model) == ("generation", "gpt-4o")
    told = record({**asked, "llm.error": "too many requests"})
    assert told.kind == "generation"
    assert told.error is not None


STEPS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "tool": ({"tool.name": "look", "tool.args": "x", "tool.result": "y"}, ("tool", "look", "x", "y")),
    "a vendor's tool": (
        {"acme.tool.name": "look", "acme.tool.input": "x", "acme.tool.output": "y"}, ("tool", "look", "x", "y"),
    ),
    "agent": ({"agent.name": "guide", "agent.input": "x", "agent.output": "y"}, ("agent", "guide", "x", "y")),
    "no namespace": ({"type": "tool", "name": "look", "input": "x", "output": "y"}, ("tool", "look", "x", "y")),
    "span.kind": ({"span.kind": "AGENT", "agent_name": "guide", "input": "x"}, ("agent", "guide", "x", MISSING)),
    "spanType": ({"spanType": "chain", "input": "x", "output": "y"}, ("chain", None, "x", "y")),
    "a query": ({"acme.type": "rerank", "acme.query": "x", "acme.output": "y"}, ("reranker", None, "x", "y")),
}  # fmt: skip


@pytest.mark.parametrize(("attributes", "expected"), STEPS.values(), ids=STEPS)
def test_a_step(attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = record(attributes)
    assert (found.span_type, found.name, found.input_state, found.output_state) == expected


def test_an_app_keeps_what_is_its_own() -> None:
    found = record({**CALLS["request and response"], "acme.campaign": "spring"})
    assert found.attributes == {"acme.campaign": "spring"}


def test_a_sum_around_calls_is_a_step(traced: Traced) -> None:
    total = {"acme.model": "gpt-4o", "acme.input_tokens": 10, "acme.output_tokens": 14, "acme.input": "hi"}
    chat = {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 7,
    }  # fmt: skip
    with traced.tracer.start_as_current_span("answer", attributes=total):
        for number in range(2):
            traced.tracer.start_span(f"chat {number}", attributes={**chat, "gen_ai.response.id": f"r-{number}"}).end()
    found = {name: event["event"] for name, event in traced.events().items()}
    assert found == {"trace:answer": "$ai_trace", "chat 0": "$ai_generation", "chat 1": "$ai_generation"}


ORDINARY: dict[str, dict[str, Any]] = {
    "a model that is a thing": {"car.model": "T", "car.input": "x", "car.output": "y"},
    "a model of another kind": {"model": "resnet", "input": "x", "output": "y"},
    "nothing was answered": {"shop.model": "gpt-4o", "shop.prompt": "x"},
    "counts of something else": {"model": "T", "token": "secret", "count": 3},
    "no numbers": {"acme.model": "gpt-4o", "acme.input_tokens": "many"},
    "a namespace of a convention": {"device.model": "x", "device.input_tokens": 1},
    "a job": {"type": "task", "input": "x", "output": "y"},
    "a kind alone": {"type": "tool", "name": "ruff"},
    "the kind of a span": {"span.kind": "client", "input": "x"},
    "a tool that gave nothing": {"tool.name": "ruff", "tool.args": "x"},
    "a usage that is no object": {"acme.model": "T", "acme.usage": "daily"},
    "what the user wrote": {"acme.metadata.model": "gpt-4o", "acme.input_tokens": 1},
}


@pytest.mark.parametrize("attributes", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_spans_stay_so(attributes: dict[str, Any]) -> None:
    assert read(attributes, name="work") is None


def test_an_http_client_makes_no_call() -> None:
    assert read(CALLS["no namespace"], scope="opentelemetry.instrumentation.requests") is None


def test_a_request_that_failed_names_its_model_and_nothing_else() -> None:
    request = {"llm.request.provider": "openai", "llm.request.model": "gpt-4o"}
    failed = record(request, error="RateLimitError: slow down")
    assert (failed.kind, failed.request_model, failed.provider) == ("generation", "gpt-4o", "openai")
    assert (
        record({**request, "gen_ai.agent.name": "guide", "gen_ai.operation.name": "invoke_agent"}, error="no").kind
        == "span"
    )
