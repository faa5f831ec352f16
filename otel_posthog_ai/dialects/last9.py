"""Last9: `gen_ai.l9.span.kind` on what its decorator observes, and its context on all spans.

https://last9.io/docs/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "last9"
KIND = "gen_ai.l9.span.kind"
PREFIXES = ("gen_ai.l9.",)
SIGNS = Signs(keys=(KIND,))
PLUMBING = ("function.arg.", "latency_ms", "workflow.id", "workflow.type", "tags")
LABELS = {"last9_genai.decorators": "last9-genai"}
KEYS = VendorKeys(kind=(KIND,), input=("function.arg.",), tags=("tags",), metadata=("metadata.",))
_ANSWERED = "gen_ai.content.completion"


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    for event in source.events:
        if record.kind == "span" and unset(record.output_state) and event.name == _ANSWERED:
            record.output_state = read_state(event.attributes.get("gen_ai.completion"), "assistant")
