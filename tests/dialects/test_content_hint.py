from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.work.content_hint import setting_for
from tests.receiver import Receiver

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def run(receiver: Receiver, scope: str, attributes: dict[str, str], calls: int = 1, **options: bool) -> None:
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


def test_the_nearest_scope_wins() -> None:
    assert "TRACELOOP_TRACE_CONTENT" in (setting_for("opentelemetry.instrumentation.openai.v1") or "")
    assert "SPAN_ONLY" in (setting_for("opentelemetry.instrumentation.genai.openai") or "")
    assert setting_for("com.example") is None
