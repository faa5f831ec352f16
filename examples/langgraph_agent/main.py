"""A LangGraph agent that calls a tool: the graph's nodes, model calls and tool runs as one tree."""

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

provider = TracerProvider()
# `graph` leaves out prompts, parsers and runnables: what stays is what the graph is made of.
provider.add_span_processor(PostHogSpanProcessor(chain_spans="graph"))
trace.set_tracer_provider(provider)
LangChainInstrumentor().instrument()


def get_weather(city: str) -> str:
    """The current weather of a city."""
    return f"21 °C and sunny in {city}"


agent = create_agent(ChatOpenAI(model="gpt-4o-mini"), tools=[get_weather], name="travel_guide")

with posthog_context(distinct_id="ada@example.com", session_id="trip-2"):
    result = agent.invoke({"messages": [{"role": "user", "content": "What is the weather in Paris?"}]})
print(result["messages"][-1].content)
