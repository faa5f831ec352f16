"""For whom a span runs whose start is noted out of reach of the app's context.

The SDK's `ConcurrentMultiSpanProcessor` submits `on_start` to a pool of threads, which does not take contexts along.
"""

from __future__ import annotations

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.log import warn_once

from . import entries
from .belonging import Belonging

BY_POOL = "concurrent.futures.thread"
"""The module of the frame that calls `on_start` there."""

_PRIVATE = Belonging(privacy_mode=True)
_WARNING = (
    "below a ConcurrentMultiSpanProcessor the SDK does not tell in which context spans start: posthog_context has no"
    " effect there, and where one is private, all content is left out (add the processor to a provider without it)"
)


def of_unknown(counters: Counters) -> Belonging | None:
    """Nobody; private where any context of this process was."""
    if not entries.any_was_entered():
        return None
    counters.add("contexts_unknown")
    warn_once("context:unknown", _WARNING)
    return _PRIVATE if entries.any_was_private() else None
