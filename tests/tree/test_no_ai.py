"""One warning where many spans pass and none is AI."""

from __future__ import annotations

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.work.no_ai import MANY
from tests.receiver import Receiver


def warnings_after(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, plain: int, *, ai: bool = False, scopes: int = 7
) -> list[str]:
    processor = PostHogSpanProcessor(api_key="phc_test", host=receiver.url)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    with caplog.at_level(logging.WARNING, "otel_posthog_ai"):
        if ai:
            provider.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
        for number in range(plain):
            provider.get_tracer(f"scope-{number % scopes}").start_span("GET /secret").end()
        processor.shutdown()
    return [record.getMessage() for record in caplog.records if "none of them is an AI span" in record.getMessage()]


def test_it_is_told_once_and_names_at_most_five_scopes(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    (told,) = warnings_after(receiver, caplog, 3 * MANY)
    assert f"{MANY} spans" in told
    assert told.count("scope-") == 5
    assert "doctor" in told
    assert "secret" not in told


def test_not_before_many_spans(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_after(receiver, caplog, MANY - 1) == []


def test_not_where_one_was_ai(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_after(receiver, caplog, 2 * MANY, ai=True) == []


def test_spans_without_a_scope_and_very_many_scopes(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    (told,) = warnings_after(receiver, caplog, MANY, scopes=900)
    assert told.count("scope-") == 5


def test_spans_whose_tracer_has_no_name(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    processor = PostHogSpanProcessor(api_key="phc_test", host=receiver.url)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracers = [provider.get_tracer("acme"), provider.get_tracer("")]
    with caplog.at_level(logging.WARNING, "otel_posthog_ai"):
        for number in range(MANY):
            tracers[number % 2].start_span("GET /").end()
        processor.shutdown()
    (told,) = [text for text in caplog.messages if "none of them is an AI span" in text]
    assert "(no scope)" in told
    assert "acme" in told
