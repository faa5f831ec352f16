"""What a user thinks of an answer, attached to the trace of that answer."""

import os

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, capture_feedback, capture_metric, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()


def answer(question):
    """The answer, and the id under which the browser can later say what it was worth."""
    with trace.get_tracer("app").start_as_current_span("POST /answers") as span:
        completion = OpenAI().chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
        )
        return completion.choices[0].message.content, format(span.get_span_context().trace_id, "032x")


with posthog_context(distinct_id="ada@example.com", session_id="chat-4"):
    text, trace_id = answer("Tell me a joke.")
print(text)

# Minutes later, in another request:
with posthog_context(distinct_id="ada@example.com", session_id="chat-4"):
    capture_feedback("I laughed.", value=1, kind="thumbs", source="user", trace_id=trace_id)
    capture_metric("funniness", 0.9, trace_id=trace_id)
