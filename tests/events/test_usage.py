"""Token counts by kind; those that cannot be true are left out, counted and told."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.events.usage import cost_properties, split_is_impossible, usage_properties
from otel_posthog_ai.reading.raw_usage import fill_usage
from otel_posthog_ai.record import AISpan, Cost, Usage
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


def test_how_counts_are_meant_is_taken_over_only_with_them() -> None:
    usage, found = Usage(), Usage()
    usage.input, found.output = 10, 5
    found.input, found.input_excludes_cache, found.as_provider_counts = 6, True, True
    found.output_excludes_reasoning = True
    fill_usage(usage, found)
    assert (usage.input_excludes_cache, usage.as_provider_counts) == (None, None)
    assert (usage.output, usage.output_excludes_reasoning) == (5, True)
    asked = Usage()
    asked.output = 5
    fill_usage(asked, found)
    assert (asked.input, asked.input_excludes_cache, asked.as_provider_counts) == (6, True, True)
    assert asked.output_excludes_reasoning is None


# Output and total that are stated, the dialect's word, who answered -> output that is sent, and its text.
REASONED = [
    pytest.param(5, 15, None, "gpt-5", (5, None), id="the total says that 3 of the 5 are reasoning"),
    pytest.param(5, 18, None, "gpt-5", (8, None), id="the total says that the reasoning comes on top"),
    pytest.param(5, 18, False, "gpt-5", (8, None), id="the total is believed before the dialect"),
    pytest.param(5, 15, True, "gpt-5", (5, None), id="also where it says that nothing comes on top"),
    pytest.param(5, None, True, "gpt-5", (8, None), id="without a total the dialect knows"),
    pytest.param(5, 99, True, "gpt-5", (8, None), id="so it does where the total fits neither"),
    pytest.param(5, None, None, "gpt-5", (5, None), id="where nobody knows it is inside"),
    pytest.param(0, 13, None, "gpt-5", (3, None), id="nothing but reasoning, on top"),
    pytest.param(5, 15, None, "gemini-2.5-flash", (5, 2), id="PostHog adds a Gemini's reasoning to its text"),
    pytest.param(5, 18, None, "google/Gemini-2.5-Pro", (8, 5), id="whatever stands before its name"),
    pytest.param(3, 13, None, "gemini-2.5-flash", (3, 0), id="nothing but reasoning, inside"),
    pytest.param(2, None, None, "gemini-2.5-flash", (2, None), id="more reasoning than output is not taken from it"),
    pytest.param(5, 15, None, "gemini-1.5-pro", (5, None), id="a Gemini that PostHog takes as it is"),
]


@pytest.mark.parametrize(("output", "total", "dialect", "model", "sent"), REASONED)
def test_where_the_reasoning_is(
    output: int, total: int | None, dialect: bool | None, model: str, sent: tuple[int, int | None]
) -> None:
    for where in ("request_model", "response_model"):
        record = _call(input=10, output=output, total=total, reasoning=3, output_excludes_reasoning=dialect)
        setattr(record, where, model)
        properties = usage_properties(record)
        assert (properties["$ai_output_tokens"], properties.get("$ai_text_output_tokens")) == sent
        assert properties["$ai_reasoning_tokens"] == 3


def test_the_model_that_answered_decides_how_reasoning_is_counted() -> None:
    record = _call(input=10, output=5, total=15, reasoning=3)
    record.request_model, record.response_model = "router", "gemini-2.5-flash"
    assert usage_properties(record)["$ai_text_output_tokens"] == 2
    record.request_model, record.response_model = "gemini-2.5-flash", "gpt-5"
    assert "$ai_text_output_tokens" not in usage_properties(record)


def test_reasoning_without_an_output_and_an_output_without_reasoning() -> None:
    assert usage_properties(_call(reasoning=3, total=13, input=10)) == {
        "$ai_input_tokens": 10, "$ai_reasoning_tokens": 3, "$ai_total_tokens": 13,
    }  # fmt: skip
    none = _call(input=10, output=5, reasoning=0)
    none.request_model = "gemini-2.5-flash"
    assert usage_properties(none) == {"$ai_input_tokens": 10, "$ai_output_tokens": 5, "$ai_reasoning_tokens": 0}


def test_reasoning_on_top_needs_an_input_to_be_seen_in_the_total() -> None:
    assert usage_properties(_call(output=5, total=8, reasoning=3))["$ai_output_tokens"] == 5


KINDS = {
    "text_input": "$ai_text_input_tokens",
    "audio_input": "$ai_audio_input_tokens",
    "audio_output": "$ai_audio_output_tokens",
    "image_input": "$ai_image_input_tokens",
    "image_output": "$ai_image_output_tokens",
    "cache_read_audio": "$ai_cache_read_audio_tokens",
    "web_searches": "$ai_web_search_count",
}
ALWAYS = {"input": "$ai_input_tokens", "output": "$ai_output_tokens", "total": "$ai_total_tokens"}


def test_zero_is_a_count_and_no_kind() -> None:
    assert usage_properties(_call(**dict.fromkeys([*KINDS, *ALWAYS], 0))) == dict.fromkeys(ALWAYS.values(), 0)
    counted = {field: number for number, field in enumerate([*KINDS, *ALWAYS], 1)}
    sent = {name: counted[field] for field, name in {**KINDS, **ALWAYS}.items()}
    assert usage_properties(_call(**counted)) == sent


def test_the_parts_of_what_was_written_to_the_cache() -> None:
    sent = usage_properties(_call(input=100, cache_read=0, cache_write=9, cache_write_5m=4, cache_write_1h=5))
    assert sent == {
        "$ai_input_tokens": 100, "$ai_cache_read_input_tokens": 0, "$ai_cache_creation_input_tokens": 9,
        "$ai_cache_creation_5m_input_tokens": 4, "$ai_cache_creation_1h_input_tokens": 5,
        "$ai_cache_reporting_exclusive": False,
    }  # fmt: skip


# Input, cache read, cache write -> whether it is said how the cache is counted: only beside an input and a cache.
SAID = [
    (100, 0, None, True),
    (100, None, 0, True),
    (100, None, None, False),
    (None, 7, None, False),
    (0, 7, None, True),
]


@pytest.mark.parametrize(("asked", "read", "written", "said"), SAID)
def test_how_the_cache_is_counted_is_said_where_there_is_one(
    asked: int | None, read: int | None, written: int | None, said: bool
) -> None:
    properties = usage_properties(_call(input=asked, cache_read=read, cache_write=written))
    assert ("$ai_cache_reporting_exclusive" in properties) is said


# Whether the input is said to exclude the cache, input, read, written -> whether that cannot be.
SPLITS = [
    (False, 10, 6, 4, False), (False, 10, 6, 5, True), (False, None, 6, 5, False), (True, 10, 60, 5, False),
    (None, 10, 60, 5, False), (False, 0, 1, None, True),
]  # fmt: skip


@pytest.mark.parametrize(("excludes", "asked", "read", "written", "impossible"), SPLITS)
def test_a_split_that_cannot_be(
    excludes: bool | None, asked: int | None, read: int, written: int | None, impossible: bool
) -> None:
    record = _call(input=asked, cache_read=read, cache_write=written, input_excludes_cache=excludes)
    assert split_is_impossible(record.usage) is impossible
    assert ("$ai_cache_read_input_tokens" not in usage_properties(record)) is impossible


# Input, output, total, from the caller's own cache -> input, output, total and whether PostHog passes it through.
COSTS = [
    pytest.param(1.0, 2.0, None, False, (1.0, 2.0, 3.0, None), id="both parts"),
    pytest.param(1.0, 2.0, 3.5, False, (1.0, 2.0, 3.5, None), id="the stated total, which holds more than the parts"),
    pytest.param(1.0, 2.0, 0, False, (1.0, 2.0, 3.0, None), id="a total of 0 beside parts says nothing"),
    pytest.param(1.0, 2.0, 0.5, False, (1.0, 2.0, 0.5, None), id="a small total is one"),
    pytest.param(0, 2.0, None, False, (0, 2.0, 2.0, None), id="one part is 0"),
    pytest.param(0.25, 0.5, None, False, (0.25, 0.5, 0.75, None), id="parts of a dollar"),
    pytest.param(0, 0, 3.0, False, (None, None, 3.0, True), id="parts of 0 beside a total say nothing"),
    pytest.param(None, None, 3.0, False, (None, None, 3.0, True), id="a total alone"),
    pytest.param(None, None, 0.25, False, (None, None, 0.25, True), id="a small total alone"),
    pytest.param(1.0, None, None, False, (None, None, 1.0, True), id="an input alone"),
    pytest.param(None, 2.0, None, False, (None, None, 2.0, True), id="an output alone"),
    pytest.param(1.0, None, 3.0, False, (None, None, 3.0, True), id="one part and the total"),
    pytest.param(None, None, 0, False, (None, None, None, None), id="a 0 that nobody explains"),
    pytest.param(None, None, None, False, (None, None, None, None), id="nothing"),
    pytest.param(0, 0, 0, True, (0, 0, 0, None), id="out of the caller's cache"),
    pytest.param(None, None, None, True, (0, 0, 0, None), id="out of the caller's cache, and nothing said"),
    pytest.param(1.0, 2.0, None, True, (1.0, 2.0, 3.0, None), id="a cache that cost something"),
    pytest.param(None, None, 3.0, True, (None, None, 3.0, True), id="a cache whose total is no 0"),
    pytest.param(None, None, -1.0, False, (None, None, None, None), id="less than nothing"),
]


@pytest.mark.parametrize(("asked", "said", "total", "from_cache", "sent"), COSTS)
def test_what_a_call_cost(
    asked: float | None, said: float | None, total: float | None, from_cache: bool, sent: tuple[Any, ...]
) -> None:
    names = ("$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_total_cost_usd", "$ai_cost_passthrough")
    cost = Cost()
    cost.input, cost.output, cost.total, cost.from_cache = asked, said, total, from_cache
    expected = {name: value for name, value in zip(names, sent, strict=True) if value is not None}
    assert cost_properties(cost) == expected


def _call(**counts: Any) -> AISpan:
    record = AISpan(
        trace_id="0" * 32, span_id="1" * 16, parent_id=None, start_ns=0, end_ns=1,
        span_name="chat", scope="acme",
    )  # fmt: skip
    record.kind = "generation"
    for field, value in counts.items():
        setattr(record.usage, field, value)
    return record
