"""Autoblocks: `autoblocks…` keys on the span of an app's function, and on all spans below it.

https://docs.autoblocks.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import CUSTOM, Stated
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "autoblocks"
SCOPE = "AUTOBLOCKS_TRACER"
PREFIXES = ("autoblocksInput", "autoblocksOutput")
SIGNS = Signs(scopes=(SCOPE,), keys=PREFIXES)
AI_SCOPES = (SCOPE,)
PLUMBING = ("autoblocksInput", "autoblocksOutput", "autoblocksIsRoot", "autoblocksExecutionId")
LABELS = {SCOPE: "autoblocksai"}
KEYS = VendorKeys(input=("autoblocksInput",), output=("autoblocksOutput",))
_ROOT: Stated = ("span", "workflow")


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS, _ROOT if source.has("autoblocksIsRoot") else CUSTOM)
