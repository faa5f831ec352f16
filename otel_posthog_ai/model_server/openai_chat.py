"""OpenAI chat completions: whole answers and streams, tool calls, several choices, structured answers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, Reply, Role, Tool, ToolCall, Turn, Usage
from otel_posthog_ai.model_server.faults import breaks_stream, demanded_status, openai_error
from otel_posthog_ai.model_server.json_shapes import as_object, as_objects, content_text, parsed_object
from otel_posthog_ai.model_server.replies import reply_to
from otel_posthog_ai.model_server.wire import Answer, Event, JSONAnswer, Request, StreamAnswer, fault_answer

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_DATED = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "o4-mini": "o4-mini-2025-04-16",
}
_FINGERPRINT = "fp_6c3f21a8d1"
_PIECES_BEFORE_A_BREAK = 3


def chat_completions(request: Request) -> Answer:
    """`POST /v1/chat/completions`."""
    body = request.body
    if not body.get("messages"):
        return fault_answer(400, openai_error(400, str(body.get("model"))))
    ask = _read(request)
    status = demanded_status(ask.question, ask.model, request.headers)
    if status is not None:
        return fault_answer(status, openai_error(status, ask.model))
    reply = reply_to(ask)
    choices = int(body.get("n") or 1)
    if body.get("stream"):
        return StreamAnswer(_stream(request, ask, reply, choices))
    return JSONAnswer(_completion(request, ask, reply, choices), headers={"x-request-id": request.identifier("req_")})


def dated_model(model: str) -> str:
    """The model that answers for an alias, as the response names it."""
    return _DATED.get(model, model)


def choice_of(tool_choice: Any) -> str:
    """OpenAI's `tool_choice` as the word or tool name of an `Ask`."""
    if isinstance(tool_choice, str):
        return tool_choice
    choice = as_object(tool_choice)
    function = as_object(choice.get("function") or choice)
    return str(function.get("name") or choice.get("mode") or "auto")


def wanted_schema(format: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a structured answer that a response format asks for, or None for free text."""
    if format.get("type") == "json_object":
        return {"type": "object"}
    if format.get("type") == "json_schema":
        return as_object(as_object(format.get("json_schema") or format).get("schema"))
    return None


def _read(request: Request) -> Ask:
    body = request.body
    effort = body.get("reasoning_effort")
    tools = [as_object(tool.get("function")) for tool in as_objects(body.get("tools"))]
    return Ask(
        model=str(body.get("model") or _deployment(request.path)),
        turns=tuple(_turn(message) for message in as_objects(body["messages"])),
        tools=tuple(Tool(str(tool.get("name")), as_object(tool.get("parameters"))) for tool in tools),
        tool_choice=choice_of(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        reasons=effort is not None and effort != "none",
        schema=wanted_schema(as_object(body.get("response_format"))),
        max_tokens=body.get("max_completion_tokens", body.get("max_tokens")),
    )


def _deployment(path: str) -> str:
    """Azure names the model in the path: `/openai/deployments/<name>/chat/completions`."""
    parts = path.split("/")
    return parts[parts.index("deployments") + 1] if "deployments" in parts else "unknown"


def _turn(message: Mapping[str, Any]) -> Turn:
    return Turn(
        _ROLES.get(str(message.get("role")), "user"),
        content_text(message.get("content")),
        tuple(_made_call(call) for call in as_objects(message.get("tool_calls"))),
        message.get("tool_call_id"),
    )


def _made_call(call: Mapping[str, Any]) -> ToolCall:
    function = as_object(call.get("function"))
    return ToolCall(str(call.get("id")), str(function.get("name")), parsed_object(function.get("arguments")))


def _completion(request: Request, ask: Ask, reply: Reply, choices: int) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.text or None,
        "refusal": None,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    return {
        **_head(request, ask, "chat.completion"),
        "choices": [
            {"index": index, "message": message, "logprobs": None, "finish_reason": reply.finish}
            for index in range(choices)
        ],
        "usage": _usage(reply.usage, choices),
    }


def _head(request: Request, ask: Ask, kind: str) -> dict[str, Any]:
    return {
        "id": request.identifier("chatcmpl-"),
        "object": kind,
        "created": int(time.time()),
        "model": dated_model(ask.model),
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
    }


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _usage(usage: Usage, choices: int) -> dict[str, Any]:
    output = usage.output * choices
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": output,
        "total_tokens": usage.input + output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning * choices,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _stream(request: Request, ask: Ask, reply: Reply, choices: int) -> Iterator[Event]:
    head = _head(request, ask, "chat.completion.chunk")
    with_usage = bool(as_object(request.body.get("stream_options")).get("include_usage"))
    if with_usage:
        head["usage"] = None
    breaks = breaks_stream(ask.question, ask.model)
    for index in range(choices):
        for number, delta in enumerate(_deltas(reply)):
            if breaks and number == _PIECES_BEFORE_A_BREAK:
                yield Event(openai_error(500, ask.model))
                return
            yield Event({**head, "choices": [_chunk(index, delta, None)]})
        yield Event({**head, "choices": [_chunk(index, {}, reply.finish)]})
    if with_usage:
        yield Event({**head, "choices": [], "usage": _usage(reply.usage, choices)})
    yield Event("[DONE]")


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if reply.calls else "", "refusal": None}
    for piece in reply.text_pieces():
        yield {"content": piece}
    for index, call in enumerate(reply.calls):
        whole = _call(call)
        arguments = whole["function"]["arguments"]
        whole["function"]["arguments"] = ""
        yield {"tool_calls": [{"index": index, **whole}]}
        middle = len(arguments) // 2
        for piece in (arguments[:middle], arguments[middle:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chunk(index: int, delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
