"""Three ways to keep content out of PostHog: mask it, refuse it, or send no content at all for one part of the app."""

import os
import re

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")


def mask_booking_numbers(name, value):
    """Called for every text that may hold content; what it returns is sent instead."""
    return re.sub(r"\bBK-\d+\b", "BK-***", value) if isinstance(value, str) else value


def leave_out_health_checks(event):
    """Called for every event before it is sent; None drops it."""
    return None if "ping" in str(event["properties"].get("$ai_input")) else event


provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor(mask=mask_booking_numbers, before_send=leave_out_health_checks))
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()
client = OpenAI()


def ask(question):
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": question}])
    print(completion.choices[0].message.content)


with posthog_context(distinct_id="ada@example.com"):
    ask("When does the train of my booking BK-48213 leave?")  # arrives with BK-***
    ask("ping")  # does not arrive
    with posthog_context(privacy_mode=True):
        ask("My passport number is X1234567.")  # arrives with model, tokens and latency only
