"""The load: an agent's trace of ten spans, six of them AI, with about 4 kB of messages a generation."""

from __future__ import annotations

import json
import random
import re
from typing import Any, NamedTuple

from opentelemetry.trace import SpanKind, TracerProvider

AI_SPANS = 6
SPANS = 10
MARKER = "step-of-the-benchmark"
"""Stands once in every tool span, of which a trace has `MARKERS`, whatever the encoding: it tells what arrived."""
MARKERS = 2

_WORDS = re.findall(
    r"\w+",
    "the of a to in is that for with as on are this be from or have an they which one you were all their there when "
    "weather temperature tomorrow forecast Paris Berlin Lisbon travel museum ticket hotel train station morning "
    "answer question context policy customer order refund account invoice delivery address support request issue "
    "function parameter result value error exception retry timeout server database query index cache memory model",
)
_INSTRUCTIONS = [
    {"type": "text", "content": "You are a travel guide. Answer briefly, and call a tool for the weather."}
]
_TOOLS = [
    {
        "type": "function",
        "name": name,
        "description": f"Gives the {name} of a city on a day.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "day": {"type": "string", "format": "date"}},
            "required": ["city"],
        },
    }
    for name in ("weather", "events")
]


class Trace(NamedTuple):
    """The attributes of one trace, made ahead so that making them is not measured."""

    agent: dict[str, Any]
    calls: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]


def make_traces(count: int, message_bytes: int = 4_000) -> list[Trace]:
    """`count` traces of different texts, the same at every call."""
    return [_trace(random.Random(number), number, message_bytes) for number in range(count)]


def prose(dice: random.Random, size: int) -> str:
    return " ".join(dice.choices(_WORDS, k=max(1, size // 6)))


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _trace(dice: random.Random, number: int, message_bytes: int) -> Trace:
    piece = message_bytes // 6
    question, answer = prose(dice, 2 * piece), prose(dice, piece)
    history = [_said("user", question)]
    calls: list[dict[str, Any]] = []
    tools: list[dict[str, Any]] = []
    for turn, tool in enumerate(("weather", "events")):
        call_id = f"call_{number:08x}{turn:016x}"
        arguments = {"city": dice.choice(("Paris", "Berlin", "Lisbon")), "day": "2026-11-21"}
        asked = {"role": "assistant", "parts": [{"type": "tool_call", "id": call_id, "name": tool,
                                                 "arguments": arguments}]}  # fmt: skip
        result = prose(dice, piece)
        calls.append(_call(dice, history, {**asked, "finish_reason": "tool_call"}, "tool_calls"))
        tools.append(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": tool,
                "gen_ai.tool.call.id": call_id,
                "gen_ai.tool.call.arguments": json.dumps(arguments),
                "gen_ai.tool.call.result": result,
                "app.step": MARKER,
            }
        )
        response = {"type": "tool_call_response", "id": call_id, "response": result}
        history = [*history, asked, {"role": "tool", "parts": [response]}]
    calls.append(_call(dice, history, {**_said("assistant", answer), "finish_reason": "stop"}, "stop"))
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "travel guide",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1-mini",
        "gen_ai.conversation.id": f"conversation-{number}",
        "gen_ai.input.messages": json.dumps(history[:1]),
        "gen_ai.output.messages": json.dumps([_said("assistant", answer)]),
    }
    return Trace(agent, tuple(calls), tuple(tools))


def _call(dice: random.Random, messages: list[Any], answer: dict[str, Any], reason: str) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1-mini",
        "gen_ai.response.model": "gpt-4.1-mini-2025-04-14",
        "gen_ai.response.id": f"chatcmpl-{dice.getrandbits(128):032x}",
        "gen_ai.response.finish_reasons": (reason,),
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.usage.input_tokens": dice.randrange(500, 2000),
        "gen_ai.usage.output_tokens": dice.randrange(20, 400),
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.system_instructions": json.dumps(_INSTRUCTIONS),
        "gen_ai.tool.definitions": json.dumps(_TOOLS),
        "gen_ai.input.messages": json.dumps(messages),
        "gen_ai.output.messages": json.dumps([answer]),
        "server.address": "api.openai.com",
        "server.port": 443,
    }


_REQUEST = {"http.request.method": "POST", "url.path": "/guide", "http.response.status_code": 200}
_HTTP = {**_REQUEST, "server.address": "api.openai.com", "url.full": "https://api.openai.com/v1/chat/completions"}


def attributes() -> dict[str, dict[str, Any]]:
    """Of a model's call (`caller`) and of a span without AI (`plain`)."""
    return {"caller": make_traces(1)[0].calls[0], "plain": _HTTP}


class App:
    """An app whose web framework, HTTP client and model client are traced by one provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._web = provider.get_tracer("opentelemetry.instrumentation.fastapi", "0.64b0")
        self._http = provider.get_tracer("opentelemetry.instrumentation.httpx", "0.64b0")
        self._model = provider.get_tracer("opentelemetry.instrumentation.openai_v2", "2.1")

    def run(self, trace: Trace) -> None:
        """The spans of one trace, begun and ended in the order of a real agent."""
        model = self._model
        with (
            self._web.start_as_current_span("POST /guide", kind=SpanKind.SERVER, attributes=_REQUEST),
            model.start_as_current_span("invoke_agent travel guide", attributes=trace.agent),
        ):
            for number, call in enumerate(trace.calls):
                with model.start_as_current_span("chat gpt-4.1-mini", kind=SpanKind.CLIENT, attributes=call):
                    self._http.start_span("POST", kind=SpanKind.CLIENT, attributes=_HTTP).end()
                if number < len(trace.tools):
                    tool = trace.tools[number]
                    model.start_span(f"execute_tool {tool['gen_ai.tool.name']}", attributes=tool).end()

    def run_plain(self) -> None:
        """Ten spans of which none is AI."""
        with self._web.start_as_current_span("POST /guide", kind=SpanKind.SERVER, attributes=_REQUEST):
            for _ in range(SPANS - 1):
                self._http.start_span("POST", kind=SpanKind.CLIENT, attributes=_HTTP).end()
