"""One chat call for a known user: the smallest complete set-up."""

import os

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

# Without this the instrumentor leaves prompts and answers out of its spans.
os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())  # POSTHOG_API_KEY and POSTHOG_HOST from the environment
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()

with posthog_context(distinct_id="ada@example.com", session_id="chat-1", properties={"plan": "free"}):
    completion = OpenAI().chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": "Answer in one sentence."},
            {"role": "user", "content": "What is OpenTelemetry?"},
        ],
    )
print(completion.choices[0].message.content)
