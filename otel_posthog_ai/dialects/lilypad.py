"""Lilypad: `lilypad.*` on the functions that it traces.

https://lilypad.mirascope.com/docs
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "lilypad"
KIND = "lilypad.type"
PREFIXES = (KIND,)
SIGNS = Signs(keys=(KIND,))
AI_SCOPES = ("lilypad",)
IDENTITY = IdentityKeys(session=("lilypad.session_id",))
PLUMBING = ("lilypad.", "timestamp")
LABELS = {"lilypad": "lilypad-sdk"}
_TYPES = ("trace", "function")
KEYS = VendorKeys(
    input=tuple(f"lilypad.{each}.arg_values" for each in _TYPES),
    output=tuple(f"lilypad.{each}.output" for each in _TYPES),
    tags=tuple(f"lilypad.{each}.tags" for each in _TYPES),
)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS, CUSTOM)
