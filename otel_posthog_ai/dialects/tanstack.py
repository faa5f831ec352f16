"""TanStack AI (`otelMiddleware` of `@tanstack/ai`): calls and tools by `gen_ai`, and what it counts by `tanstack.ai.*`.

https://tanstack.com/ai/latest/docs/advanced/otel ; the span around the calls of a chat has their model and the sum of
their tokens, and no operation. The app names the tracer, so that the scope says nothing.
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "tanstack"
_OWN = "tanstack.ai."
PREFIXES = (_OWN,)
SIGNS = Signs(keys_begin=(_OWN,))
PLUMBING = (_OWN,)
FRAMEWORK = "tanstack-ai"
_ITERATIONS = "tanstack.ai.iterations"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if _ITERATIONS in source.attributes:  # how often the chat asked the model, on the span around all of it
        record.kind, record.span_type = "span", "chain"
