"""Counts of a call under whatever names: providers' usage objects, and vendors' own words, whole or flattened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.record import Usage

from .test_gen_ai import record

CALL = {"acme.span.type": "llm", "acme.model": "some-model", "acme.input": "hi"}
Counts = tuple[int, int, int | None, int | None]
SHAPES: dict[str, tuple[dict[str, Any], Counts]] = {
    "chat completions": (
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
         "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}},
        (10, 5, 4, 2),
    ),
    "responses": (
        {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4},
         "output_tokens_details": {"reasoning_tokens": 2}},
        (10, 5, 4, 2),
    ),
    "vercel 5": ({"inputTokens": 10, "outputTokens": 5, "cachedInputTokens": 4, "reasoningTokens": 2}, (10, 5, 4, 2)),
    "vercel 6": (
        {"inputTokens": {"total": 10, "noCache": 6, "cacheRead": 4}, "outputTokens": {"total": 5, "reasoning": 2}},
        (10, 5, 4, 2),
    ),
    "deepseek": ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 4}, (10, 5, 4, None)),
    "ollama": ({"prompt_eval_count": 10, "eval_count": 5}, (10, 5, None, None)),
    "camels": ({"promptTokens": 10, "completionTokens": 5, "totalTokens": 15}, (10, 5, None, None)),
    "sides": ({"prompt": 10, "completion": 5, "total": 15}, (10, 5, None, None)),
    "ways": ({"input": 10, "output": 5}, (10, 5, None, None)),
    "tokens first": ({"tokens_in": 10, "tokens_out": 5}, (10, 5, None, None)),
    "counts of tokens": ({"input_token_count": 10, "output_token_count": 5}, (10, 5, None, None)),
    "request and response": ({"request_tokens": 10, "response_tokens": 5}, (10, 5, None, None)),
}  # fmt: skip


def counts(usage: Usage) -> tuple[float | None, ...]:
    return usage.input, usage.output, usage.cache_read, usage.reasoning


@pytest.mark.parametrize("key", ["usage", "token_usage", "llm.usage", "usage_details", "metrics"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_usage_object_is_read_by_its_words(shape: str, key: str) -> None:
    given, expected = SHAPES[shape]
    assert counts(record({**CALL, f"acme.{key}": json.dumps(given)}).usage) == expected


@pytest.mark.parametrize("below", ["usage", "llm.usage", "llm.token_usage"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_flattened_usage_is_read_by_its_words(shape: str, below: str) -> None:
    given, expected = SHAPES[shape]
    flat: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, dict):
            flat |= {f"acme.{below}.{key}.{inner}": number for inner, number in value.items()}
        else:
            flat[f"acme.{below}.{key}"] = value
    assert counts(record({**CALL, **flat}).usage) == expected


@pytest.mark.parametrize(
    "attributes",
    [{"acme.input": 10, "acme.output": 5}, {"acme.response": 200}, {"acme.metrics": json.dumps({"latency": 3})},
     {"acme.usage": json.dumps({"cost": 3, "requests": 1})}, {"acme.tokens.limit": 4000}],
)  # fmt: skip
def test_what_is_no_count_of_tokens_counts_nothing(attributes: dict[str, Any]) -> None:
    assert counts(record({**CALL, **attributes}).usage) == (None, None, None, None)


def test_usage_that_stands_on_an_event() -> None:
    found = record(
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.top_p": "Not set"},
        events={
            "gen_ai.progress": {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1},
            "gen_ai.usage": {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5},
        },
    )
    assert counts(found.usage) == (10, 5, None, None)
    assert "top_p" not in found.parameters


def test_usage_in_an_envelope() -> None:
    given = {"type": "json", "value": {"promptTokens": 10, "completionTokens": 5}}
    assert counts(record({**CALL, "acme.metrics": json.dumps(given)}).usage) == (10, 5, None, None)
