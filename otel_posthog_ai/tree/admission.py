"""Which ended spans are for PostHog: what the user's filter says, else whether they look like AI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.dialects import MARKS_AI, ORDINARY, Identity, first_look, read_identity
from otel_posthog_ai.giving_way import is_for_the_caller
from otel_posthog_ai.log import warn


def passes(span_filter: Callable[[Any], bool] | None, span: ReadableSpan) -> bool:
    """Whether the user's filter lets a span through; a filter that fails lets everything through."""
    if span_filter is None:
        return True
    try:
        return bool(span_filter(span))
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        warn("exporter:span_filter", "span_filter failed (%s); the span is exported", type(error).__name__)
        return True


def admit(
    span: ReadableSpan, span_filter: Callable[[Any], bool] | None, *, sampled: bool
) -> tuple[bool, Identity | None]:
    """Whether an ended span is one for PostHog, and else what it says of user and session."""
    looks = first_look(span)
    if sampled and (looks == MARKS_AI if span_filter is None else passes(span_filter, span)):
        return True, None
    return False, read_identity(span.attributes or {}) if looks != ORDINARY else None
