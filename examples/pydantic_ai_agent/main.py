"""A pydantic-ai agent: it traces itself, so no instrumentor is needed."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from pydantic_ai import Agent

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
Agent.instrument_all()

agent = Agent("openai-chat:gpt-4o-mini", name="travel_guide", instructions="Answer in one sentence.")


@agent.tool_plain
def get_weather(city: str) -> str:
    """The current weather of a city."""
    return f"21 °C and sunny in {city}"


with posthog_context(distinct_id="ada@example.com", session_id="trip-3"):
    print(agent.run_sync("What is the weather in Paris?").output)
