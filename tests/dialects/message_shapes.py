# ruff: noqa: E501 - a row is one shape
"""Messages as providers and frameworks write them, each with the form that is drawn whole.

`SHAPES`: name -> (value as recorded, role of messages that have none, expected messages).
"""

from __future__ import annotations

import json
from typing import Any

PNG = "iVBORw0KGgo="
DATA_URL = f"data:image/png;base64,{PNG}"
LINK = "https://example.com/a.png"
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, **more, "content": content}


def calls(content: Any = None, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "tool_calls": list(entries or (CALL,))}


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def thought(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text}


def tool_result(content: str, call_id: str | None = "call_1", name: str | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "tool"}
    if call_id is not None:
        message["tool_call_id"] = call_id
    if name is not None:
        message["name"] = name
    return {**message, "content": content}


Shape = tuple[Any, str, list[dict[str, Any]]]

OPENAI: dict[str, Shape] = {
    "chat": (
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "user",
        [said("system", "Be brief."), said("user", "Hi")],
    ),
    "JSON text": ('[{"role": "user", "content": "Hi \\u2600"}]', "user", [said("user", "Hi ☀")]),
    "text alone": ("Hi", "user", [said("user", "Hi")]),
    "text that looks like JSON but is none": ("{not json", "user", [said("user", "{not json")]),
    "developer": ([{"role": "developer", "content": "x"}], "user", [said("developer", "x")]),
    "tool calls": (
        [{"role": "assistant", "content": None, "tool_calls": [CALL]}],
        "assistant",
        [calls()],
    ),
    "tool calls beside text": ([{"role": "assistant", "content": "Wait.", "tool_calls": [CALL]}], "assistant", [calls("Wait.")]),
    "tool calls beside empty text": ([{"role": "assistant", "content": "", "tool_calls": [CALL]}], "assistant", [calls()]),
    "tool calls with an object for arguments": (
        [{"role": "assistant", "tool_calls": [{"id": "call_1", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}]}],
        "assistant",
        [calls()],
    ),
    "flat tool calls": (
        [{"role": "assistant", "tool_calls": [{"id": "call_1", "name": "get_weather", "arguments": '{"city":"Paris"}'}]}],
        "assistant",
        [calls()],
    ),
    "function call of the first generation": (
        [{"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}],
        "assistant",
        [calls(None, {"type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}})],
    ),
    "function result of the first generation": (
        [{"role": "function", "name": "get_weather", "content": "sunny"}],
        "user",
        [tool_result("sunny", None, "get_weather")],
    ),
    "tool result": ([{"role": "tool", "tool_call_id": "call_1", "content": "sunny"}], "user", [tool_result("sunny")]),
    "tool result with parts": (
        [{"role": "tool", "tool_call_id": "call_1", "content": [words("sunny"), words("21")]}],
        "user",
        [tool_result("sunny\n21")],
    ),
    "tool result that is an object": ([{"role": "tool", "tool_call_id": "call_1", "content": {"temp": 21}}], "user", [tool_result('{"temp":21}')]),
    "vision": (
        [{"role": "user", "content": [words("What?"), {**image(DATA_URL), "detail": "low"}, image(LINK)]}],
        "user",
        [said("user", [words("What?"), image(DATA_URL), image(LINK)])],
    ),
    "image as text": ([{"role": "user", "content": [{"type": "image_url", "image_url": LINK}]}], "user", [said("user", [image(LINK)])]),
    "audio in": (
        [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]}],
        "user",
        [said("user", [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}])],
    ),
    "audio out": (
        [{"role": "assistant", "content": None, "audio": {"id": "a", "data": "UklG", "transcript": "Hello"}}],
        "assistant",
        [said("assistant", "Hello")],
    ),
    "file": (
        [{"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}]}],
        "user",
        [said("user", [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}])],
    ),
    "refusal": ([{"role": "assistant", "content": None, "refusal": "No."}], "assistant", [said("assistant", "No.")]),
    "refusal part": ([{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}], "assistant", [said("assistant", "No.")]),
    "reasoning of a compatible provider": (
        [{"role": "assistant", "content": "4", "reasoning_content": "2+2"}],
        "assistant",
        [said("assistant", [thought("2+2"), words("4")])],
    ),
    "choices": (
        {"id": "chatcmpl-1", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "A"}},
                                         {"index": 1, "finish_reason": "stop", "message": {"role": "assistant", "content": "B"}}]},
        "assistant",
        [said("assistant", "A"), said("assistant", "B")],
    ),
    "choices of a completion": ({"choices": [{"index": 0, "text": " Hi", "finish_reason": "stop"}]}, "assistant", [said("assistant", " Hi")]),
    "delta": ([{"index": 0, "delta": {"role": "assistant", "content": "A"}}], "assistant", [said("assistant", "A")]),
    "empty list": ([], "user", []),
    "empty text": ("", "user", []),
    "null": (None, "user", []),
    "message without anything": ([{"role": "assistant", "content": None}], "assistant", []),
    "name": ([{"role": "user", "name": "ann", "content": "Hi"}], "user", [said("user", "Hi", name="ann")]),
    "messages in an object": ({"messages": [{"role": "user", "content": "Hi"}]}, "user", [said("user", "Hi")]),
    "unknown role": ([{"role": "unknown", "content": "A"}], "assistant", [said("assistant", "A")]),
    "custom tool call": (
        [{"role": "assistant", "tool_calls": [{"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "ls"}}]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "run", "arguments": "ls"}})],
    ),
}  # fmt: skip

RESPONSES: dict[str, Shape] = {
    "text": (
        [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
          "content": [{"type": "output_text", "text": "Sunny", "annotations": []}]}],
        "assistant",
        [said("assistant", "Sunny")],
    ),
    "input parts": (
        [{"role": "user", "content": [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": DATA_URL}]}],
        "user",
        [said("user", [words("What?"), image(DATA_URL)])],
    ),
    "file part": (
        [{"role": "user", "content": [{"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}]}],
        "user",
        [said("user", [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}])],
    ),
    "uploaded file": (
        [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}],
        "user",
        [said("user", [{"type": "file", "file": {"file_id": "file-1"}}])],
    ),
    "a turn of items": (
        [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]},
         {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather", "arguments": '{"city":"Paris"}'}],
        "assistant",
        [said("assistant", [thought("Hm"), CALL])],
    ),
    "reasoning and answer": (
        [{"type": "reasoning", "summary": [{"text": "Hm", "type": "summary_text"}]},
         {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sunny"}]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("Sunny")])],
    ),
    "a thought in a role of its own": (
        [{"role": "reasoning", "content": '{"summary": [{"text": "Hm"}], "encrypted_content": null}'}, said("assistant", "4")],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "a thought in a role of its own, in words": (
        [{"role": "thinking", "content": "Hm"}, calls()],
        "assistant",
        [said("assistant", [thought("Hm"), {**CALL}])],
    ),
    "a thought in a role of its own that is hidden": (
        [{"role": "reasoning", "content": '{"summary": [], "encrypted_content": "xx"}'}, said("assistant", "4")],
        "assistant",
        [said("assistant", "4")],
    ),
    "reasoning that is hidden": ([{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "xx"}], "assistant", []),
    "result of a call": (
        [{"type": "function_call_output", "call_id": "call_1", "output": '{"temp": 21}'}],
        "user",
        [tool_result('{"temp": 21}')],
    ),
    "a conversation": (
        [{"role": "user", "content": "Weather?"},
         {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city":"Paris"}'},
         {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}],
        "user",
        [said("user", "Weather?"), calls(), tool_result("sunny")],
    ),
    "whole response": (
        {"id": "resp_1", "object": "response", "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sunny"}]}]},
        "assistant",
        [said("assistant", "Sunny")],
    ),
    "custom tool": (
        [{"type": "custom_tool_call", "call_id": "call_1", "name": "run", "input": "ls"}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "run", "arguments": "ls"}})],
    ),
    "web search": (
        [{"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "weather"}},
         {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Sunny"}]}],
        "assistant",
        [calls("Sunny", {"id": "ws_1", "type": "function",
                         "function": {"name": "web_search", "arguments": '{"type":"search","query":"weather"}'}})],
    ),
    "MCP call": (
        [{"type": "mcp_call", "id": "mcp_1", "name": "roll", "arguments": "{}", "output": "4", "server_label": "dice"}],
        "assistant",
        [calls(None, {"id": "mcp_1", "type": "function", "function": {"name": "roll", "arguments": "{}"}}), tool_result("4", "mcp_1", "roll")],
    ),
    "generated image": (
        [{"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PNG}],
        "assistant",
        [said("assistant", [image(DATA_URL)])],
    ),
}  # fmt: skip

ANTHROPIC: dict[str, Shape] = {
    "text block": ([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], "user", [said("user", "Hi")]),
    "two text blocks": ([{"role": "user", "content": [words("A"), words("B")]}], "user", [said("user", [words("A"), words("B")])]),
    "thinking": (
        [{"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm", "signature": "x"}, words("4")]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "redacted thinking": (
        [{"role": "assistant", "content": [{"type": "redacted_thinking", "data": "xx"}, words("4")]}],
        "assistant",
        [said("assistant", "4")],
    ),
    "tool use": (
        [{"role": "assistant", "content": [words("Wait."), {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}]}],
        "assistant",
        [calls("Wait.")],
    ),
    "tool use beside thinking": (
        [{"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm"},
                                           {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}]}],
        "assistant",
        [said("assistant", [thought("Hm"), CALL])],
    ),
    "tool result in a user's turn": (
        [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"}, words("And now?")]}],
        "user",
        [tool_result("sunny"), said("user", "And now?")],
    ),
    "tool result with blocks": (
        [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": [words("sunny")]}]}],
        "user",
        [tool_result("sunny")],
    ),
    "empty tool result": (
        [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1"}]}],
        "user",
        [tool_result("")],
    ),
    "image": (
        [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}, words("What?")]}],
        "user",
        [said("user", [image(DATA_URL), words("What?")])],
    ),
    "image by address": (
        [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": LINK}}]}],
        "user",
        [said("user", [image(LINK)])],
    ),
    "document": (
        [{"role": "user", "content": [{"type": "document", "title": "a", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}}]}],
        "user",
        [said("user", [{"type": "file", "file": {"filename": "a", "file_data": "data:application/pdf;base64,JVBE"}}])],
    ),
    "document of text": (
        [{"role": "user", "content": [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Once"}}]}],
        "user",
        [said("user", "Once")],
    ),
    "answer": (
        {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [words("Sunny")], "stop_reason": "end_turn"},
        "assistant",
        [said("assistant", "Sunny")],
    ),
    "server tool": (
        [{"role": "assistant", "content": [{"type": "server_tool_use", "id": "call_1", "name": "web_search", "input": {"query": "x"}},
                                           {"type": "web_search_tool_result", "tool_use_id": "call_1",
                                            "content": [{"type": "web_search_result", "title": "T", "url": "https://t"}]},
                                           words("Sunny")]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "web_search", "arguments": '{"query":"x"}'}}),
         tool_result('[{"type":"web_search_result","title":"T","url":"https://t"}]'), said("assistant", "Sunny")],
    ),
    "a server tool that nobody listed": (
        [{"role": "assistant", "content": [{"type": "acme_tool_use", "id": "call_1", "name": "acme", "input": {"query": "x"}},
                                           {"type": "acme_tool_result", "tool_use_id": "call_1", "content": "found"}]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "acme", "arguments": '{"query":"x"}'}}),
         tool_result("found")],
    ),
    "what a conversation was shortened to": (
        [{"role": "assistant", "content": [{"type": "compaction", "content": "They greeted."}]}],
        "assistant",
        [said("assistant", "They greeted.")],
    ),
}  # fmt: skip

GEMINI: dict[str, Shape] = {
    "contents": (
        [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello"}]}],
        "user",
        [said("user", "Hi"), said("assistant", "Hello")],
    ),
    "candidates": (
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finish_reason": "STOP", "index": 0}]},
        "assistant",
        [said("assistant", "Hello")],
    ),
    "a thought": (
        [{"role": "model", "parts": [{"text": "Hm", "thought": True}, {"text": "4"}]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "a call": (
        [{"role": "model", "parts": [{"function_call": {"name": "get_weather", "args": {"city": "Paris"}}}]}],
        "assistant",
        [calls(None, {"type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}})],
    ),
    "a call in camel case": (
        [{"role": "model", "parts": [{"functionCall": {"id": "call_1", "name": "get_weather", "args": {"city": "Paris"}}}]}],
        "assistant",
        [calls()],
    ),
    "a result": (
        [{"role": "user", "parts": [{"function_response": {"name": "get_weather", "response": {"result": "sunny"}}}]}],
        "user",
        [tool_result('{"result":"sunny"}', None, "get_weather")],
    ),
    "inline data": (
        [{"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": PNG}}, {"text": "What?"}]}],
        "user",
        [said("user", [image(DATA_URL), words("What?")])],
    ),
    "file by address": (
        [{"role": "user", "parts": [{"file_data": {"file_uri": "gs://b/a.pdf", "mime_type": "application/pdf"}}]}],
        "user",
        [said("user", [{"type": "file", "file": {"file_url": "gs://b/a.pdf"}}])],
    ),
    "code execution": (
        [{"role": "model", "parts": [{"executable_code": {"code": "1+1", "language": "PYTHON"}},
                                     {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "2"}}]}],
        "assistant",
        [said("assistant", [words("1+1"), words("2")])],
    ),
    "contents as texts": (["Hi", "there"], "user", [said("user", "Hi"), said("user", "there")]),
}  # fmt: skip

BEDROCK: dict[str, Shape] = {
    "converse": (
        [{"role": "user", "content": [{"text": "Hi"}]}],
        "user",
        [said("user", "Hi")],
    ),
    "tool use": (
        [{"role": "assistant", "content": [{"toolUse": {"toolUseId": "call_1", "name": "get_weather", "input": {"city": "Paris"}}}]}],
        "assistant",
        [calls()],
    ),
    "tool result": (
        [{"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}], "status": "success"}}]}],
        "user",
        [tool_result("sunny")],
    ),
    "tool result as JSON": (
        [{"role": "user", "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"json": {"temp": 21}}]}}]}],
        "user",
        [tool_result('{"temp":21}')],
    ),
    "image": (
        [{"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": PNG}}}]}],
        "user",
        [said("user", [image(DATA_URL)])],
    ),
    "document": (
        [{"role": "user", "content": [{"document": {"format": "pdf", "name": "a", "source": {"bytes": "JVBE"}}}]}],
        "user",
        [said("user", [{"type": "file", "file": {"filename": "a", "file_data": "data:application/pdf;base64,JVBE"}}])],
    ),
    "reasoning": (
        [{"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "x"}}}, {"text": "4"}]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "cache point": (
        [{"role": "user", "content": [{"text": "Hi"}, {"cachePoint": {"type": "default"}}]}],
        "user",
        [said("user", "Hi")],
    ),
    "answer": (
        {"output": {"message": {"role": "assistant", "content": [{"text": "Sunny"}]}}, "stopReason": "end_turn"},
        "assistant",
        [said("assistant", "Sunny")],
    ),
}  # fmt: skip

SEMCONV: dict[str, Shape] = {
    "a server tool of Anthropic": (
        [{"role": "assistant", "parts": [
            {"type": "server_tool_call", "id": "call_1", "name": "web_search", "server_tool_call": {"type": "web_search", "input": {"query": "x"}}},
            {"type": "server_tool_call_response", "id": "call_1",
             "server_tool_call_response": {"type": "web_search", "content": [{"title": "T"}]}}]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "web_search", "arguments": '{"query":"x"}'}}),
         tool_result('[{"title":"T"}]')],
    ),
    "a server tool of a shape of its own": (
        [{"role": "assistant", "parts": [
            {"type": "server_tool_call", "id": "call_1", "name": "maps", "server_tool_call": {"type": "maps", "place": "x"}},
            {"type": "server_tool_call_response", "id": "call_1", "server_tool_call_response": {"type": "maps", "found": 0}}]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "maps", "arguments": '{"place":"x"}'}}),
         tool_result('{"found":0}')],
    ),
    "a refusal": (
        [{"role": "assistant", "parts": [{"type": "refusal", "content": "No."}]}],
        "assistant",
        [said("assistant", "No.")],
    ),
    "text": ([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}], "user", [said("user", "Hi")]),
    "call": (
        [{"role": "assistant", "parts": [{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}],
          "finish_reason": "tool_call"}],
        "assistant",
        [calls()],
    ),
    "result": (
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "sunny"}]}],
        "user",
        [tool_result("sunny")],
    ),
    "result under its other name": (
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "result": {"temp": 21}}]}],
        "user",
        [tool_result('{"temp":21}')],
    ),
    "reasoning": (
        [{"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm"}, {"type": "text", "content": "4"}]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "blob": (
        [{"role": "user", "parts": [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG}]}],
        "user",
        [said("user", [image(DATA_URL)])],
    ),
    "real bytes": (
        [{"role": "user", "parts": [{"type": "blob", "mime_type": "image/png", "content": b"\x89PNG\r\n\x1a\n"}]}],
        "user",
        [said("user", [image(DATA_URL)])],
    ),
    "address": (
        [{"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": LINK}]}],
        "user",
        [said("user", [image(LINK)])],
    ),
    "data URL as address": ([{"role": "user", "parts": [{"type": "uri", "uri": DATA_URL}]}], "user", [said("user", [image(DATA_URL)])]),
    "file": (
        [{"role": "user", "parts": [{"type": "file", "modality": "image", "mime_type": "image/png", "file_id": "file-1"}]}],
        "user",
        [said("user", [{"type": "file", "file": {"file_id": "file-1"}}])],
    ),
    "unknown part": (
        [{"role": "user", "parts": [{"type": "hologram", "size": 3}]}],
        "user",
        [said("user", '{"type":"hologram","size":3}')],
    ),
    "two results in one message": (
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "a"},
                                    {"type": "tool_call_response", "id": "call_2", "response": "b"}]}],
        "user",
        [tool_result("a"), tool_result("b", "call_2")],
    ),
}  # fmt: skip

LANGCHAIN: dict[str, Shape] = {
    "content blocks of version 1": (
        [{"role": "assistant", "content": [
            {"type": "server_tool_call", "id": "call_1", "name": "web_search", "args": {"query": "x"}},
            {"type": "server_tool_result", "tool_call_id": "call_1", "status": "success", "output": {"found": 1}},
            {"type": "non_standard", "value": {"type": "acme", "text": "Sunny"}}]}],
        "assistant",
        [calls(None, {"id": "call_1", "type": "function", "function": {"name": "web_search", "arguments": '{"query":"x"}'}}),
         tool_result('{"found":1}'), said("assistant", "Sunny")],
    ),
    "sound of version 1": (
        [{"role": "user", "content": [{"type": "audio", "base64": "UklG", "mime_type": "audio/wav"}]}],
        "user",
        [said("user", [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}])],
    ),
    "constructors": (
        {"messages": [[
            {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "SystemMessage"], "kwargs": {"content": "Be brief.", "type": "system"}},
            {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "Hi", "type": "human"}}]]},
        "user",
        [said("system", "Be brief."), said("user", "Hi")],
    ),
    "generations": (
        {"generations": [[{"text": "", "type": "ChatGeneration", "generation_info": {"finish_reason": "tool_calls"}, "message": {
            "lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": {"content": "", "tool_calls": [{"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1", "type": "tool_call"}]}}}]]},
        "assistant",
        [calls()],
    ),
    "chunk": (
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessageChunk"], "kwargs": {"content": "Hi", "type": "AIMessageChunk"}},
        "assistant",
        [said("assistant", "Hi")],
    ),
    "generation of text": ({"generations": [[{"text": "Hi", "type": "Generation", "generation_info": None}]]}, "assistant", [said("assistant", "Hi")]),
    "type and data": (
        [{"type": "human", "data": {"content": "Hi", "additional_kwargs": {}, "type": "human"}},
         {"type": "tool", "data": {"content": "sunny", "type": "tool", "name": "get_weather", "tool_call_id": "call_1"}}],
        "user",
        [said("user", "Hi"), tool_result("sunny", "call_1", "get_weather")],
    ),
    "flat": (
        [{"content": "Hi", "additional_kwargs": {}, "response_metadata": {}, "type": "human", "name": None, "id": None}],
        "user",
        [said("user", "Hi")],
    ),
    "tuples": ([["system", "Be brief."], ["human", "Hi"], ["ai", "Hello"]], "user", [said("system", "Be brief."), said("user", "Hi"), said("assistant", "Hello")]),
    "calls in the additional arguments": (
        [{"type": "ai", "content": "", "additional_kwargs": {"tool_calls": [CALL]}}],
        "assistant",
        [calls()],
    ),
    "calls in both places": (
        [{"type": "ai", "content": "", "tool_calls": [{"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1"}], "additional_kwargs": {"tool_calls": [CALL]}}],
        "assistant",
        [calls()],
    ),
    "calls in the content and beside it": (
        [{"type": "ai", "content": [words("Wait."), {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}],
          "tool_calls": [{"name": "get_weather", "args": {"city": "Paris"}, "id": "call_1", "type": "tool_call"}]}],
        "assistant",
        [calls("Wait.")],
    ),
    "standard image block": (
        [{"type": "human", "content": [{"type": "image", "source_type": "base64", "data": PNG, "mime_type": "image/png"}]}],
        "user",
        [said("user", [image(DATA_URL)])],
    ),
    "standard reasoning block": (
        [{"type": "ai", "content": [{"type": "reasoning", "reasoning": "Hm"}, words("4")]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "removal": ([{"type": "remove", "id": "1", "content": ""}], "user", []),
}  # fmt: skip

FRAMEWORKS: dict[str, Shape] = {
    "a tool that failed, of Vercel's": (
        [{"role": "tool", "content": [{"type": "tool-error", "toolCallId": "call_1", "toolName": "look_up", "error": "down"}]}],
        "tool",
        [tool_result("down", name="look_up")],
    ),
    "Vercel AI": (
        [{"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "call_1", "toolName": "get_weather", "args": {"city": "Paris"}}]},
         {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "call_1", "toolName": "get_weather", "result": "sunny"}]}],
        "user",
        [calls(), tool_result("sunny", "call_1", "get_weather")],
    ),
    "Vercel AI, current": (
        [{"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "call_1", "toolName": "get_weather", "input": {"city": "Paris"}}]},
         {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "call_1", "toolName": "get_weather", "output": {"type": "text", "value": "sunny"}}]}],
        "user",
        [calls(), tool_result("sunny", "call_1", "get_weather")],
    ),
    "LlamaIndex": (
        [{"role": "user", "blocks": [{"block_type": "text", "text": "Hi"}], "additional_kwargs": {}}],
        "user",
        [said("user", "Hi")],
    ),
    "LlamaIndex image": (
        [{"role": "user", "blocks": [{"block_type": "text", "text": "What?"}, {"block_type": "image", "url": LINK}]}],
        "user",
        [said("user", [words("What?"), image(LINK)])],
    ),
    "LlamaIndex answer": (
        {"message": {"role": "assistant", "blocks": [{"block_type": "text", "text": "Sunny"}]}, "raw": {"id": "1"}},
        "assistant",
        [said("assistant", "Sunny")],
    ),
    "Haystack": (
        [{"role": "user", "content": [{"text": "Hi"}], "meta": {}},
         {"role": "assistant", "content": [{"tool_call": {"tool_name": "get_weather", "arguments": {"city": "Paris"}, "id": "call_1"}}]},
         {"role": "tool", "content": [{"tool_call_result": {"result": "sunny", "origin": {"id": "call_1", "tool_name": "get_weather"}, "error": False}}]}],
        "user",
        [said("user", "Hi"), calls(), tool_result("sunny", "call_1", "get_weather")],
    ),
    "Haystack, earlier": (
        [{"_role": "user", "_content": [{"text": "Hi"}], "_name": None, "_meta": {}}],
        "user",
        [said("user", "Hi")],
    ),
    "smolagents": (
        [{"role": {"value": "user"}, "content": [{"type": "text", "text": "Hi"}]}],
        "user",
        [said("user", "Hi")],
    ),
    "an enum's text as role": ([{"role": "MessageRole.USER", "content": "Hi"}], "user", [said("user", "Hi")]),
    "AutoGen": (
        [{"content": "Be brief.", "type": "SystemMessage"}, {"content": "Hi", "source": "user", "type": "UserMessage"},
         {"content": [{"id": "call_1", "arguments": '{"city":"Paris"}', "name": "get_weather"}], "source": "assistant", "type": "AssistantMessage"},
         {"content": [{"content": "sunny", "name": "get_weather", "call_id": "call_1", "is_error": False}], "type": "FunctionExecutionResultMessage"}],
        "user",
        [said("system", "Be brief."), said("user", "Hi"), calls(), tool_result("sunny", "call_1", "get_weather")],
    ),
    "pydantic-ai": (
        [{"kind": "request", "parts": [{"part_kind": "system-prompt", "content": "Be brief."}, {"part_kind": "user-prompt", "content": "Hi"}]},
         {"kind": "response", "parts": [{"part_kind": "tool-call", "tool_name": "get_weather", "args": {"city": "Paris"}, "tool_call_id": "call_1"}]},
         {"kind": "request", "parts": [{"part_kind": "tool-return", "tool_name": "get_weather", "content": "sunny", "tool_call_id": "call_1"}]},
         {"kind": "response", "parts": [{"part_kind": "text", "content": "Sunny."}]}],
        "user",
        [said("system", "Be brief."), said("user", "Hi"), calls(), tool_result("sunny", "call_1", "get_weather"), said("assistant", "Sunny.")],
    ),
    "Cohere": (
        {"message": {"role": "assistant", "content": [{"type": "text", "text": "Sunny"}]}, "finish_reason": "COMPLETE"},
        "assistant",
        [said("assistant", "Sunny")],
    ),
    "Cohere's first chat": (
        [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Hello"}],
        "user",
        [said("user", "Hi"), said("assistant", "Hello")],
    ),
    "Ollama": ({"model": "llama3", "message": {"role": "assistant", "content": "Sunny"}, "done": True}, "assistant", [said("assistant", "Sunny")]),
    "Ollama images": ([{"role": "user", "content": "What?", "images": [PNG]}], "user", [said("user", [words("What?"), image(DATA_URL)])]),
    "Mistral thinking": (
        [{"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, words("4")]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
    "OpenRouter reasoning": (
        [{"role": "assistant", "content": "4", "reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}],
        "assistant",
        [said("assistant", [thought("Hm"), words("4")])],
    ),
}  # fmt: skip

SHAPES: dict[str, Shape] = {
    f"{family}: {name}": shape
    for family, shapes in (
        ("OpenAI", OPENAI),
        ("Responses", RESPONSES),
        ("Anthropic", ANTHROPIC),
        ("Gemini", GEMINI),
        ("Bedrock", BEDROCK),
        ("semconv", SEMCONV),
        ("LangChain", LANGCHAIN),
        ("other", FRAMEWORKS),
    )
    for name, shape in shapes.items()
}


def as_json(value: Any) -> str | None:
    """The value as the JSON text that most instrumentors write; None where JSON cannot hold it or it is no structure."""
    if not isinstance(value, (list, dict)):
        return None
    try:
        return json.dumps(value)
    except TypeError:
        return None
