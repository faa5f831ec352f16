"""Single `langfuse.observation.*` attributes on spans of other instrumentors: a prompt, a level, but no kind."""

from __future__ import annotations

from otel_posthog_ai.reading.source import Source

from . import langfuse
from .langfuse import read

NAME = "langfuse_remarks"
PREFIXES = langfuse.PREFIXES


def recognises(source: Source) -> bool:
    return any(key.startswith(PREFIXES) for key in source.attributes) and not langfuse.recognises(source)


__all__ = ["NAME", "PREFIXES", "read", "recognises"]
