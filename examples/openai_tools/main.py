"""An agent without a framework: a loop of model calls and a tool, drawn as one tree.

The instrumentor makes the spans of the model calls. The two spans around them follow OpenTelemetry's conventions for
agents and tools: https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

import json
import os

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()

tracer = trace.get_tracer("travel-guide")
client = OpenAI()
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The current weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def get_weather(city):
    return {"city": city, "sky": "sunny", "celsius": 21}


def call_tool(call):
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.function.name,
        "gen_ai.tool.call.id": call.id,
        "gen_ai.tool.call.arguments": call.function.arguments,
    }
    with tracer.start_as_current_span(f"execute_tool {call.function.name}", attributes=attributes) as span:
        result = json.dumps(get_weather(**json.loads(call.function.arguments)))
        span.set_attribute("gen_ai.tool.call.result", result)
        return result


def run_agent(question):
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "travel_guide"}
    with tracer.start_as_current_span("invoke_agent travel_guide", attributes=attributes):
        messages = [{"role": "user", "content": question}]
        while True:
            completion = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)
            message = completion.choices[0].message
            if not message.tool_calls:
                return message.content
            results = [
                {"role": "tool", "tool_call_id": call.id, "content": call_tool(call)} for call in message.tool_calls
            ]
            messages += [message, *results]


with posthog_context(distinct_id="ada@example.com", session_id="trip-1"):
    print(run_agent("What is the weather in Paris and in London?"))
