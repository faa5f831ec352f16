"""A live processor that delivers to a local stand-in for PostHog."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import log
from otel_posthog_ai.inbox import Inbox


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox(port=0, database=":memory:") as running:
        yield running


@pytest.fixture
def provider(inbox: Inbox) -> Iterator[TracerProvider]:
    """A provider whose one processor posts to `inbox`."""
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    log.forget()
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=inbox.url))
    yield provider
    provider.shutdown()
