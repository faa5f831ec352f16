"""Lightrace: `lightrace.observation.*`, and `lightrace.trace.*` on what was no step of another when it began.

https://github.com/SKE-Labs/lightrace
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CALL, Stated
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "lightrace"
_OBSERVATION, _TRACE = "lightrace.observation.", "lightrace.trace."
PREFIXES = (_OBSERVATION, _TRACE)
SIGNS = Signs(keys_begin=PREFIXES)
AI_SCOPES = ("lightrace-python",)
IDENTITY = IdentityKeys(user=(f"{_TRACE}user_id",), session=(f"{_TRACE}session_id",))
PLUMBING = ("lightrace.",)
LABELS = {"lightrace-python": "lightrace"}
KEYS = VendorKeys(
    kind=(f"{_OBSERVATION}type",),
    input=(f"{_OBSERVATION}input", f"{_TRACE}input"),
    output=(f"{_OBSERVATION}output", f"{_TRACE}output"),
    model=(f"{_OBSERVATION}model",),
    parameters=(f"{_OBSERVATION}model_parameters",),
    usage=(f"{_OBSERVATION}usage_details",),
    metadata=(f"{_TRACE}metadata", f"{_OBSERVATION}metadata"),
    tags=(f"{_TRACE}tags",),
    error=(f"{_OBSERVATION}status_message",),
)
_ROOT: Stated = ("span", "workflow")


def read(record: AISpan, source: Source) -> None:
    untyped = CALL if source.has(*KEYS.model) else _ROOT
    read_vendor_span(record, source, KEYS, None if source.has(*KEYS.kind) else untyped)
