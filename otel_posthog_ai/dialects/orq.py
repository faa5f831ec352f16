"""Orq's `@traced` functions, which say what they are under bare keys.

https://docs.orq.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "orq"
PREFIXES = ()
SCOPE = "orq_ai_sdk.traced.decorators"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "orq-ai-sdk"}
KEYS = VendorKeys(kind=("type",), input=("input",), output=("output",), own=("status",))


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
