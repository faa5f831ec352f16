"""LangWatch: `langwatch.*`, each value in an envelope that names its type; user, thread and labels in `metadata`.

https://docs.langwatch.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "langwatch"
PREFIXES = ("langwatch.span.", "langwatch.input", "langwatch.output")
AI_SCOPES = ("langwatch",)
PLUMBING = ("langwatch.", "metadata")
KEYS = VendorKeys(
    kind=("langwatch.span.type",),
    input=("langwatch.input",),
    output=("langwatch.output",),
    parameters=("langwatch.params",),
    usage=("langwatch.metrics",),
    metadata=("metadata",),
)
SIGNS = Signs(keys=(*KEYS.kind, *KEYS.input))


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
