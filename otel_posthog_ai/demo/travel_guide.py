"""The app of the demo: a travel guide on a real `openai` client, traced as any app would be.

Every call notes what the client itself got back, so that what arrives in PostHog can be compared with what happened.
The client is an `openai.OpenAI`; it and its answers are typed as Any, for the package is checked without that library.
"""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.trace import Span, Tracer, format_trace_id

from otel_posthog_ai.context.posthog_context import posthog_context
from otel_posthog_ai.demo.expectation import Above, Containing, Happened

USER = "ada@example.com"
SESSION = "trip-to-paris"
AGENT = "travel_guide"
AGENT_MODEL = "gpt-5-mini"
CHAT_MODEL = "gpt-4o-mini"
WEATHER = "21 °C and sunny"

_QUESTION = "What is the weather in Paris today?"
_SYSTEM = "You are a travel guide. Look up the weather before you talk about it and answer in one or two sentences."
_TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The current weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def run(client: Any, tracer: Tracer) -> list[Happened]:
    """Serve three requests of one user: an agent with a tool, a streamed answer, and a call that fails."""
    with posthog_context(distinct_id=USER, session_id=SESSION, properties={"plan": "free"}):
        return [*ask_agent(client, tracer), stream_answer(client, tracer), exceed_rate_limit(client, tracer)]


def ask_agent(client: Any, tracer: Tracer) -> list[Happened]:
    """One agent run: the model asks for a tool, gets its result and answers."""
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": AGENT}
    messages: list[Any] = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _QUESTION}]
    with tracer.start_as_current_span(f"invoke_agent {AGENT}", attributes=attributes) as span:
        trace_id = _trace_id(span)
        happened = [Happened(trace_id, "The agent run", "$ai_trace", {"$ai_span_name": AGENT, "plan": "free"})]
        asked = _chat(client, messages)
        happened.append(_generation(trace_id, "The agent's first model call", asked))
        messages.append(asked.choices[0].message)
        for call in asked.choices[0].message.tool_calls or ():
            result = _call_tool(tracer, call.id, call.function.arguments)
            happened.append(_tool_run(trace_id, call.function.arguments, result))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        happened.append(_generation(trace_id, "The agent's second model call", _chat(client, messages)))
    return happened


def stream_answer(client: Any, tracer: Tracer) -> Happened:
    """A streamed answer within a web request, whose own span is none of PostHog's business."""
    with tracer.start_as_current_span("POST /packing-list") as span:
        text, model, usage = "", "", None
        for chunk in client.chat.completions.create(
            model=CHAT_MODEL,
            messages=[{"role": "user", "content": "What should I pack for Paris?"}],
            stream=True,
            stream_options={"include_usage": True},
        ):
            model, usage = chunk.model, chunk.usage or usage
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
        properties = {**_answered(model, usage, "stop"), "$ai_output_choices": Containing(text), "$ai_stream": True}
        properties["$ai_time_to_first_token"] = Above(0)
        return Happened(_trace_id(span), "The streamed answer", "$ai_generation", properties)


def exceed_rate_limit(client: Any, tracer: Tracer) -> Happened:
    """A call that the provider refuses with 429, the client's own retries included."""
    with tracer.start_as_current_span("POST /translate") as span:
        properties: dict[str, Any] = {"$ai_model": CHAT_MODEL, "$ai_provider": "openai", "$ai_latency": Above(0)}
        try:
            client.chat.completions.create(
                model=CHAT_MODEL, messages=[{"role": "user", "content": "Translate the menu, please. ERR429"}]
            )
        except Exception as error:
            properties |= {
                "$ai_is_error": True,
                "$ai_http_status": getattr(error, "status_code", None),
                "$ai_error": Containing("Rate limit reached"),
            }
        return Happened(_trace_id(span), "The failed call", "$ai_generation", properties)


def _chat(client: Any, messages: list[Any]) -> Any:
    return client.chat.completions.create(
        model=AGENT_MODEL, messages=messages, tools=_TOOLS, reasoning_effort="low", max_completion_tokens=500
    )


def _call_tool(tracer: Tracer, call_id: str, arguments: str) -> str:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call_id,
        "gen_ai.tool.call.arguments": arguments,
    }
    with tracer.start_as_current_span("execute_tool get_weather", attributes=attributes) as span:
        span.set_attribute("gen_ai.tool.call.result", WEATHER)
        return WEATHER


def _tool_run(trace_id: str, arguments: str, result: str) -> Happened:
    properties = {
        "$ai_span_name": "get_weather",
        "$ai_span_type": "tool",
        "$ai_input_state": Containing(json.loads(arguments)["city"]),
        "$ai_output_state": Containing(result),
        "$ai_parent_id": trace_id,
    }
    return Happened(trace_id, "The tool", "$ai_span", properties)


def _generation(trace_id: str, what: str, completion: Any) -> Happened:
    choice = completion.choices[0]
    calls = choice.message.tool_calls
    said = calls[0].function.name if calls else choice.message.content
    properties = {
        **_answered(completion.model, completion.usage, choice.finish_reason),
        "$ai_input": Containing(_QUESTION),
        "$ai_output_choices": Containing(said),
        "$ai_tools": Containing("get_weather"),
        "$ai_parent_id": trace_id,
    }
    return Happened(trace_id, what, "$ai_generation", properties)


def _answered(model: str, usage: Any, finish: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "$ai_model": model,
        "$ai_provider": "openai",
        "$ai_stop_reason": finish,
        "$ai_latency": Above(0),
    }
    if usage is None:
        return properties
    properties |= {"$ai_input_tokens": usage.prompt_tokens, "$ai_output_tokens": usage.completion_tokens}
    if usage.prompt_tokens_details is not None and usage.prompt_tokens_details.cached_tokens:
        properties["$ai_cache_read_input_tokens"] = usage.prompt_tokens_details.cached_tokens
    if usage.completion_tokens_details is not None and usage.completion_tokens_details.reasoning_tokens:
        properties["$ai_reasoning_tokens"] = usage.completion_tokens_details.reasoning_tokens
    return properties


def _trace_id(span: Span) -> str:
    return format_trace_id(span.get_span_context().trace_id)
