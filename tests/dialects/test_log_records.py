"""Content in log records reaches the generation of its span, by real providers and a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry._logs import LogRecord
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import Span, TracerProvider

from otel_posthog_ai import PostHogLogRecordProcessor, PostHogSpanProcessor
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.work import held_logs as joined_logs
from tests.receiver import Receiver

CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


class App:
    """An app with both providers, whose log records need no context to be in."""

    def __init__(self, receiver: Receiver, **options: Any) -> None:
        self.receiver = receiver
        self.spans = PostHogSpanProcessor(api_key="phc_logs", host=receiver.url, **options)
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(self.spans)
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self.loggers.add_log_record_processor(PostHogLogRecordProcessor(self.spans))

    def start(self, scope: str = "instrumentor", **attributes: Any) -> Span:
        span = self.tracers.get_tracer(scope).start_span("chat gpt-4o", attributes={**CALL, **attributes})
        assert isinstance(span, Span)
        return span

    def say(self, span: Span | None, name: str, body: Any, scope: str = "instrumentor", **record: Any) -> None:
        context = trace.set_span_in_context(span, Context()) if span is not None else Context()
        now = time.time_ns()
        values = {"timestamp": now, "observed_timestamp": now, "event_name": name, "attributes": {}, **record}
        self.loggers.get_logger(scope).emit(LogRecord(context=context, body=body, **values))

    def generations(self) -> list[dict[str, Any]]:
        assert self.spans.force_flush(10_000)
        return [event["properties"] for event in self.receiver.events if event["event"] == "$ai_generation"]


@pytest.fixture
def app(receiver: Receiver) -> Iterator[App]:
    app = App(receiver)
    yield app
    app.spans.shutdown(5_000)


def test_messages_and_answer_join_their_span(app: App) -> None:
    span = app.start()
    app.say(span, "gen_ai.user.message", {"content": "Weather?"})
    app.say(
        span, "gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Sun"}}
    )
    span.end()
    (generation,) = app.generations()
    assert generation["$ai_input"] == [{"role": "user", "content": "Weather?"}]
    assert generation["$ai_output_choices"] == [{"role": "assistant", "content": "Sun"}]
    assert generation["$ai_stop_reason"] == "stop"


def test_the_name_may_be_an_attribute_and_the_body_json(app: App) -> None:
    span = app.start()
    app.say(span, "", '{"content": "Hi"}', attributes={"event.name": "gen_ai.user.message"})
    span.end()
    assert app.generations()[0]["$ai_input"] == [{"role": "user", "content": "Hi"}]


def test_details_carry_everything(app: App) -> None:
    span = app.start()
    details = {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
        "gen_ai.output.messages": [
            {"role": "assistant", "parts": [{"type": "text", "content": "Ho"}], "finish_reason": "length"}
        ],
        "gen_ai.tool.definitions": [{"type": "function", "name": "f", "description": "d", "parameters": {}}],
    }
    app.say(span, "gen_ai.client.inference.operation.details", None, attributes=details)
    span.end()
    (generation,) = app.generations()
    assert generation["$ai_output_choices"] == [{"role": "assistant", "content": "Ho"}]
    assert generation["$ai_stop_reason"] == "length"
    assert generation["$ai_tools"][0]["function"]["name"] == "f"


@pytest.mark.parametrize("name", ["gen_ai.client.operation.exception", "gen_ai.client.inference.exception"])
def test_an_exception_that_is_a_log_record_says_why_the_call_failed(app: App, name: str) -> None:
    span = app.start(**{"error.type": "openai.RateLimitError"})
    raised = {"exception.type": "openai.RateLimitError", "exception.message": "Error code: 429 - slow down"}
    app.say(span, name, None, attributes=raised)
    span.set_status(trace.StatusCode.ERROR)
    span.end()
    (generation,) = app.generations()
    assert generation["$ai_http_status"] == 429
    assert generation["$ai_error"] == "RateLimitError: Error code: 429 - slow down"


def test_real_bytes_become_the_placeholder(app: App) -> None:
    span = app.start()
    parts = [{"type": "blob", "mime_type": "image/png", "content": b"\x89PNG" * 400}]
    messages = [{"role": "user", "parts": parts}]
    app.say(span, "gen_ai.client.inference.operation.details", None, attributes={"gen_ai.input.messages": messages})
    span.end()
    image = {"type": "image_url", "image_url": {"url": "[base64 image redacted]"}}
    assert app.generations()[0]["$ai_input"] == [{"role": "user", "content": [image]}]


@pytest.mark.parametrize("body", [None, "", "text", 7, ["a", {"b": None}], {"content": {"x": 1}}, {"message": 3}])
def test_no_body_harms(app: App, body: Any) -> None:
    span = app.start()
    for name in ("gen_ai.user.message", "gen_ai.choice", "gen_ai.client.inference.operation.details", "other"):
        app.say(span, name, body)
    span.end()
    assert len(app.generations()) == 1


def test_other_records_are_left_alone(app: App) -> None:
    span = app.start()
    app.say(span, "user.signed_up", {"content": "secret"})
    span.end()
    assert "$ai_input" not in app.generations()[0]


def test_an_answer_without_ids_goes_to_the_call_that_it_ended_with(app: App) -> None:
    """Two streams at once: each answer was written just before its own span ended."""
    spans = [app.start(), app.start()]
    for answer, span in zip(("first", "second"), spans, strict=True):
        app.say(None, "gen_ai.choice", {"message": {"content": answer}})
        span.end()
    app.start(scope="another instrumentor", **{"gen_ai.request.model": "claude-sonnet-4-5"}).end()
    answers = [each.get("$ai_output_choices") for each in app.generations()]
    assert [answer and answer[0]["content"] for answer in answers] == ["first", "second", None]


def test_privacy_mode_follows_into_log_records(receiver: Receiver) -> None:
    app = App(receiver, privacy_mode=True)
    span = app.start()
    app.say(span, "gen_ai.user.message", {"content": "secret"})
    span.end()
    assert app.generations()
    assert b"secret" not in b"".join(receiver.bodies)
    app.spans.shutdown(5_000)


@pytest.mark.parametrize("by", ["span", "answer"])
def test_a_judge_may_come_after_the_call_has_left(app: App, by: str) -> None:
    span = app.start(**{"gen_ai.response.id": "resp-1", "user.id": "user-7", "session.id": "s-1"})
    span.end()
    assert len(app.generations()) == 1
    result = {
        "gen_ai.evaluation.name": "polite",
        "gen_ai.evaluation.score.label": "pass",
        "gen_ai.evaluation.explanation": "kind words",
        "gen_ai.response.id": "resp-1",
    }
    for _ in range(2):
        app.say(span if by == "span" else None, "gen_ai.evaluation.result", None, attributes=result)
    assert app.spans.force_flush(10_000)
    generation, evaluation = app.receiver.events
    assert (evaluation["event"], evaluation["distinct_id"]) == ("$ai_evaluation", "user-7")
    properties = evaluation["properties"]
    assert properties["$ai_evaluation_result"] is True
    assert properties["$ai_evaluation_reasoning"] == "kind words"
    assert (properties["$ai_target_type"], properties["$ai_target_id"]) == ("generation_uuid", generation["uuid"])
    assert properties["$ai_session_id"] == "s-1"


def test_it_needs_the_span_processor() -> None:
    with pytest.raises(ValueError, match="PostHogSpanProcessor"):
        PostHogLogRecordProcessor(object())  # type: ignore[arg-type]


def test_after_shutdown_nothing_is_taken(app: App) -> None:
    processor = PostHogLogRecordProcessor(app.spans)
    processor.shutdown()
    processor.on_emit(object())
    assert processor.force_flush()


def test_waiting_records_are_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(joined_logs, "MOST_BYTES", 100_000)
    monkeypatch.setattr(joined_logs, "MOST_SPANS", 50)
    logs = joined_logs.HeldLogs()
    for number in range(1, 200):
        logs.add(number, number, Occurrence("gen_ai.user.message", {}, {"content": "x" * 1_000}), "scope")
        logs.add(0, 0, Occurrence("gen_ai.choice", {}, {"message": number}), "scope")
    assert len(logs._of_span) <= 50
    assert len(logs._strays) <= joined_logs.MOST_STRAYS
    assert logs._weight <= 100_000
    logs.add(1, 1, Occurrence("gen_ai.user.message", {}, "y" * 200_000), "scope")
    assert logs._weight <= 100_000
    assert "log records with message content are dropped" in caplog.text
    assert "xxx" not in caplog.text
