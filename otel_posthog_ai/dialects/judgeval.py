"""Judgment's judgeval: `judgment.*` on its steps and calls, and the user's own attributes under bare keys.

https://docs.judgmentlabs.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import is_list
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "judgeval"
PREFIXES = ("judgment.span_kind", "judgment.input", "judgment.output")
AI_SCOPES = ("judgeval",)
IDENTITY = IdentityKeys(user=("judgment.customer_user_id",), session=("judgment.session_id",))
PLUMBING = ("judgment.",)
KEYS = VendorKeys(
    kind=("judgment.span_kind",),
    input=("judgment.input",),
    output=("judgment.output",),
    model=("judgment.llm.model",),
    provider=("judgment.llm.provider",),
    usage=("judgment.usage.metadata",),
    counts=(
        ("input", "judgment.usage.non_cached_input_tokens"),
        ("output", "judgment.usage.output_tokens"),
        ("cache_read", "judgment.usage.cache_read_input_tokens"),
        ("cache_write", "judgment.usage.cache_creation_input_tokens"),
    ),
    cost=("judgment.usage.total_cost_usd",),
    tags=("judgment.tags",),
)
SIGNS = Signs(keys=(*KEYS.kind, *KEYS.input))


def read(record: AISpan, source: Source) -> None:
    raw = source.has(*KEYS.usage)
    read_vendor_span(record, source, KEYS)
    if not raw and record.usage.input is not None and record.usage.input_excludes_cache is None:
        record.usage.input_excludes_cache = True
    for key, value in source.attributes.items():
        if key.isidentifier():  # every convention has a namespace
            source.used.add(key)
            record.metadata.setdefault(key, list(value) if is_list(value) else value)
