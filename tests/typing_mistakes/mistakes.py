"""Mistakes that a strict type checker must find: each line marked `wrong` is one, and nothing else is."""

# pyright: strict
from __future__ import annotations

from otel_posthog_ai import (
    PostHogSpanExporter,
    PostHogSpanProcessor,
    capture_evaluation,
    capture_metric,
    flush_on_exit,
    posthog_context,
)

PostHogSpanProcessor(privacy_mod=True)  # wrong: no such option
PostHogSpanProcessor(timeout="long")  # wrong: not a number
PostHogSpanProcessor(large_events="drop")  # wrong: not one of the words
PostHogSpanProcessor("phc_x")  # wrong: the key is a keyword here
PostHogSpanExporter(mask=7)  # wrong: neither a callable nor names
posthog_context("ada")  # wrong: keywords only
posthog_context(groups=["acme"])  # wrong: not a mapping
capture_metric("groundedness")  # wrong: no value
capture_evaluation("is_polite", 0.5)  # wrong: a score is a metric


@flush_on_exit
def handler(event: dict[str, str]) -> int:
    return len(event)


text: str = handler({})  # wrong: the decorator keeps the type
