"""Latitude: a span around what `capture` runs, and on every span below it the tags and metadata of the user.

https://docs.latitude.so/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import read_metadata, user_tags
from otel_posthog_ai.reading.values import json_text
from otel_posthog_ai.record import AISpan

NAME = "latitude"
PREFIXES = ()  # its processor stamps every span of the provider, AI or not
SCOPE = "so.latitude.instrumentation.capture"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "latitude-telemetry"}
PLUMBING = ("latitude.",)
TAGS, METADATA = "latitude.tags", "latitude.metadata"
ANNOTATIONS = (TAGS, METADATA)


def read(record: AISpan, source: Source) -> None:
    weigh(record, source, ("span", "workflow"))
    record.name = record.name or source.name


def annotate(record: AISpan, source: Source) -> None:
    """What the user said of all that runs in a capture."""
    record.tags = record.tags or user_tags(json_text(source.take(TAGS)))
    read_metadata(record, source.take(METADATA))
