"""Calls of tools, and definitions of tools, as providers, frameworks and user interfaces spell them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .test_gen_ai import record

CITY = {"city": "Oslo"}
ARGUMENTS = json.dumps(CITY)
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
PLACES = {
    "gen_ai.output.messages": CHAT,
    "output.value": {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"},
    "langfuse.observation.output": {"langfuse.observation.type": "generation"},
    "acme.output": {"acme.span.type": "llm", "acme.model": "gpt-4o", "acme.input": "hi"},
}
UI_CALL = {"toolCallId": "c1", "toolName": "get_weather"}
CALLS: dict[str, Any] = {
    "chat completions": [
        {"role": "assistant",
         "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": ARGUMENTS}}]}
    ],
    "calls as a text": [
        {"role": "assistant",
         "tool_calls": json.dumps([{"id": "c1", "function": {"name": "get_weather", "arguments": ARGUMENTS}}])}
    ],
    "responses": [{"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": ARGUMENTS}],
    "langchain": [{"type": "ai", "content": "", "tool_calls": [{"id": "c1", "name": "get_weather", "args": CITY}]}],
    "bedrock": [
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "get_weather", "input": CITY}}]}
    ],
    "camels": [{"role": "assistant", "toolCalls": [{"id": "c1", "name": "get_weather", "arguments": CITY}]}],
    "an answer's calls": {"text": "", "toolCalls": [{**UI_CALL, "input": CITY}]},
    "an invocation": [{"role": "assistant", "content": "", "toolInvocations": [{**UI_CALL, "args": CITY}]}],
    "a dynamic part": [{"role": "assistant", "parts": [{**UI_CALL, "type": "dynamic-tool", "input": CITY}]}],
    "a tool's part": [
        {"role": "assistant", "parts": [{"type": "tool-get_weather", "toolCallId": "c1", "input": CITY}]}
    ],
}  # fmt: skip


@pytest.mark.parametrize("shape", CALLS)
@pytest.mark.parametrize("place", PLACES)
def test_a_call_is_one_in_every_spelling(place: str, shape: str) -> None:
    (answer,) = record({**PLACES[place], place: json.dumps(CALLS[shape])}).output or [{}]
    beside = answer.get("tool_calls") or [part for part in answer["content"] if part["type"] == "function"]
    (call,) = beside
    assert (call["id"], call["function"]["name"]) == ("c1", "get_weather")
    assert json.loads(call["function"]["arguments"]) == CITY


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "", "toolInvocations": [{**UI_CALL, "args": CITY, "result": "sunny"}]},
        {"role": "assistant", "parts": [{"type": "tool-get_weather", **UI_CALL, "input": CITY, "output": "sunny"}]},
    ],
)
def test_the_result_beside_a_call_is_the_tools_message(message: dict[str, Any]) -> None:
    asked, *rest = record({**CHAT, "gen_ai.input.messages": json.dumps([message])}).input or []
    assert "get_weather" in json.dumps(asked)
    assert [(each["role"], each["content"], each["tool_call_id"]) for each in rest] == [("tool", "sunny", "c1")]


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS: dict[str, Any] = {
    "chat completions": [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}],
    "mcp": [{"name": "get_weather", "inputSchema": SCHEMA}],
    "by name": {"get_weather": {"description": "Weather", "parameters": SCHEMA}},
    "an object a tool": [{"get_weather": {"input_schema": SCHEMA}}],
    "a tool's name": [{"tool_name": "get_weather", "parameters": SCHEMA}],
    "in an envelope": [{"tool": {"name": "get_weather", "parameters": SCHEMA}}],
}


@pytest.mark.parametrize("shape", TOOLS)
@pytest.mark.parametrize(
    ("key", "beside"),
    [("gen_ai.tool.definitions", CHAT), ("acme.tools", PLACES["acme.output"]),
     ("langfuse.observation.model.parameters", PLACES["langfuse.observation.output"])],
)  # fmt: skip
def test_a_definition_is_one_in_every_spelling(key: str, beside: dict[str, Any], shape: str) -> None:
    value = {"tools": TOOLS[shape], "top_p": 1} if key.endswith("parameters") else TOOLS[shape]
    found = record({**beside, key: json.dumps(value)})
    (tool,) = found.tools or [{}]
    assert (tool["function"]["name"], tool["function"]["parameters"]) == ("get_weather", SCHEMA)
    assert "tools" not in found.parameters
