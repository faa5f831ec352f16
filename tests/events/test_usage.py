"""Token counts by kind; those that cannot be true are left out, counted and told."""

from __future__ import annotations

import pytest

from otel_posthog_ai.reading.raw_usage import fill_usage
from otel_posthog_ai.record import Usage
from tests.traced import Traced

CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 5,
}
# An instrumentor that adds the cache to the input, as its scope tells.
INCLUSIVE = "opentelemetry.instrumentation.genai.langchain"


def test_more_from_the_cache_than_the_input_has(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    tracer = traced.provider.get_tracer(INCLUSIVE)
    for name, cached in (("true", 8), ("false", 50)):
        tracer.start_span(f"chat {name}", attributes={**CALL, "gen_ai.usage.cache_read.input_tokens": cached}).end()
    events = traced.events()
    assert events["chat true"]["properties"]["$ai_cache_read_input_tokens"] == 8
    left = events["chat false"]["properties"]
    assert left["$ai_input_tokens"] == 10
    assert not [name for name in left if "cache" in name]
    assert traced.processor.status()["cache_splits_dropped"] == 1
    assert sum("the split is left out" in record.message for record in caplog.records) == 1


def test_the_input_by_kind(traced: Traced) -> None:
    kinds = {"text": 6, "audio": 4, "image": 0}
    split = {f"gen_ai.usage.{kind}.input_tokens": count for kind, count in kinds.items()}
    traced.tracer.start_span("chat", attributes={**CALL, **split}).end()
    properties = traced.events()["chat"]["properties"]
    assert properties["$ai_text_input_tokens"] == 6
    assert properties["$ai_audio_input_tokens"] == 4
    assert "$ai_image_input_tokens" not in properties


# Input, cache read, cache write, who answered -> whether the cache counts stand apart from the input.
COUNTED = [
    pytest.param("openai", 100, 100, None, False, id="a prompt that came whole from the cache is in the input"),
    pytest.param("openai", 100, 40, None, False, id="OpenAI counts the cache in the input"),
    pytest.param("anthropic", 100, 40, None, False, id="so do the conventions, whoever answered"),
    pytest.param("anthropic", 100, 40, 61, True, id="what is more than the input cannot be in it"),
    pytest.param("aws.bedrock", 100, 40, None, True, id="Bedrock's counts are handed on as they are"),
]


@pytest.mark.parametrize(("provider", "asked", "read", "written", "apart"), COUNTED)
def test_whose_way_of_counting_it_is(
    traced: Traced, provider: str, asked: int, read: int, written: int | None, apart: bool
) -> None:
    attributes = {
        **CALL,
        "gen_ai.request.model": "claude-sonnet-4-5" if provider == "anthropic" else "gpt-4o",
        "gen_ai.provider.name": provider,
        "gen_ai.usage.input_tokens": asked,
        "gen_ai.usage.cache_read.input_tokens": read,
    }
    if written is not None:
        attributes["gen_ai.usage.cache_creation.input_tokens"] = written
    traced.tracer.start_span("chat", attributes=attributes).end()
    properties = traced.events()["chat"]["properties"]
    assert properties["$ai_cache_reporting_exclusive"] is apart
    assert (properties["$ai_input_tokens"], properties["$ai_cache_read_input_tokens"]) == (asked, read)


def test_the_total_of_one_object_does_not_stand_beside_the_counts_of_another() -> None:
    usage, found = Usage(), Usage()
    usage.input, usage.output = 10, 5
    found.input, found.output, found.total, found.reasoning = 11, 5, 16, 2
    fill_usage(usage, found)
    assert (usage.input, usage.output, usage.total, usage.reasoning) == (10, 5, None, 2)
