"""DeepEval (Confident AI): `confident.*` on spans of its users and, by its processors, on those of instrumentors.

https://www.confident-ai.com/docs/llm-tracing/integrations/opentelemetry
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import read_metadata, user_tags
from otel_posthog_ai.reading.values import json_text, text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "deepeval"
TYPE = "confident.span.type"
PREFIXES = (TYPE, "confident.span.input", "confident.span.output")
# A step of the user's own has no type: what it was given, or gave back, is what makes it one.
INPUT, OUTPUT = "confident.span.input", "confident.span.output"
SIGNS = Signs(keys=(TYPE, INPUT, OUTPUT))
IDENTITY = IdentityKeys(user=("confident.trace.user_id",), session=("confident.trace.thread_id",))
PLUMBING = ("confident.",)
TRACE_NAME, TAGS, METADATA = "confident.trace.name", "confident.trace.tags", "confident.trace.metadata"
ANNOTATIONS = (TRACE_NAME, TAGS, METADATA)
KEYS = VendorKeys(
    kind=(TYPE,),
    name=("confident.tool.name", "confident.agent.name", "confident.span.name"),
    input=(INPUT,),
    output=(OUTPUT, "confident.span.retrieval_context"),
    model=("confident.llm.model",),
    provider=("confident.span.provider",),
    tools=("confident.agent.tool_definitions",),
    counts=(("input", "confident.llm.input_token_count"), ("output", "confident.llm.output_token_count")),
    metadata=("confident.span.metadata",),
)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)


def annotate(record: AISpan, source: Source) -> None:
    """What the user said of the trace, on whichever span of it."""
    record.trace_name = record.trace_name or text(source.take(TRACE_NAME))
    record.tags = record.tags or user_tags(json_text(source.take(TAGS)))
    read_metadata(record, source.take(METADATA))
