"""Instrumentors that nobody has told us of: what their keys say is read as far as it goes."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai.dialects import AISpan, is_marked
from otel_posthog_ai.dialects.spans import read_span

ASKED = [{"role": "user", "content": "hi"}]
ANSWERED = [{"role": "assistant", "content": "yo"}]


def read(attributes: dict[str, Any], name: str = "call") -> AISpan | None:
    span = ReadableSpan(
        name,
        SpanContext(1, 2, False, TraceFlags(1)),
        attributes=attributes,
        start_time=1,
        end_time=2,
        instrumentation_scope=InstrumentationScope("somebody.elses.instrumentor"),
    )
    record = read_span(span)
    assert record is None or is_marked(span), "the first look must not miss it"
    return record


CALLS: dict[str, dict[str, Any]] = {
    "flattened llm.* without a span kind": {
        "llm.model_name": "gpt-4o",
        "llm.provider": "openai",
        "llm.token_count.prompt": 5,
        "llm.token_count.completion": 3,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "hi",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "yo",
    },
    "llm.prompts and llm.completions": {
        "llm.vendor": "OpenAI",
        "llm.request.type": "chat",
        "llm.request.model": "gpt-4o",
        "llm.usage.prompt_tokens": 5,
        "llm.usage.completion_tokens": 3,
        "llm.prompts.0.role": "user",
        "llm.prompts.0.content": "hi",
        "llm.completions.0.role": "assistant",
        "llm.completions.0.content": "yo",
    },
    "whole texts under gen_ai.*": {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": "5",
        "gen_ai.usage.output_tokens": 3.0,
        "gen_ai.prompt": "hi",
        "gen_ai.completion": "yo",
    },
    "an operation of its own": {
        "gen_ai.operation.name": "my_chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.prompt_tokens": 5,
        "gen_ai.usage.completion_tokens": 3,
        "gen_ai.content.prompt": "hi",
        "gen_ai.content.completion": "yo",
    },
    "Vercel AI SDK": {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "gpt-4o",
        "ai.model.provider": "openai.chat",
        "ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"hi"}]}]',
        "ai.response.text": "yo",
        "ai.usage.promptTokens": 5,
        "ai.usage.completionTokens": 3,
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
    },
}


@pytest.mark.parametrize("attributes", CALLS.values(), ids=CALLS.keys())
def test_a_call_is_a_generation(attributes: dict[str, Any]) -> None:
    record = read(attributes)
    assert record is not None
    assert record.kind == "generation"
    assert record.provider == "openai"
    assert record.request_model == "gpt-4o"
    assert (record.usage.input, record.usage.output) == (5, 3)
    assert record.input == ASKED
    assert record.output == ANSWERED
    assert record.attributes == {}, "nothing of it is a custom property"


def test_a_step_of_the_vercel_sdk_is_no_call() -> None:
    record = read(
        {
            "ai.operationId": "ai.generateText",
            "ai.telemetry.functionId": "support",
            "ai.telemetry.metadata.plan": "pro",
            "ai.prompt": '{"messages":[{"role":"user","content":"hi"}]}',
            "ai.response.text": "yo",
            "ai.usage.promptTokens": 5,
        }
    )
    assert record is not None
    assert (record.kind, record.span_type, record.name) == ("span", "agent", "support")
    assert record.metadata == {"plan": "pro"}
    assert record.input_state == ASKED
    assert record.output_state == "yo"


def test_a_tool_of_the_vercel_sdk() -> None:
    record = read(
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "get_weather",
            "ai.toolCall.id": "call_1",
            "ai.toolCall.args": '{"city":"Paris"}',
            "ai.toolCall.result": '"sunny"',
        }
    )
    assert record is not None
    assert (record.span_type, record.name) == ("tool", "get_weather")
    assert record.input_state == {"city": "Paris"}
    assert record.output_state == "sunny"


@pytest.mark.parametrize(
    "attributes",
    [
        {"user.id": "ann", "session.id": "s1"},
        {"traceloop.association.properties.user_id": "ann", "traceloop.workflow.name": "w"},
        {"gen_ai.conversation.id": "c1"},
        {"ai.experiment": "a", "airline": "b", "llmops.run": "c"},
    ],
)
def test_what_only_names_a_user_or_looks_alike_is_no_ai(attributes: dict[str, Any]) -> None:
    assert read(attributes) is None
