"""Atla: what the user wrote about a trace on its root, beside OpenInference's conventions on its steps.

https://docs.atla-ai.com/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import metadata_of
from otel_posthog_ai.record import AISpan

NAME = "atla"
PREFIXES = ()  # its processor stamps `atla.*` on every span of the provider, AI or not
SCOPE = "atla_insights"
SIGNS = Signs(scopes=(SCOPE,))
ANNOTATIONS = ("atla.metadata",)
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(session=("atla.audio.conversation_id",))
LABELS = {SCOPE: "atla-insights"}
PLUMBING = ("atla.",)


def read(record: AISpan, source: Source) -> None:
    """A function that was only instrumented says nothing but its name."""
    weigh(record, source, CUSTOM)


def annotate(record: AISpan, source: Source) -> None:
    """The metadata of the trace."""
    for key, value in metadata_of(source.attributes.get("atla.metadata")).items():
        record.trace_metadata.setdefault(key, value)
