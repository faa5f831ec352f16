"""Langfuse: what the golden recordings do not show, on real spans."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.dialects.langfuse_usage import read_usage_details
from otel_posthog_ai.record import AISpan

from .test_gen_ai import read as read_attributes


def read(attributes: dict[str, Any], *, name: str = "step", scope: str = "langfuse-sdk") -> AISpan | None:
    """The record of one span with these attributes; objects as the JSON text that Langfuse writes."""
    given = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in attributes.items()}
    return read_attributes(given, name=name, scope=scope)


def observed(kind: str, attributes: dict[str, Any], **more: str) -> AISpan:
    record = read(
        {
            "langfuse.observation.type": kind,
            **{f"langfuse.observation.{key}": value for key, value in attributes.items()},
        },
        **more,
    )
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("generation", ("generation", None)),
        ("embedding", ("embedding", None)),
        ("span", ("span", "custom")),
        ("event", ("span", "custom")),
        ("agent", ("span", "agent")),
        ("tool", ("span", "tool")),
        ("chain", ("span", "chain")),
        ("retriever", ("span", "retriever")),
        ("guardrail", ("span", "guardrail")),
        ("evaluator", ("span", "evaluator")),
    ],
)
def test_types(kind: str, expected: tuple[str, str | None]) -> None:
    record = observed(kind, {})
    assert (record.kind, record.span_type) == expected


def test_a_span_without_a_type_is_a_generation_when_it_names_a_model() -> None:
    record = read({"langfuse.observation.model.name": "gpt-4o"}, scope="my.app")
    assert record is not None
    assert record.kind == "generation"


def test_what_the_processor_writes_on_every_span_makes_none_of_them_ai() -> None:
    assert (
        read({"langfuse.trace.tags": ("t",), "langfuse.trace.metadata.plan": '"pro"', "user.id": "u"}, scope="my.app")
        is None
    )


def test_what_the_processor_writes_reaches_the_spans_of_others() -> None:
    record = read(
        {
            "openinference.span.kind": "LLM",
            "langfuse.trace.name": "support",
            "langfuse.trace.tags": ("t",),
            "langfuse.trace.metadata.plan": '"pro"',
            "langfuse.trace.metadata.seats": "3",
            "langfuse.environment": "test",
        },
        scope="openinference.instrumentation.openai",
    )
    assert record is not None
    assert (record.trace_name, record.tags, record.trace_metadata) == ("support", ["t"], {"plan": "pro", "seats": 3})
    assert not record.attributes


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, (10, 5, None, None, None)),
        ({"input": 10, "output": 5, "total": 15}, (10, 5, None, None, False)),
        (
            {"input": 43, "output": 16, "total": 1131, "input_cache_read": 1024, "output_reasoning": 48},
            (43, 64, 1024, 48, True),
        ),
        ({"input": 10, "output": 5, "cache_read_input_tokens": 3}, (10, 5, 3, None, True)),
        ({"input": 10, "output": 5, "input_cached_tokens": 3, "total": 15}, (10, 5, 3, None, False)),
        ({"input": 10, "output": 5, "input_audio": 4, "output_audio": 2, "total": 21}, (14, 7, None, None, None)),
    ],
)
def test_usage_details(details: dict[str, int], expected: tuple[Any, ...]) -> None:
    usage = read_usage_details(json.dumps(details))
    assert usage is not None
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning, usage.input_excludes_cache) == expected


def test_no_usage() -> None:
    assert read_usage_details(None) is None
    assert read_usage_details("{}") is None


def test_definitions_of_tools_among_the_messages() -> None:
    definition = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    record = observed(
        "generation",
        {
            "input": json.dumps(
                [
                    {"role": "user", "content": "Weather?"},
                    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
                    {"role": "tool", "content": definition},
                ]
            )
        },
    )
    assert record.tools == [definition]
    assert record.input == [
        {"role": "user", "content": "Weather?"},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]


def test_metadata_keeps_what_the_user_wrote() -> None:
    record = observed(
        "generation",
        {
            "metadata.plan": '"pro"',
            "metadata.finish_reason": '"stop"',
            "metadata.response_format": '{"type":"json_object"}',
            "metadata.tags": '["seq:step:2","beta"]',
        },
    )
    assert (record.metadata, record.finish_reason, record.tags) == ({"plan": "pro"}, "stop", ["beta"])
    assert record.parameters == {"response_format": {"type": "json_object"}}


def test_parameters_that_the_wrapper_makes_up_are_no_limits() -> None:
    record = observed(
        "generation", {"model.parameters": {"temperature": 0.2, "max_tokens": "Infinity", "service_tier": "default"}}
    )
    assert (record.parameters, record.service_tier) == ({"temperature": 0.2, "service_tier": "default"}, "default")


def test_an_error_by_its_level_alone() -> None:
    record = observed("tool", {"level": "ERROR", "status_message": "Error code: 429 - slow down"}, name="search")
    assert record.error is not None
    assert (record.error.message, record.error.status, record.tool_name) == (
        "Error code: 429 - slow down",
        429,
        "search",
    )


@pytest.mark.parametrize("moment", ['"not a time"', "", '"1999-01-01T00:00:00Z"'])
def test_a_start_of_the_answer_that_cannot_be(moment: str) -> None:
    assert observed("generation", {"completion_start_time": moment}).time_to_first_token is None


def test_prompt_and_cost() -> None:
    record = observed(
        "generation", {"prompt.name": "greeting", "prompt.version": 3, "cost_details": {"input": 0.1, "output": 0.2}}
    )
    assert (record.prompt_name, record.prompt_version) == ("greeting", 3)
    assert (record.cost.input, record.cost.output, record.cost.total) == (0.1, 0.2, None)
