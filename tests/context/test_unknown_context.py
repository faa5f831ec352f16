"""Below the SDK's `ConcurrentMultiSpanProcessor` starts are noted in a thread of a pool, without the app's context."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest
from opentelemetry import context
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, log, posthog_context
from otel_posthog_ai.context import entries
from tests.receiver import Receiver

SECRET = "the password is tulip"
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": SECRET}]}]),
}


@pytest.fixture(autouse=True)
def _a_process_without_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "_entered", set())
    log.forget()


@pytest.fixture
def provider(receiver: Receiver) -> Iterator[TracerProvider]:
    below = ConcurrentMultiSpanProcessor(2)
    made = TracerProvider(active_span_processor=below, shutdown_on_exit=False)
    made.add_span_processor(PostHogSpanProcessor(api_key="phc_pool", host=receiver.url))
    yield made
    made.shutdown()


@pytest.mark.parametrize(
    ("around", "private"),
    [
        (nullcontext(), False),
        (posthog_context(distinct_id="ada"), False),
        (posthog_context(distinct_id="ada", privacy_mode=True), True),
    ],
)
def test_what_is_private_for_anybody_leaves_without_content(
    provider: TracerProvider,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    around: AbstractContextManager[None],
    private: bool,
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        around,
        provider.get_tracer("app").start_as_current_span("chat", attributes=CALL),
    ):
        pass
    assert provider.force_flush()
    (event,) = receiver.events
    assert (SECRET in json.dumps(event)) is not private
    assert ("ConcurrentMultiSpanProcessor" in caplog.text) is not isinstance(around, nullcontext)


def test_a_context_that_is_handed_over_is_known(provider: TracerProvider, receiver: Receiver) -> None:
    """Many instrumentors do: `start_span(name, context=…)`."""
    with posthog_context(distinct_id="ada", privacy_mode=True):
        handed = context.get_current()
    provider.get_tracer("app").start_span("chat", context=handed, attributes=CALL).end()
    assert provider.force_flush()
    (event,) = receiver.events
    assert event["distinct_id"] == "ada"
    assert SECRET not in json.dumps(event)
