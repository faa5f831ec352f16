"""Whose way of counting the cache it is: by provider and arithmetic, and not by the names of keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.events.usage import cost_properties, usage_properties

from .test_gen_ai import record


def counted(model: str, **counts: int) -> dict[str, Any]:
    found = record(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": json.dumps(model),
            "mlflow.spanInputs": json.dumps({"messages": [{"role": "user", "content": "Hi"}]}),
            "mlflow.chat.tokenUsage": json.dumps({"output_tokens": 10, **counts}),
        }
    )
    return usage_properties(found)


@pytest.mark.parametrize(
    ("model", "counts", "apart"),
    [
        ("gpt-4o-mini", {"input_tokens": 2000, "total_tokens": 2010, "cache_read_input_tokens": 1920}, False),
        ("gpt-4o-mini", {"input_tokens": 2000, "cache_read_input_tokens": 0}, False),
        ("gemini-2.5-flash", {"input_tokens": 2000, "cache_read_input_tokens": 1920}, False),
        ("claude-sonnet-4-5", {"input_tokens": 2000, "total_tokens": 2010, "cache_read_input_tokens": 1920}, True),
        ("claude-sonnet-4-5", {"input_tokens": 80, "cache_read_input_tokens": 1920}, True),
        ("us.anthropic.claude-sonnet-4", {"input_tokens": 2000, "cache_read_input_tokens": 1920}, True),
        # More than there is: it cannot be a part.
        ("gpt-4o-mini", {"input_tokens": 80, "cache_read_input_tokens": 1920}, True),
        ("house-model", {"input_tokens": 2000, "cache_read_input_tokens": 1920}, True),
    ],
)
def test_the_provider_and_arithmetic_decide(model: str, counts: dict[str, int], apart: bool) -> None:
    found = counted(model, **counts)
    assert (found["$ai_input_tokens"], found["$ai_cache_reporting_exclusive"]) == (counts["input_tokens"], apart)


def test_a_total_that_counts_the_cache_beside_the_input() -> None:
    found = record(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "claude-sonnet-4-5",
            "gen_ai.usage.input_tokens": 500,
            "gen_ai.usage.output_tokens": 20,
            "gen_ai.usage.cache_read.input_tokens": 300,
            "gen_ai.usage.total_tokens": 820,
        }
    )
    assert usage_properties(found)["$ai_cache_reporting_exclusive"] is True


def test_details_of_a_raw_usage_that_counts_the_same_input_the_other_way() -> None:
    usage = {
        "input_tokens": 500,
        "cache_creation_input_tokens": 1500,
        "cache_read_input_tokens": 3000,
        "output_tokens": 90,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1000},
        "server_tool_use": {"web_search_requests": 2},
    }
    found = record(
        {
            "openinference.span.kind": "LLM",
            "llm.provider": "anthropic",
            "llm.model_name": "claude-sonnet-4-5",
            "llm.token_count.prompt": 5000,
            "llm.token_count.completion": 90,
            "output.value": json.dumps({"type": "message", "model": "claude-sonnet-4-5", "usage": usage}),
        }
    )
    properties = usage_properties(found)
    assert (properties["$ai_input_tokens"], properties["$ai_cache_reporting_exclusive"]) == (5000, False)
    assert properties["$ai_web_search_count"] == 2
    assert properties["$ai_cache_creation_1h_input_tokens"] == 1000


@pytest.mark.parametrize(("cache_key", "costs"), [("d7a5", True), (None, False)])
def test_a_reply_out_of_the_callers_own_cache_costs_nothing(cache_key: str | None, costs: bool) -> None:
    found = record(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "litellm.call_id": "c-2",
            "gen_ai.usage.input_tokens": 8,
            "hidden_params": json.dumps({"cache_key": cache_key, "response_cost": 0.0}),
        },
        scope="litellm",
    )
    zeros = {"$ai_input_cost_usd": 0, "$ai_output_cost_usd": 0, "$ai_total_cost_usd": 0}
    assert cost_properties(found.cost) == (zeros if costs else {})


def test_a_reply_out_of_the_cache_of_langchain() -> None:
    usage = {"input_tokens": 8, "output_tokens": 3, "total_tokens": 11, "total_cost": 0}
    answer = {"generations": [[{"message": {"kwargs": {"content": "Hi", "usage_metadata": usage}}}]]}
    found = record(
        {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini", "output.value": json.dumps(answer)}
    )
    assert cost_properties(found.cost)["$ai_total_cost_usd"] == 0


@pytest.mark.parametrize(
    ("key", "property_name"),
    [
        ("cache_read_tokens", "$ai_cache_read_input_tokens"),
        ("cached_input_tokens", "$ai_cache_read_input_tokens"),
        ("input_cache_read_tokens", "$ai_cache_read_input_tokens"),
        ("input_tokens_details.cached_tokens", "$ai_cache_read_input_tokens"),
        ("prompt_tokens_details.cached_tokens", "$ai_cache_read_input_tokens"),
        ("cached_content_tokens", "$ai_cache_read_input_tokens"),
        ("cache_write_tokens", "$ai_cache_creation_input_tokens"),
        ("output_reasoning_tokens", "$ai_reasoning_tokens"),
        ("completion_tokens_details.reasoning_tokens", "$ai_reasoning_tokens"),
        ("thoughts_tokens", "$ai_reasoning_tokens"),
        ("input_audio_tokens", "$ai_audio_input_tokens"),
        ("completion_tokens_details.audio_tokens", "$ai_audio_output_tokens"),
        ("server_tool_use.web_search_requests", "$ai_web_search_count"),
    ],
)
def test_counts_by_other_names(key: str, property_name: str) -> None:
    counts = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, f"gen_ai.usage.{key}": 20}
    found = usage_properties(record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", **counts}))
    assert found[property_name] == 20
    assert (found["$ai_input_tokens"], found["$ai_output_tokens"]) == (100, 50)
