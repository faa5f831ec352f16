"""OpenAI's Responses API: whole answers, function calls, reasoning items, and what is kept between requests."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, Reply, Role, Tool, ToolCall, Turn
from otel_posthog_ai.model_server.faults import breaks_stream, demanded_status, openai_error
from otel_posthog_ai.model_server.json_shapes import as_list, as_object, as_objects, content_text, parsed_object
from otel_posthog_ai.model_server.openai_chat import choice_of, dated_model, wanted_schema
from otel_posthog_ai.model_server.openai_responses_stream import response_events
from otel_posthog_ai.model_server.replies import reply_to
from otel_posthog_ai.model_server.wire import Answer, JSONAnswer, Request, StreamAnswer, fault_answer

_KEPT = 1000
_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


class Responses:
    """The Responses API with its memory of the latest 1,000 responses and conversations."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[Turn, ...]] = OrderedDict()
        self._responses: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, request: Request) -> Answer:
        """`POST /v1/responses`."""
        body = request.body
        ask = _read(body, self._earlier(body))
        status = demanded_status(ask.question, ask.model, request.headers)
        if status is not None:
            return fault_answer(status, openai_error(status, ask.model))
        reply = reply_to(ask)
        response = _response(request, ask, reply)
        self._keep(body, response, (*ask.turns, Turn("assistant", reply.text, reply.calls)))
        if body.get("stream"):
            return StreamAnswer(response_events(response, reply, breaks_stream(ask.question, ask.model)))
        return JSONAnswer(response, headers={"x-request-id": request.identifier("req_")})

    def retrieve(self, request: Request) -> Answer:
        """`GET /v1/responses/<id>`."""
        response = self._responses.get(request.path.rsplit("/", 1)[-1])
        return JSONAnswer(response) if response is not None else fault_answer(404, openai_error(404, "response"))

    def create_conversation(self, request: Request) -> Answer:
        """`POST /v1/conversations`."""
        identifier = request.identifier("conv_")
        with self._lock:
            self._turns[identifier] = _turns(request.body.get("items"))
        return JSONAnswer(
            {
                "id": identifier,
                "object": "conversation",
                "created_at": int(time.time()),
                "metadata": request.body.get("metadata") or {},
            }
        )

    def _earlier(self, body: Mapping[str, Any]) -> tuple[Turn, ...]:
        key = body.get("previous_response_id") or _conversation_id(body)
        with self._lock:
            return self._turns.get(str(key), ())

    def _keep(self, body: Mapping[str, Any], response: Mapping[str, Any], turns: tuple[Turn, ...]) -> None:
        # Instructions belong to one request alone; the next one brings its own.
        said = tuple(turn for turn in turns if turn.role != "system")
        conversation = _conversation_id(body)
        with self._lock:
            self._responses[response["id"]] = response
            self._turns[conversation or response["id"]] = said
            for store in (self._responses, self._turns):
                while len(store) > _KEPT:
                    store.popitem(last=False)


def _conversation_id(body: Mapping[str, Any]) -> str | None:
    conversation = body.get("conversation")
    return conversation if isinstance(conversation, str) else as_object(conversation).get("id")


def _read(body: Mapping[str, Any], earlier: tuple[Turn, ...]) -> Ask:
    instructions = body.get("instructions")
    system = (Turn("system", instructions),) if isinstance(instructions, str) else ()
    reasoning = as_object(body.get("reasoning"))
    tools = [tool for tool in as_objects(body.get("tools")) if tool.get("type") == "function"]
    return Ask(
        model=str(body.get("model")),
        turns=(*system, *earlier, *_turns(body.get("input"))),
        tools=tuple(Tool(str(tool.get("name")), as_object(tool.get("parameters"))) for tool in tools),
        tool_choice=choice_of(body.get("tool_choice") or "auto"),
        parallel=body.get("parallel_tool_calls") is not False,
        reasons=bool(reasoning) and reasoning.get("effort") != "none",
        schema=wanted_schema(as_object(as_object(body.get("text")).get("format"))),
        max_tokens=body.get("max_output_tokens"),
    )


def _turns(items: Any) -> tuple[Turn, ...]:
    if isinstance(items, str):
        return (Turn("user", items),)
    return tuple(turn for item in as_objects(items) if (turn := _turn(item)) is not None)


def _turn(item: Mapping[str, Any]) -> Turn | None:
    kind = item.get("type", "message")
    if kind == "message":
        return Turn(_ROLES.get(str(item.get("role")), "user"), content_text(item.get("content")))
    if kind == "function_call":
        call = ToolCall(str(item.get("call_id")), str(item.get("name")), parsed_object(item.get("arguments")))
        return Turn("assistant", "", (call,))
    if kind == "function_call_output":
        return Turn("tool", content_text(item.get("output")), answers=item.get("call_id"))
    return None  # reasoning and other items carry nothing that the reply depends on


def _response(request: Request, ask: Ask, reply: Reply) -> dict[str, Any]:
    body = request.body
    cut = reply.finish == "length"
    conversation = _conversation_id(body)
    return {
        "id": request.identifier("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": dated_model(ask.model),
        "output": _output(request, reply),
        "parallel_tool_calls": ask.parallel,
        "previous_response_id": body.get("previous_response_id"),
        "conversation": {"id": conversation} if conversation else None,
        "reasoning": {"effort": as_object(body.get("reasoning")).get("effort"), "summary": None},
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": as_list(body.get("tools")),
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": {
            "input_tokens": reply.usage.input,
            "input_tokens_details": {"cached_tokens": reply.usage.cached, "cache_write_tokens": 0},
            "output_tokens": reply.usage.output,
            "output_tokens_details": {"reasoning_tokens": reply.usage.reasoning},
            "total_tokens": reply.usage.total,
        },
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }


def _output(request: Request, reply: Reply) -> Sequence[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.thought:
        summary = [{"type": "summary_text", "text": reply.thought}]
        wants_summary = as_object(request.body.get("reasoning")).get("summary") is not None
        items.append(
            {"id": request.identifier("rs_"), "type": "reasoning", "summary": summary if wants_summary else []}
        )
    items += [
        {
            "id": request.identifier("fc_", call.id),
            "type": "function_call",
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            "arguments": json.dumps(call.arguments, ensure_ascii=False),
        }
        for call in reply.calls
    ]
    if not reply.calls:
        items.append(
            {
                "id": request.identifier("msg_"),
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}],
            }
        )
    return items
