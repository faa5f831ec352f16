"""TraceRoot: `traceroot.span.*`, read by their words, on what it observes; where a span stands, on everybody's.

https://traceroot.ai/docs/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "traceroot"
PREFIXES = ()
AI_SCOPES = ("traceroot-sdk",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
LABELS = {"traceroot-sdk": "traceroot"}
PLUMBING = ("traceroot.",)


def read(record: AISpan, source: Source) -> None:
    """Nothing: `unlisted_vendors` reads all that its keys say."""
