"""A small trace to send: an agent, a call of a model, a tool. What it says is made up."""

from __future__ import annotations

import json
import time
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai.version import __version__

_SCOPE = InstrumentationScope("otel_posthog_ai.doctor", __version__)
_MILLISECOND = 1_000_000
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


def sample_spans() -> list[ReadableSpan]:
    """The spans, which have just ended, with new ids."""
    ids = RandomIdGenerator()
    trace_id = ids.generate_trace_id()
    agent, call, tool = (SpanContext(trace_id, ids.generate_span_id(), False, _SAMPLED) for _ in range(3))
    start = time.time_ns() - 1_000 * _MILLISECOND
    return [
        _span("chat gpt-4o-mini", call, agent, start + 10 * _MILLISECOND, 600, _CALL),
        _span("execute_tool get_weather", tool, agent, start + 700 * _MILLISECOND, 100, _TOOL),
        _span("invoke_agent doctor_test", agent, None, start, 900, _AGENT),
    ]


def _span(
    name: str,
    context: SpanContext,
    parent: SpanContext | None,
    start_ns: int,
    milliseconds: int,
    attributes: dict[str, Any],
) -> ReadableSpan:
    return ReadableSpan(
        name=name,
        context=context,
        parent=parent,
        resource=Resource({"service.name": "otel-posthog-ai-doctor"}),
        attributes=attributes,
        start_time=start_ns,
        end_time=start_ns + milliseconds * _MILLISECOND,
        instrumentation_scope=_SCOPE,
    )


_ASKED = [{"role": "user", "parts": [{"type": "text", "content": "This is a test. What is the weather in Paris?"}]}]
_CALLED = [
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}],
        "finish_reason": "tool_calls",
    }
]
_AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "doctor_test"}
_CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.usage.input_tokens": 21,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.input.messages": json.dumps(_ASKED),
    "gen_ai.output.messages": json.dumps(_CALLED),
    "gen_ai.response.finish_reasons": ("tool_calls",),
}
_TOOL = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "get_weather",
    "gen_ai.tool.call.id": "call_1",
    "gen_ai.tool.call.arguments": json.dumps({"city": "Paris"}),
    "gen_ai.tool.call.result": "21 °C and sunny",
}
