"""AG2's own spans: the GenAI conventions, and beside each call an account of what it used."""

from __future__ import annotations

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "ag2"
PREFIXES = ("ag2.",)
PLUMBING = ("ag2.",)
FRAMEWORK = "ag2"
KIND = "ag2.span.type"
# Spans that only add up what others used, or wait for a person.
ACCOUNT = "usage"


def recognises(source: Source) -> bool:
    return KIND in source.attributes


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if text(source.attributes.get(KIND)) == ACCOUNT:
        record.span_type, record.noise = "task", True
