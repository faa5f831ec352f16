"""Neatlogs: `neatlogs.*`, read by their words, beside OpenInference's kinds on what its decorator traces.

https://docs.neatlogs.com/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import TAG_TAGS
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import user_tags
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "neatlogs"
PREFIXES = ()
AI_SCOPES = ("neatlogs.",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
IDENTITY = IdentityKeys(user=("neatlogs.end_user.id",), session=("neatlogs.session.id",))
PLUMBING = ("neatlogs.",)
LABELS = {"neatlogs.wrapper": "neatlogs", "neatlogs.decorators._base": "neatlogs (its decorator)"}
_TAGS = "neatlogs.tags"


def read(record: AISpan, source: Source) -> None:
    """The tags, which stand in one text, those of all spans on the resource."""
    said = text(source.take(_TAGS)) or text(source.resource.get(_TAGS))
    if not record.tags and not source.has(TAG_TAGS):
        record.tags = user_tags(said)
