"""Laminar: `lmnr.*`, on its own steps and on the calls of the instrumentors that it brings along.

https://docs.lmnr.ai/tracing/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.laminar import LMNR_SPAN_INPUT
from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "lmnr"
PREFIXES = ("lmnr.span.",)
IDENTITY = keys_below("lmnr.association.properties.", "lmnr.association.properties.metadata.")
PLUMBING = ("lmnr.",)
LABELS = {"lmnr.tracer": "lmnr"}
KEYS = VendorKeys(
    kind=("lmnr.span.type",),
    input=(LMNR_SPAN_INPUT,),
    output=("lmnr.span.output",),
    metadata=("lmnr.association.properties.metadata.",),
    tags=("lmnr.association.properties.tags",),
)
SIGNS = Signs(keys=(*KEYS.kind, *KEYS.input, "lmnr.span.path"))


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
