"""Feedback, metrics and evaluations arrive on the trace that they are about."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import log
from otel_posthog_ai.context.posthog_context import posthog_context
from otel_posthog_ai.doors.feedback import capture_evaluation, capture_feedback, capture_metric
from otel_posthog_ai.events.identifiers import event_uuid
from otel_posthog_ai.inbox import Inbox

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"


def arrived(provider: TracerProvider, inbox: Inbox) -> dict[str, Any]:
    assert provider.force_flush(10_000)
    events = inbox.events()
    assert len(events) == 1
    return dict(events[0])


def own(event: dict[str, Any]) -> dict[str, Any]:
    """The properties but for those of the library."""
    return {key: value for key, value in event["properties"].items() if not key.startswith(("$lib", "$ai_lib"))}


def test_feedback_of_a_given_trace(provider: TracerProvider, inbox: Inbox) -> None:
    assert capture_feedback(
        "great answer",
        value=1,
        kind="thumbs",
        source="user",
        trace_id=TRACE,
        span_id=SPAN,
        distinct_id="user-7",
        properties={"plan": "pro"},
    )
    event = arrived(provider, inbox)
    assert (event["event"], event["distinct_id"]) == ("$ai_feedback", "user-7")
    assert own(event) == {
        "$ai_trace_id": TRACE,
        "$ai_feedback_text": "great answer",
        "feedback_value": 1,
        "feedback_type": "thumbs",
        "feedback_source": "user",
        "span_id": SPAN,
        "plan": "pro",
    }
    assert UUID(event["uuid"])
    age = datetime.now(timezone.utc) - datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
    assert 0 <= age.total_seconds() < 60


def test_feedback_of_the_current_trace_and_context(provider: TracerProvider, inbox: Inbox) -> None:
    with (
        provider.get_tracer("test").start_as_current_span("request") as span,
        posthog_context(
            distinct_id="user-7",
            session_id="chat-3",
            replay_session_id="0190",
            groups={"company": "acme"},
            properties={"plan": "pro", "n": 1},
        ),
    ):
        assert capture_feedback(value=0, properties={"n": 2, "$ai_trace_id": "forged"})
    event = arrived(provider, inbox)
    assert event["distinct_id"] == "user-7"
    assert own(event) == {
        "$ai_trace_id": f"{span.get_span_context().trace_id:032x}",
        "$ai_feedback_text": "0",
        "feedback_value": 0,
        "$ai_session_id": "chat-3",
        "$session_id": "0190",
        "$groups": {"company": "acme"},
        "plan": "pro",
        "n": 2,
    }


def test_feedback_of_nobody_is_anonymous(provider: TracerProvider, inbox: Inbox) -> None:
    assert capture_feedback("hm", trace_id=TRACE, distinct_id="anonymous")
    event = arrived(provider, inbox)
    assert event["distinct_id"] == TRACE
    assert event["properties"]["$process_person_profile"] is False


@pytest.mark.parametrize(
    ("value", "expected"), [(0.93, "0.93"), (0, "0"), (True, "true"), (False, "false"), ("good", "good"), ("", "")]
)
def test_metric(provider: TracerProvider, inbox: Inbox, value: Any, expected: str) -> None:
    assert capture_metric("groundedness", value, trace_id=int(TRACE, 16))
    event = arrived(provider, inbox)
    assert event["event"] == "$ai_metric"
    assert event["properties"]["$ai_metric_name"] == "groundedness"
    assert event["properties"]["$ai_metric_value"] == expected
    assert event["properties"]["$ai_trace_id"] == TRACE


@pytest.mark.parametrize(
    ("result", "expected"), [(True, True), (False, False), ("pass", True), ("Failed", False), (None, None)]
)
def test_evaluation(provider: TracerProvider, inbox: Inbox, result: Any, expected: bool | None) -> None:
    assert capture_evaluation("is_polite", result, reasoning="it says please", trace_id=TRACE, span_id=int(SPAN, 16))
    properties = own(arrived(provider, inbox))
    assert properties["$ai_evaluation_name"] == "is_polite"
    assert properties["$ai_evaluation_reasoning"] == "it says please"
    assert properties["$ai_target_type"] == "generation_uuid"
    assert properties["$ai_target_id"] == event_uuid(TRACE, SPAN)
    assert properties.get("$ai_evaluation_result") == expected
    assert properties.get("$ai_evaluation_applicable", True) is (expected is not None)


def test_evaluation_of_a_whole_trace(provider: TracerProvider, inbox: Inbox) -> None:
    with provider.get_tracer("test").start_as_current_span("request") as span:
        assert capture_evaluation("is_polite", True, model="gpt-4o", provider="openai")
    properties = own(arrived(provider, inbox))
    trace_id = f"{span.get_span_context().trace_id:032x}"
    assert (properties["$ai_target_type"], properties["$ai_target_id"]) == ("trace_id", trace_id)
    assert (properties["$ai_evaluation_model"], properties["$ai_evaluation_provider"]) == ("gpt-4o", "openai")


def test_private_contexts_send_no_words(provider: TracerProvider, inbox: Inbox) -> None:
    with posthog_context(privacy_mode=True):
        assert capture_feedback("my secret", value=1, trace_id=TRACE)
        assert capture_evaluation("is_polite", True, reasoning="my secret", trace_id=TRACE)
        assert capture_metric("score", 0.5, trace_id=TRACE)
    assert provider.force_flush(10_000)
    events = inbox.events()
    assert {event["event"] for event in events} == {"$ai_feedback", "$ai_evaluation", "$ai_metric"}
    assert "secret" not in str(events)


def test_two_calls_are_two_events(provider: TracerProvider, inbox: Inbox) -> None:
    for _ in range(2):
        assert capture_feedback("same", trace_id=TRACE)
    assert provider.force_flush(10_000)
    assert len({event["uuid"] for event in inbox.events()}) == 2


def test_outside_of_a_trace(provider: TracerProvider, inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    assert capture_feedback("x") is False
    assert capture_metric("x", 1) is False
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert provider.force_flush(10_000)
    assert inbox.events() == []


def test_without_a_live_processor(caplog: pytest.LogCaptureFixture) -> None:
    log.forget()
    assert capture_feedback("x", trace_id=TRACE) is False
    assert capture_evaluation("x", True, trace_id=TRACE) is False
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: capture_feedback(7), TypeError),  # type: ignore[arg-type]
        (lambda: capture_feedback(), ValueError),
        (lambda: capture_feedback("x", kind=1), TypeError),  # type: ignore[arg-type]
        (lambda: capture_feedback("x", value=[1]), TypeError),  # type: ignore[arg-type]
        (lambda: capture_feedback("x", value=math.nan), ValueError),
        (lambda: capture_feedback("x", trace_id=TRACE, properties=["a"]), TypeError),  # type: ignore[arg-type]
        (lambda: capture_feedback("x", trace_id=""), ValueError),
        (lambda: capture_feedback("x", trace_id="a b"), ValueError),
        (lambda: capture_feedback("x", trace_id=0), ValueError),
        (lambda: capture_feedback("x", trace_id=1.5), TypeError),  # type: ignore[arg-type]
        (lambda: capture_feedback("x", trace_id=TRACE, span_id="xyz"), ValueError),
        (lambda: capture_metric("", 1), ValueError),
        (lambda: capture_metric("x", None), ValueError),  # type: ignore[arg-type]
        (lambda: capture_metric(None, 1), ValueError),  # type: ignore[arg-type]
        (lambda: capture_evaluation("x", 0.5), TypeError),  # type: ignore[arg-type]
        (lambda: capture_evaluation("x", "meh"), ValueError),
    ],
)
def test_what_no_program_means_is_refused_in_plain_words(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    ("given", "expected"),
    [(TRACE.upper(), TRACE), (str(UUID(TRACE)), TRACE), (f" {TRACE} ", TRACE), ("my-own:trace.1", "my-own:trace.1")],
)
def test_trace_ids_as_others_write_them(provider: TracerProvider, inbox: Inbox, given: str, expected: str) -> None:
    assert capture_feedback("x", trace_id=given)
    assert arrived(provider, inbox)["properties"]["$ai_trace_id"] == expected


def test_one_project_gets_one_event(provider: TracerProvider, inbox: Inbox) -> None:
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    other = TracerProvider()
    other.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=inbox.url, flush_at=1))
    with Inbox() as elsewhere:
        third = TracerProvider()
        third.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=elsewhere.url))
        assert capture_feedback("x", trace_id=TRACE)
        for each in (provider, other, third):
            assert each.force_flush(10_000)
            each.shutdown()
        assert [event["event"] for event in elsewhere.events()] == ["$ai_feedback"]
    assert [event["event"] for event in inbox.events()] == ["$ai_feedback"]


def test_settings_of_the_processor_hold(inbox: Inbox) -> None:
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(
        PostHogSpanProcessor(
            api_key="phc_test",
            host=inbox.url,
            default_distinct_id="service",
            privacy_mode=True,
            properties={"region": "eu", "token": "t"},
        )
    )
    assert capture_feedback("my secret", value=1, trace_id=TRACE, properties={"plan": "pro", "distinct_id": "x"})
    event = arrived(provider, inbox)
    assert event["distinct_id"] == "service"
    assert own(event) == {"$ai_trace_id": TRACE, "feedback_value": 1, "plan": "pro", "region": "eu"}
    provider.shutdown()


def test_an_event_that_before_send_stops_is_not_sent(inbox: Inbox) -> None:
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(
        PostHogSpanProcessor(api_key="phc_test", host=inbox.url, before_send=lambda event: None)
    )
    assert capture_metric("x", 1, trace_id=TRACE) is False
    assert provider.force_flush(10_000)
    assert inbox.events() == []
    provider.shutdown()
