"""Netra: `netra.*` around the calls of its instrumentors, what a step took and gave under bare `input` and `output`.

https://docs.getnetra.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "netra"
PREFIXES = ("netra.span.type", "netra.entity.type")
IDENTITY = IdentityKeys(user=("netra.user_id",), session=("netra.session_id",))
LABELS = {"netra.instrumentation.openai": "netra-sdk"}
PLUMBING = ("netra.", "library.", "sdk.")
KEYS = VendorKeys(
    kind=("netra.span.type", "netra.entity.type"),
    input=("input",),
    output=("output",),
    error=("netra.entity.error",),
)
SIGNS = Signs(keys=KEYS.kind)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
