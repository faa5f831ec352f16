"""An operation that no convention knows is a call where it asked a model and counted, unless calls below it did."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from tests.receiver import Receiver

from .test_gen_ai import record

OWN = {
    "gen_ai.operation.name": "acme_ask",
    "gen_ai.agent.name": "acme",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 50,
    "gen_ai.usage.output_tokens": 8,
}


def sent(receiver: Receiver, *spans: tuple[str, dict[str, Any]]) -> list[tuple[str, str, object]]:
    """Spans, each below the one before, as (event, name, input tokens)."""
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=receiver.url))
    tracer = provider.get_tracer("acme.agents")
    opened = []
    for name, attributes in spans:
        opened.append(tracer.start_as_current_span(name, attributes=attributes))
        opened[-1].__enter__()
    while opened:
        opened.pop().__exit__(None, None, None)
    provider.shutdown()
    return sorted(
        (event["event"], event["properties"]["$ai_span_name"], event["properties"].get("$ai_input_tokens"))
        for event in receiver.events
    )


def test_alone_it_is_a_call(receiver: Receiver) -> None:
    assert sent(receiver, ("ask", OWN)) == [("$ai_generation", "ask", 50)]


def test_around_calls_that_count_it_is_a_step(receiver: Receiver) -> None:
    chat = {**OWN, "gen_ai.operation.name": "chat"}
    assert sent(receiver, ("ask", OWN), ("chat gpt-4o", chat)) == [
        ("$ai_generation", "chat gpt-4o", 50),
        ("$ai_trace", "ask", None),
    ]


def test_around_steps_that_count_nothing_it_is_a_call(receiver: Receiver) -> None:
    step = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up"}
    assert ("$ai_generation", "ask", 50) in sent(receiver, ("ask", OWN), ("look_up", step))


def test_without_counts_it_is_no_call(receiver: Receiver) -> None:
    bare = {key: value for key, value in OWN.items() if "usage" not in key}
    assert sent(receiver, ("ask", bare)) == [("$ai_trace", "ask", None)]


SPELLINGS: dict[str, tuple[str, str | None]] = {
    "chat.completions": ("generation", None),
    "ChatCompletion": ("generation", None),
    "createChatCompletion": ("generation", None),
    "generateText": ("generation", None),
    "converse_stream": ("generation", None),
    "invoke_model": ("generation", None),
    "create_response": ("generation", None),
    "text_embeddings": ("embedding", None),
    "run_tool": ("span", "tool"),
    "tools/call": ("span", "tool"),
    "agent.run": ("span", "agent"),
    "vector_search": ("span", "retriever"),
    "list_chat_completions": ("span", None),
    "chat_history": ("span", None),
    "plan_route": ("span", None),
}


@pytest.mark.parametrize(("operation", "expected"), SPELLINGS.items(), ids=SPELLINGS)
def test_an_operation_is_told_by_its_words(operation: str, expected: tuple[str, str | None]) -> None:
    """No tokens, no error: a stream without usage."""
    found = record({"gen_ai.operation.name": operation, "gen_ai.request.model": "gpt-4o"})
    assert (found.kind, found.span_type) == expected


def test_no_model_no_call() -> None:
    found = record({"gen_ai.operation.name": "chat_router", "gen_ai.agent.name": "acme", "gen_ai.request.model": "m"})
    assert found.kind == "span"
    assert record({"gen_ai.operation.name": "chat_router", "gen_ai.system": "acme"}).kind == "span"


def test_around_a_call_it_is_a_step(receiver: Receiver) -> None:
    around = {"gen_ai.operation.name": "generateText", "gen_ai.request.model": "gpt-4o"}
    chat = {**OWN, "gen_ai.operation.name": "chat"}
    assert sent(receiver, ("ask", around), ("chat gpt-4o", chat)) == [
        ("$ai_generation", "chat gpt-4o", 50),
        ("$ai_trace", "ask", None),
    ]
