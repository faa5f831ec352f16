"""Anthropic: a streamed answer with thinking and a cached prompt.

The Anthropic client traces itself as well; the two spans of a call become one generation.
"""

import os

from anthropic import Anthropic
from opentelemetry import trace
from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
AnthropicInstrumentor().instrument()

HANDBOOK = "You are the support desk of a travel agency. " + "Be kind, be brief and never promise a refund. " * 120

with (
    posthog_context(distinct_id="ada@example.com", session_id="support-7"),
    Anthropic().messages.stream(
        model="claude-sonnet-4-6",
        max_tokens=2000,
        system=[{"type": "text", "text": HANDBOOK, "cache_control": {"type": "ephemeral"}}],
        thinking={"type": "enabled", "budget_tokens": 1024},
        messages=[{"role": "user", "content": "What should I pack for a trip to Paris?"}],
    ) as stream,
):
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
