"""Brokle: `brokle.*` beside OpenTelemetry's own words, on what its decorator traces and on the clients that it wraps.

https://docs.brokle.com/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME, GEN_AI_TOOL_NAME
from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, OUTPUT_VALUE
from otel_posthog_ai.reading.kind_words import word
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "brokle"
KIND = "brokle.span.type"
PREFIXES = (KIND,)
SIGNS = Signs(keys=(KIND,))
AI_SCOPES = ("brokle",)
PLUMBING = ("brokle.",)
KEYS = VendorKeys(
    kind=(KIND,),
    input=(INPUT_VALUE,),
    output=(OUTPUT_VALUE,),
    settings=(("stream", "brokle.streaming"),),
    metadata=("brokle.trace.metadata", "metadata"),
    tags=("brokle.trace.tags", "tags"),
    own=("gen_ai.response.duration",),
)


def read(record: AISpan, source: Source) -> None:
    if word(source.attributes[KIND]) != "tool" and not source.has(GEN_AI_OPERATION_NAME):
        source.discard(GEN_AI_TOOL_NAME)  # the name of whatever function it is
    read_vendor_span(record, source, KEYS)
