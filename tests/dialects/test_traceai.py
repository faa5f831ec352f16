"""traceAI: OpenInference's shapes under GenAI's names."""

from __future__ import annotations

import json

import pytest

from .test_gen_ai import record

IN, OUT = "gen_ai.input.messages.0.message.", "gen_ai.output.messages.0.message."


def test_a_call() -> None:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    found = record(
        {
            "gen_ai.span.kind": "LLM",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-2024-08-06",
            "gen_ai.request.parameters": '{"model": "gpt-4o", "temperature": 0.5, "stream": true}',
            "gen_ai.tool.definitions.0.tool.json_schema": json.dumps(tool),
            f"{IN}role": "user",
            f"{IN}contents.0.message_content.type": "text",
            f"{IN}contents.0.message_content.text": "Weather?",
            f"{OUT}role": "assistant",
            f"{OUT}tool_calls.0.tool_call.id": "call_1",
            f"{OUT}tool_calls.0.tool_call.function.name": "look_up",
            f"{OUT}tool_calls.0.tool_call.function.arguments": "{}",
            "gen_ai.usage.input_tokens": 58,
            "gen_ai.usage.output_tokens": 18,
            "gen_ai.usage.input_tokens.cache_read": 32,
            "input.value": "Weather?",
            "metadata": '{"plan": "pro"}',
            "tag.tags": ("beta",),
        }
    )
    assert (found.kind, found.request_model, found.response_model) == ("generation", "gpt-4o", "gpt-4o-2024-08-06")
    assert found.input == [{"role": "user", "content": "Weather?"}]
    assert found.output is not None
    assert found.output[0]["tool_calls"][0]["id"] == "call_1"
    assert (found.tools, found.parameters, found.stream) == ([tool], {"temperature": 0.5}, True)
    assert (found.usage.input, found.usage.output, found.usage.cache_read) == (58, 18, 32)
    assert (found.metadata, found.tags, found.attributes) == ({"plan": "pro"}, ["beta"], {})


@pytest.mark.parametrize(
    ("kind", "span_type"),
    [("CHAIN", "chain"), ("AGENT", "agent"), ("TOOL", "tool"), ("STEP", "task"), ("ENTRY", "custom")],
)
def test_a_step(kind: str, span_type: str) -> None:
    found = record(
        {"gen_ai.span.kind": kind, "input.value": '{"city": "Paris"}', "output.value": "sunny", "user.id": "ada"},
        name="step",
    )
    assert (found.kind, found.span_type) == ("span", span_type)
    assert (found.input_state, found.output_state, found.identity.user) == ({"city": "Paris"}, "sunny", "ada")


def test_a_failed_call() -> None:
    attributes = {"gen_ai.span.kind": "LLM", "gen_ai.request.parameters": '{"model": "gpt-4o"}', f"{IN}role": "user"}
    found = record({**attributes, f"{IN}content": "Hi"}, error="Error code: 429 - slow down")
    assert (found.kind, found.request_model) == ("generation", "gpt-4o")
    assert found.error is not None
    assert found.error.status == 429
