"""What recordings do not show of LiteLLM and LangSmith, and of values that were written down as Python reprs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.reading.literals import read_literal

from .test_gen_ai import record
from .test_traceloop import known

REQUEST = {
    "litellm.call_id": "1",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.operation.name": "chat",
    "gen_ai.system": "openai",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': None, 'b': [1, -2.5, True], 'c': ('x',)}", {"a": None, "b": [1, -2.5, True], "c": ["x"]}),
        ("[Message(role='user', kind=Kind.CHAT)]", [{"role": "user", "kind": "Kind.CHAT"}]),
        ("{'at': datetime.datetime(2026, 1, 1)}", {"at": "datetime.datetime(2026, 1, 1)"}),
        ("{'state': <State.OPEN: 1>}", {"state": 1}),
        ("{'stream': <Stream object>}", None),
        ("{'pattern': '\\d'}", None),
        ("plain text", None),
        ("__import__('os').getcwd() + 'x'", None),
        ("[" * 5_000, None),
    ],
)  # fmt: skip
def test_python_reprs_are_read_and_never_run(text: str, value: Any) -> None:
    assert read_literal(text) == value


@pytest.mark.parametrize("stated", ["1", "chatcmpl-5fa72bc6-1f23-4189-96c7-586aa471b22f"])
def test_ids_that_litellm_made_name_no_answer(stated: str) -> None:
    assert known({**REQUEST, "gen_ai.response.id": stated}, scope="litellm").response_id is None


def test_metadata_of_the_user_and_counts_of_the_provider() -> None:
    attributes = {
        **REQUEST,
        "metadata.user_api_key_hash": "secret",
        "metadata.requester_metadata": "{'plan': 'pro'}",
        "metadata.feature": "search",
        "metadata.usage_object": "{'prompt_tokens': 100, 'prompt_tokens_details': {'cached_tokens': 80}, "
        "'completion_tokens_details': {'reasoning_tokens': 7}}",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10,
        "hidden_params": '{"api_base": "https://api.openai.com", "response_cost": 0.5}',
    }
    record = known(attributes, scope="litellm")
    assert record.metadata == {"plan": "pro", "feature": "search"}
    assert (record.usage.input, record.usage.cache_read, record.usage.reasoning) == (100, 80, 7)
    assert (record.cost.total, record.base_url) == (0.5, "https://api.openai.com")
    assert not record.attributes


def test_raw_body_of_another_provider() -> None:
    attributes = {
        "llm.anthropic.messages": "[{'role': 'user', 'content': [{'type': 'text', 'text': 'hi'}]}]",
        "llm.anthropic.system": "[{'type': 'text', 'text': 'be'}]",
        "llm.anthropic.id": "msg_1",
        "llm.anthropic.model": "claude-sonnet-4-5",
        "llm.anthropic.content": "[{'type': 'text', 'text': 'Hello'}]",
        "llm.anthropic.stop_reason": "end_turn",
        "llm.anthropic.usage": "{'input_tokens': 10, 'cache_read_input_tokens': 4, 'output_tokens': 8}",
    }
    record = known(attributes, name="raw_gen_ai_request", scope="litellm")
    assert (record.kind, record.provider, record.response_id) == ("generation", "anthropic", "msg_1")
    assert (record.instructions, record.finish_reason) == ("be", "end_turn")
    assert record.input == [{"role": "user", "content": "hi"}]
    assert record.output == [{"role": "assistant", "content": "Hello"}]
    assert (record.usage.input, record.usage.input_excludes_cache) == (10, True)


def test_guardrail() -> None:
    attributes = {"guardrail_name": "pii", "guardrail_status": "success", "guardrail_response": '{"masked": 2}'}
    record = known(attributes, name="guardrail", scope="litellm")
    assert (record.span_type, record.name) == ("guardrail", "pii")
    assert record.output_state == {"status": "success", "response": {"masked": 2}}


@pytest.mark.parametrize(
    ("run_type", "operation", "span_type"),
    [("retriever", "embeddings", "retriever"), ("prompt", "chat", "prompt"), ("chain", "chain", "chain")],
)
def test_runs_of_langsmith_are_what_they_are(run_type: str, operation: str, span_type: str) -> None:
    attributes = {
        "langsmith.span.kind": run_type,
        "langsmith.trace.name": "step",
        "gen_ai.operation.name": operation,
        "gen_ai.system": "langchain",
        "gen_ai.prompt": json.dumps({"input": "x"}),
        "gen_ai.completion": json.dumps({"output": None}),
        "langsmith.metadata.user_id": "u-1",
    }
    record = known(attributes, scope="langsmith")
    assert (record.kind, record.span_type, record.name) == ("span", span_type, "step")
    assert (record.input_state, record.identity.user) == ("x", "u-1")


def test_a_call_of_a_tool_that_stands_beside_an_empty_message() -> None:
    empty = json.dumps([{"role": "assistant", "parts": [], "finish_reason": "tool_calls"}])
    flat = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    said = {f"gen_ai.completion.0.function_call.{key}": value for key, value in flat.items()}
    found = record(
        {"llm.request.type": "acompletion", "gen_ai.request.model": "gpt-4o", "gen_ai.output.messages": empty, **said},
        name="chat gpt-4o",
        scope="litellm",
    )
    assert [call["function"] for call in (found.output or [])[0]["tool_calls"]] == [flat]
