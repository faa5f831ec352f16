"""Vendors of TypeScript that write the GenAI conventions with words of their own: what their recordings do not show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.reading.answer_attributes import answer_of
from otel_posthog_ai.reading.embedding_texts import embedding_texts

from .test_gen_ai import read, record

CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


@pytest.mark.parametrize(
    ("texts", "calls", "answer"),
    [
        ("Hello", None, [{"role": "assistant", "content": "Hello"}]),
        ('["Hello", "Hi"]', None, [{"role": "assistant", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]),
        ('["Hel', None, [{"role": "assistant", "content": '["Hel'}]),
        ("[1, 2]", None, [{"role": "assistant", "content": "[1, 2]"}]),
        ('[""]', [CALL], [{"role": "assistant", "content": None, "tool_calls": [CALL]}]),
        ("Wait", json.dumps([CALL]), [{"role": "assistant", "content": "Wait", "tool_calls": [CALL]}]),
        ("Hello", "[]", [{"role": "assistant", "content": "Hello"}]),
        ('[""]', None, None),
        (None, None, None),
    ],
)
def test_an_answer_whose_texts_and_calls_stand_apart(texts: Any, calls: Any, answer: Any) -> None:
    assert answer_of(texts, calls) == answer


def test_the_answer_in_messages_goes_before_that_in_texts() -> None:
    said = {"gen_ai.output.messages": '[{"role": "assistant", "content": "whole"}]', "gen_ai.response.text": "part"}
    assert record({**CHAT, **said}).output == [{"role": "assistant", "content": "whole"}]


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ('[["a", "b"]]', ["a", "b"]),
        ([["a"], "b"], ["a", "b"]),
        ([[1, 2, 3], [4]], ["[3 token ids]", "[1 token ids]"]),
        ([[]], None),
    ],
)
def test_lists_of_what_is_embedded(written: Any, texts: Any) -> None:
    assert embedding_texts(written) == texts


def test_lists_in_lists_without_end_are_no_texts() -> None:
    written: list[Any] = ["a"]
    for _ in range(5_000):
        written = [written]
    assert embedding_texts(["b", written]) == ["b"]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("gen_ai.chat", ("generation", None)),
        ("gen_ai.invoke_agent", ("span", "agent")),
        ("gen_ai.execute_tool", ("span", "tool")),
        ("gen_ai.embeddings", ("embedding", None)),
    ],
)
def test_sentrys_kind_names_the_operation(kind: str, found: tuple[str, str | None]) -> None:
    step = record({"sentry.op": kind, "sentry.origin": "auto.ai.openai", "gen_ai.request.model": "gpt-4o"})
    assert (step.kind, step.span_type) == found
    assert not step.attributes


def test_sentrys_other_spans_are_ordinary() -> None:
    assert read({"sentry.op": "http.server", "sentry.origin": "auto.http"}) is None


def test_a_tool_of_sentry() -> None:
    said = {"gen_ai.tool.name": "w", "gen_ai.tool.input": '{"city": "Oslo"}', "gen_ai.tool.output": "sunny"}
    tool = record({"sentry.op": "gen_ai.execute_tool", "gen_ai.operation.name": "execute_tool", **said})
    assert (tool.name, tool.input_state, tool.output_state) == ("w", {"city": "Oslo"}, "sunny")


LANGTRACE = {"langtrace.service.type": "llm", "gen_ai.usage.input_tokens": 8, "gen_ai.usage.output_tokens": 0}


@pytest.mark.parametrize(("service", "counts"), [("anthropic", (0, 8)), ("openai", (8, 0))])
def test_langtrace_confuses_the_counts_of_anthropic(service: str, counts: tuple[int, int]) -> None:
    found = record({**CHAT, **LANGTRACE, "langtrace.service.name": service}, scope="@langtrase/typescript-sdk")
    assert (found.usage.input, found.usage.output) == counts
    python = {**CHAT, **LANGTRACE, "langtrace.service.name": service}
    assert record(python, scope="langtrace_python_sdk.instrumentation.anthropic").usage.input == 8


def test_a_step_of_axiom_is_a_property_and_zero_is_a_value() -> None:
    found = record({**CHAT, "gen_ai.capability.name": "guide", "gen_ai.step.name": 0}, scope="axiom")
    assert found.metadata == {"capability": "guide", "step": 0}


@pytest.mark.parametrize(
    ("written", "provider"),
    [
        ("127.0.0.1:8000", "openai"),
        ("localhost", "openai"),
        ("gateway:4000", "openai"),
        ("10.0.0.7", "openai"),
        ("api.acme.ai", "api.acme.ai"),
    ],
)
def test_the_address_of_some_server_is_no_provider(written: str, provider: str) -> None:
    found = record({**CHAT, "gen_ai.provider.name": written})
    assert (found.provider, found.provider_original) == (provider, written)


def test_a_hook_of_vibe_is_no_run_of_the_tool_that_it_watches() -> None:
    said = {
        "vibe.hook.name": "lint",
        "vibe.hook.type": "pre_tool",
        "gen_ai.tool.name": "bash",
        "gen_ai.tool.call.id": "c1",
    }
    hook = record(said, "hook pre_tool lint", "mistral_vibe")
    assert (hook.span_type, hook.name, hook.tool_name, hook.tool_call_id) == ("custom", "lint", None, None)
    call = record(
        {**CHAT, "vibe.request.streaming": False, "vibe.request.message_id": "m"}, "chat gpt-4o", "mistral_vibe"
    )
    assert (call.kind, call.stream, dict(call.attributes)) == ("generation", False, {})
