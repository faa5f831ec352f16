"""Patronus' `@traced` functions: what they took and gave, it writes into log records alone.

https://docs.patronus.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "patronus"
PREFIXES = ()
SCOPE = "patronus.sdk"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "patronus"}
PLUMBING = ("pat.",)
KEYS = VendorKeys(kind=("pat.span.type",))


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    weigh(record, source, CUSTOM)  # a function that was traced without a kind
