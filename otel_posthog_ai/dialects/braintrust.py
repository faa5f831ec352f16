"""Braintrust's spans: `braintrust.*`, one JSON object per field.

https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry
"""

from __future__ import annotations

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_spans import VendorKeys, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "braintrust"
PREFIXES = ("braintrust.",)
PLUMBING = ("braintrust.",)
KEYS = VendorKeys(
    kind=("braintrust.span_attributes",),
    input=("braintrust.input_json", "braintrust.input"),
    output=("braintrust.output_json", "braintrust.output"),
    usage=("braintrust.metrics",),
    metadata=("braintrust.metadata",),
    tags=("braintrust.tags",),
)


def recognises(source: Source) -> bool:
    return source.has(*KEYS.kind, *KEYS.input)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
