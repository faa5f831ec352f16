"""Anthropic messages: whole answers and streams, tool use, thinking, prompt cache."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, Reply, Tool, ToolCall, Turn
from otel_posthog_ai.model_server.faults import anthropic_error, breaks_stream, demanded_status
from otel_posthog_ai.model_server.json_shapes import as_object, as_objects, content_text
from otel_posthog_ai.model_server.replies import count_tokens, reply_to
from otel_posthog_ai.model_server.wire import Answer, Event, JSONAnswer, Request, StreamAnswer, fault_answer

_STOP_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}
_TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_PIECES_BEFORE_A_BREAK = 3


def messages(request: Request) -> Answer:
    """`POST /v1/messages`."""
    ask = _read(request.body)
    request_id = request.identifier("req_")
    status = demanded_status(ask.question, ask.model, request.headers)
    if status is not None:
        return fault_answer(status, anthropic_error(status, ask.model, request_id))
    reply = reply_to(ask)
    message = _message(request, ask, reply)
    if request.body.get("stream"):
        return StreamAnswer(_stream(message, reply, breaks_stream(ask.question, ask.model), ask.model, request_id))
    return JSONAnswer(message, headers={"request-id": request_id})


def count_message_tokens(request: Request) -> Answer:
    """`POST /v1/messages/count_tokens`."""
    return JSONAnswer({"input_tokens": reply_to(_read(request.body)).usage.input})


def _read(body: Mapping[str, Any]) -> Ask:
    system = content_text(body.get("system"))
    choice = as_object(body.get("tool_choice"))
    named = str(choice.get("name"))
    return Ask(
        model=str(body.get("model")),
        turns=(
            *((Turn("system", system),) if system else ()),
            *(turn for message in as_objects(body.get("messages")) for turn in _turns(message)),
        ),
        tools=tuple(
            Tool(str(tool.get("name")), as_object(tool.get("input_schema"))) for tool in as_objects(body.get("tools"))
        ),
        tool_choice=named if choice.get("type") == "tool" else _TOOL_CHOICES.get(str(choice.get("type")), "auto"),
        parallel=not choice.get("disable_parallel_tool_use"),
        reasons=as_object(body.get("thinking")).get("type") in ("enabled", "adaptive"),
        max_tokens=body.get("max_tokens"),
    )


def _turns(message: Mapping[str, Any]) -> Iterator[Turn]:
    blocks = as_objects(message.get("content"))
    for block in blocks:
        if block.get("type") == "tool_result":
            yield Turn("tool", content_text(block.get("content")), answers=block.get("tool_use_id"))
    text = content_text(message.get("content"))
    if message.get("role") == "assistant":
        yield Turn("assistant", text, tuple(_made_call(block) for block in blocks if block.get("type") == "tool_use"))
    elif text:
        yield Turn("user", text)


def _made_call(block: Mapping[str, Any]) -> ToolCall:
    return ToolCall(str(block.get("id")), str(block.get("name")), as_object(block.get("input")))


def _message(request: Request, ask: Ask, reply: Reply) -> dict[str, Any]:
    return {
        "id": request.identifier("msg_"),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": _content(request, reply),
        "stop_reason": _STOP_REASONS[reply.finish],
        "stop_sequence": None,
        "usage": _usage(request.body, ask, reply),
    }


def _content(request: Request, reply: Reply) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if reply.thought:
        blocks.append({"type": "thinking", "thinking": reply.thought, "signature": request.identifier("sig_")})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    blocks += [
        {"type": "tool_use", "id": call.id.replace("call_", "toolu_"), "name": call.name, "input": dict(call.arguments)}
        for call in reply.calls
    ]
    return blocks


def _usage(body: Mapping[str, Any], ask: Ask, reply: Reply) -> dict[str, Any]:
    """Anthropic counts the cached part of the prompt apart from `input_tokens`.

    The part is what stands before the last `cache_control` mark. It is written by the first request of a conversation
    and read by those that follow an answer.
    """
    marked = min(_marked_tokens(body), reply.usage.input)
    answered = bool(ask.sent_before())
    return {
        "input_tokens": reply.usage.input - marked,
        "cache_creation_input_tokens": 0 if answered else marked,
        "cache_read_input_tokens": marked if answered else 0,
        "output_tokens": reply.usage.output,
        "service_tier": "standard",
    }


def _marked_tokens(body: Mapping[str, Any]) -> int:
    blocks: list[Mapping[str, Any]] = [*as_objects(body.get("tools")), *as_objects(body.get("system"))]
    for message in as_objects(body.get("messages")):
        blocks += as_objects(message.get("content"))
    last = max((index for index, block in enumerate(blocks) if block.get("cache_control")), default=-1)
    return sum(count_tokens(str(block.get("text") or json.dumps(block, default=str))) for block in blocks[: last + 1])


def _stream(message: Mapping[str, Any], reply: Reply, breaks: bool, model: str, request_id: str) -> Iterator[Event]:
    usage = message["usage"]
    start: dict[str, Any] = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield _event("message_start", message=start)
    yield _event("ping")
    for index, block in enumerate(message["content"]):
        yield _event("content_block_start", index=index, content_block=_opened(block))
        for number, delta in enumerate(_deltas(block, reply)):
            if breaks and number == _PIECES_BEFORE_A_BREAK:
                yield Event(anthropic_error(529, model, request_id), "error")
                return
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", delta=ending, usage={"output_tokens": usage["output_tokens"]})
    yield _event("message_stop")


def _event(kind: str, **fields: Any) -> Event:
    return Event({"type": kind, **fields}, kind)


def _opened(block: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    return {**block, **empty[block["type"]]}


def _deltas(block: Mapping[str, Any], reply: Reply) -> Sequence[dict[str, Any]]:
    if block["type"] == "text":
        return [{"type": "text_delta", "text": piece} for piece in reply.text_pieces()]
    if block["type"] == "thinking":
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in reply.thought_pieces()]
        return [*thoughts, {"type": "signature_delta", "signature": block["signature"]}]
    text = json.dumps(block["input"], ensure_ascii=False)
    middle = len(text) // 2
    return [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:middle], text[middle:])]
