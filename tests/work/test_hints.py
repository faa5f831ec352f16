from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, log
from otel_posthog_ai.work.hints import setting_for
from tests.receiver import Receiver

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def run(receiver: Receiver, scope: str, attributes: dict[str, Any], calls: int = 1, **options: bool) -> None:
    processor = PostHogSpanProcessor(api_key="phc_hint", host=receiver.url, **options)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    for _ in range(calls):
        provider.get_tracer(scope).start_span("chat", attributes={**CALL, **attributes}).end()
    processor.shutdown(5_000)


def test_one_line_says_what_records_messages(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    run(receiver, "opentelemetry.instrumentation.openai_v2", {}, calls=5)
    assert caplog.text.count("arrive without messages") == 1
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in caplog.text


@pytest.mark.parametrize(
    ("scope", "attributes", "options"),
    [
        ("opentelemetry.instrumentation.openai_v2", {"gen_ai.input.messages": '[{"role":"user","content":"x"}]'}, {}),
        ("opentelemetry.instrumentation.openai_v2", {"error.type": "RateLimitError"}, {}),
        ("opentelemetry.instrumentation.openai_v2", {}, {"privacy_mode": True}),
        ("my.own.tracer", {}, {}),
    ],
)
def test_no_line_without_a_reason(
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    scope: str,
    attributes: dict[str, str],
    options: dict[str, bool],
) -> None:
    run(receiver, scope, attributes, **options)
    assert "arrive without messages" not in caplog.text


def test_streams_without_tokens_are_told(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    run(receiver, "my.own.tracer", {"gen_ai.request.stream": True}, calls=3)
    assert caplog.text.count("streamed calls of my.own.tracer arrive without tokens") == 1
    assert 'stream_options={"include_usage": True}' in caplog.text


@pytest.mark.parametrize(
    "attributes", [{"gen_ai.request.stream": True, "gen_ai.usage.output_tokens": 0}, {"gen_ai.request.stream": False}]
)
def test_tokens_that_are_there_are_not_missed(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, attributes: dict[str, object]
) -> None:
    run(receiver, "my.own.tracer", attributes)
    assert "without tokens" not in caplog.text


def test_attributes_that_the_limit_has_cut_are_told(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    messages = {f"llm.input_messages.{n}.message.content": "x" for n in range(200)}
    run(receiver, "my.own.tracer", {**messages, "llm.model_name": "gpt-4o", "openinference.span.kind": "LLM"}, calls=2)
    assert caplog.text.count("OpenTelemetry's limit has cut 76 attributes off a span of my.own.tracer") == 1
    assert "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" in caplog.text


def test_an_id_that_was_scrubbed_is_none_and_told(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    run(receiver, "my.own.tracer", {"session.id": "[Scrubbed due to 'session']"})
    assert "arrives scrubbed by Logfire" in caplog.text
    assert all("$ai_session_id" not in event["properties"] for event in receiver.events)


def test_what_was_told_can_be_asked_for(receiver: Receiver) -> None:
    run(receiver, "my.own.tracer", {"gen_ai.request.stream": True}, calls=2)
    ((cause, remedy),) = log.hints()
    assert "without tokens" in cause
    assert "include_usage" in remedy


def test_the_nearest_scope_wins() -> None:
    assert "TRACELOOP_TRACE_CONTENT" in (setting_for("opentelemetry.instrumentation.openai.v1") or "")
    assert "SPAN_ONLY" in (setting_for("opentelemetry.instrumentation.genai.openai") or "")
    assert "AZURE_TRACING" in (setting_for("azure.core.tracing.ext.opentelemetry_span") or "")
    assert setting_for("com.example") is None


@pytest.mark.parametrize("scope", ["opentelemetry.instrumentation.ag2", "opentelemetry.instrumentation.mcp"])
def test_an_instrumentor_of_somebody_else_in_the_same_namespace_is_told_nothing_wrong(scope: str) -> None:
    assert setting_for(scope) is None
