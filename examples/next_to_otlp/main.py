"""Beside an OTLP exporter that is already there: it gets every span as before, PostHog gets the AI spans."""

import os

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))  # OTEL_EXPORTER_OTLP_ENDPOINT
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()

with (
    posthog_context(distinct_id="ada@example.com"),
    trace.get_tracer("shop").start_as_current_span("POST /checkout", attributes={"http.request.method": "POST"}),
    trace.get_tracer("shop").start_as_current_span("SELECT cart", attributes={"db.system.name": "sqlite"}),
):
    completion = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "What should I wear in Paris?"}]
    )
print(completion.choices[0].message.content)
