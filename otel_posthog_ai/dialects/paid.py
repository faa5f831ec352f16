"""Paid: signals, and on every span of its provider the customer whom it bills and the metadata of the user.

https://docs.paid.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CUSTOM, Stated
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import read_metadata
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "paid"
SCOPE = "paid.python"
PREFIXES = ()  # it stamps every span of its provider
SIGNS = Signs(scopes=(SCOPE,))
ANNOTATIONS = ("paid.sdk.version",)
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(user=("external_customer_id",))
LABELS = {SCOPE: "paid-python"}
PLUMBING = ("paid.", "paid_")
KEYS = VendorKeys(name=("event_name",))
_PREFIX = "paid.trace."
_AROUND_ALL = f"{_PREFIX}parent_span"


def read(record: AISpan, source: Source) -> None:
    weigh(record, source)
    stated: Stated = ("span", "workflow") if source.name == _AROUND_ALL else CUSTOM
    if record.kind == "span" and record.span_type is None:
        read_vendor_span(record, source, KEYS, stated)


def annotate(record: AISpan, source: Source) -> None:
    """What it stamps on spans of whatever convention, and the name that such a span had before."""
    record.span_name = record.span_name.removeprefix(_PREFIX)
    read_metadata(record, source.below("metadata."))
