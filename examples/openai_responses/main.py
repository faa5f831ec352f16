"""The Responses API with reasoning: two turns of one conversation, each a trace of its own under one session."""

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

client = OpenAI()
previous = None
with posthog_context(distinct_id="ada@example.com", session_id="chat-2"):
    for question in ("What is PostHog?", "And what is OpenTelemetry?"):
        response = client.responses.create(
            model="gpt-5-mini",
            instructions="Answer in one sentence.",
            input=question,
            reasoning={"effort": "low"},
            previous_response_id=previous,
        )
        previous = response.id
        print(response.output_text)
