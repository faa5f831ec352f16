"""Braintrust's spans: `braintrust.*`, one JSON object per field, or an attribute for each entry of it.

https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry
"""

from __future__ import annotations

from otel_posthog_ai.reading.content_events import add_evaluation
from otel_posthog_ai.reading.identity import IdentityKeys, keys_below
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import metadata_of
from otel_posthog_ai.reading.values import json_text, number
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan, Evaluation

NAME = "braintrust"
PREFIXES = ("braintrust.",)
IDENTITY = IdentityKeys(metadata=("braintrust.metadata",)).and_then(keys_below("braintrust.metadata."))
PLUMBING = ("braintrust.",)
SCORES = "braintrust.scores"
KEYS = VendorKeys(
    kind=("braintrust.span_attributes", "braintrust.span_attributes.type"),
    name=("braintrust.span_attributes.name",),
    input=("braintrust.input_json", "braintrust.input"),
    output=("braintrust.output_json", "braintrust.output"),
    model=("braintrust.metadata.model",),
    usage=("braintrust.metrics", "braintrust.metrics."),
    metadata=("braintrust.metadata", "braintrust.metadata."),
    tags=("braintrust.tags",),
)
SIGNS = Signs(keys=(SCORES, *KEYS.kind, *KEYS.input, *KEYS.output, *KEYS.metadata, *KEYS.tags))


def recognises(source: Source) -> bool:
    if source.has(SCORES, *KEYS.kind, *KEYS.input, *KEYS.output):
        return True
    # What a user says of a call on the span of an instrumentor; it makes no AI span of any other.
    return source.has(*KEYS.metadata, *KEYS.tags) and any(key.startswith("gen_ai.") for key in source.attributes)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    _read_scores(record, source)


def _read_scores(record: AISpan, source: Source) -> None:
    """The scores of a span, by name; one that was skipped is none."""
    scores = {**metadata_of(json_text(source.take(SCORES))), **source.below(f"{SCORES}.")}
    for name, value in scores.items():
        result = Evaluation(name)
        result.score = number(value)
        if result.score is not None:
            add_evaluation(record, result)
