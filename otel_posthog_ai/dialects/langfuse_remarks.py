"""Single `langfuse.observation.*` attributes on spans of other instrumentors: a prompt, a level, but no kind."""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source

from . import langfuse
from .langfuse import read

NAME = "langfuse_remarks"
PREFIXES = langfuse.PREFIXES
SIGNS = Signs(keys_begin=PREFIXES)


def recognises(source: Source) -> bool:
    return not langfuse.SIGNS.are_on(source)


__all__ = ["NAME", "PREFIXES", "SIGNS", "read", "recognises"]
