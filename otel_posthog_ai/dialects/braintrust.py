"""Braintrust's spans: `braintrust.*`, one JSON object per field.

https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_spans import VendorKeys, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "braintrust"
PREFIXES = ("braintrust.",)
IDENTITY = IdentityKeys(metadata=("braintrust.metadata",))
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
    if source.has(*KEYS.kind, *KEYS.input, *KEYS.output):
        return True
    # What a user says of a call on the span of an instrumentor; it makes no AI span of any other.
    return source.has(*KEYS.metadata, *KEYS.tags) and any(key.startswith("gen_ai.") for key in source.attributes)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
