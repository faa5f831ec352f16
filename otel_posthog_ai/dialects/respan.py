"""Respan (Keywords AI): `respan.*` beside OpenLLMetry's conventions says for whom a request ran, and what of.

https://docs.respan.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import stated_by
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import read_metadata
from otel_posthog_ai.reading.values import json_text
from otel_posthog_ai.record import AISpan

NAME = "respan"
NAMESPACES = ("respan.", "keywordsai.")
PREFIXES = tuple(f"{each}entity.log_type" for each in NAMESPACES)
SIGNS = Signs(keys=PREFIXES)
ANNOTATIONS = NAMESPACES
IDENTITY = IdentityKeys(
    user=tuple(f"{each}customer_params.customer_identifier" for each in NAMESPACES),
    session=(
        *(f"{each}sessions.session_identifier" for each in NAMESPACES),
        *(f"{each}threads.thread_identifier" for each in NAMESPACES),
    ),
)
LABELS = {"respan.tracer": "respan-tracing"}
PLUMBING = (*NAMESPACES, "status_code")


def read(record: AISpan, source: Source) -> None:
    weigh(record, source, stated_by(source.first(*PREFIXES)))


def annotate(record: AISpan, source: Source) -> None:
    """What the user wrote about the request, which stands on every span of it."""
    for namespace in NAMESPACES:
        written = source.below(f"{namespace}metadata.")
        read_metadata(record, {key: json_text(value) for key, value in written.items()})
