"""The set-up that both services share."""

import os

from opentelemetry import propagate, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_posthog_ai import PostHogPropagator, PostHogSpanProcessor


def set_up(service):
    os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(PostHogSpanProcessor())
    trace.set_tracer_provider(provider)
    # Trace context joins the two services in one trace; PostHogPropagator says which AI span is the parent there.
    # Without code: OTEL_PROPAGATORS=tracecontext,baggage,posthog_ai
    propagate.set_global_textmap(
        CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator(), PostHogPropagator()])
    )
    OpenAIInstrumentor().instrument()
