"""`python -m otel_posthog_ai explain FILE`: how each span was read, from which attributes, and what became of it."""

from .command import main

__all__ = ["main"]
