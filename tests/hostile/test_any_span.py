"""Whatever a span holds, a valid event or a counted drop comes of it, and the rest of the batch lives."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from otel_posthog_ai import PostHogSpanExporter
from otel_posthog_ai.inbox import Inbox
from tests.receiver import Receiver

GOOD = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 3,
}
# Keys that some dialect reads, so that hostile values reach the parsers and not only the left-overs.
KEYS = [
    "gen_ai.operation.name", "gen_ai.system", "gen_ai.provider.name", "gen_ai.request.model",
    "gen_ai.response.model", "gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.input.messages",
    "gen_ai.output.messages", "gen_ai.tool.definitions", "gen_ai.system_instructions", "gen_ai.tool.name",
    "gen_ai.tool.call.arguments", "gen_ai.request.temperature", "gen_ai.prompt.0.role", "gen_ai.prompt.0.content",
    "gen_ai.completion.0.tool_calls.0.name", "llm.request.type", "openinference.span.kind", "input.value",
    "output.value", "llm.input_messages.0.message.content", "llm.token_count.prompt", "llm.invocation_parameters",
    "metadata", "tag.tags", "embedding.embeddings.0.embedding.text", "traceloop.span.kind", "traceloop.entity.input",
    "traceloop.association.properties.user_id", "langfuse.observation.type", "langfuse.observation.input",
    "langfuse.observation.usage_details", "langfuse.trace.metadata", "logfire.msg", "request_data", "response_data",
    "pydantic_ai.all_messages", "final_result", "mcp.method.name", "user.id", "session.id", "$groups",
    "$ai_trace_id", "$set", "$ai_total_cost_usd", "distinct_id", "token", "__proto__", "plan", "posthog.distinct_id",
    "error.type", "http.response.status_code", "server.address", "server.port",
]  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.binary(max_size=30)
    | st.sampled_from(
        ["", "null", "{", '[{"role"', '{"role":"user","content":"x"}', "[[[[", "\ud800", "a\0b", "chat", "LLM", "TOOL"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
json_texts = values.map(lambda value: json.dumps(value, default=repr))
messages = st.lists(
    st.dictionaries(
        st.sampled_from(["role", "content", "parts", "tool_calls", "type", "text", "id", "name"]), values, max_size=5
    ),
    max_size=4,
)
attributes = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=12), values | json_texts | messages, max_size=14)
times = st.sampled_from([0, 1, 1_700_000_000_000_000_000, 16_725_225_600_000_000_000, 2**63 - 1])


def span(
    attributes: Any,
    *,
    span_id: int = 7,
    trace_id: int = 9,
    start: int = 1_700_000_000_000_000_000,
    end: int = 1_700_000_001_000_000_000,
    events: Any = (),
    resource: Any = None,
    name: str = "chat gpt-4o",
) -> ReadableSpan:
    return ReadableSpan(
        name,
        SpanContext(trace_id, span_id, False, TraceFlags(1)),
        resource=Resource(resource or {}),
        attributes=attributes,
        events=events,
        start_time=start,
        end_time=end,
        status=Status(StatusCode.ERROR, "it failed"),
        instrumentation_scope=InstrumentationScope("tests"),
    )


def assert_valid(event: dict[str, Any]) -> None:
    assert event["event"].startswith("$ai_")
    assert isinstance(event["distinct_id"], str)
    assert 0 < len(event["distinct_id"].strip()) <= 200
    properties = event["properties"]
    assert properties["$lib"] == "otel-posthog-ai"
    assert properties["$ai_trace_id"] == f"{9:032x}"
    assert isinstance(properties.get("$groups", {}), dict)
    assert "$set" not in properties
    for name in ("$ai_input_tokens", "$ai_output_tokens", "$ai_latency", "$ai_cache_read_input_tokens"):
        number = properties.get(name, 0)
        assert isinstance(number, (int, float))
        assert not isinstance(number, bool)
        assert math.isfinite(number)
        assert number >= 0
    for message in properties.get("$ai_input", []) + properties.get("$ai_output_choices", []):
        assert isinstance(message, str) or ("role" in message and "content" in message)


@pytest.fixture(scope="module")
def shared_receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(hostile=attributes, start=times, end=times, resource=attributes, event=attributes)
def test_any_attributes(
    shared_receiver: Receiver, hostile: Any, start: int, end: int, resource: Any, event: Any
) -> None:
    shared_receiver.clear()
    exporter = PostHogSpanExporter(api_key="phc_hostile", host=shared_receiver.url)
    bad = span(
        {**GOOD, **hostile}, start=start, end=end, events=[Event("exception", event), Event("gen_ai.choice", event)]
    )
    exporter.export([bad, span(GOOD, span_id=8)])
    status = exporter.status()
    exporter.shutdown()
    spans = {e["properties"].get("$ai_span_id") for e in shared_receiver.events}
    assert f"{8:016x}" in spans, "the good span of the batch lives"
    counted = sum(status["dropped"].values()) + status["filtered"] + status["merged"]
    assert f"{7:016x}" in spans or counted == 1
    for each in shared_receiver.events:
        assert_valid(each)


HOSTILE: dict[str, Any] = {
    "NaN": math.nan,
    "infinity": math.inf,
    "bytes": b"\xff\x00" * 600,
    "a lone surrogate": "ab\ud800cd",
    "NUL": "ab\0cd",
    "3 MB of text": "x" * 3_000_000,
    "cut JSON": '[{"role": "user", "parts": [{"type": "text", "con',
    "an object": {"a": {"b": [1, None, {"c": 2}]}},
    "a huge integer": 10**400,
    "deep nesting": "[" * 10_000 + "]" * 10_000,
    "an empty list": [],
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("key", ["plan", "gen_ai.output.messages", "gen_ai.usage.output_tokens", "gen_ai.response.id"])
def test_a_hostile_value_loses_at_most_itself(key: str, value: Any) -> None:
    """PostHog's own checks, as the inbox makes them, take the event; everything else on the span is there."""
    with Inbox() as inbox:
        exporter = PostHogSpanExporter(api_key="phc_hostile", host=inbox.url)
        exporter.export([span({**GOOD, key: value})])
        exporter.shutdown()
        [event] = inbox.events()
    properties = event["properties"]
    assert properties["$ai_model"] == "gpt-4o"
    assert properties["$ai_provider"] == "openai"
    assert properties["$ai_input_tokens"] == 3
    assert properties["$ai_is_error"] is True


def test_a_hundred_thousand_attributes(receiver: Receiver) -> None:
    exporter = PostHogSpanExporter(api_key="phc_hostile", host=receiver.url)
    exporter.export([span({**GOOD, **{f"key.{number}x": "v" * 20 for number in range(100_000)}})])
    exporter.shutdown()
    [event] = receiver.events
    assert len(event["properties"]) < 200
    assert exporter.status()["attributes_dropped"] > 99_000


def test_the_same_spans_give_the_same_bytes(receiver: Receiver) -> None:
    for _ in range(2):
        exporter = PostHogSpanExporter(api_key="phc_same", host=receiver.url)
        exporter.export([span({**GOOD, "plan": "pro", "gen_ai.response.id": "r1"}), span(GOOD, span_id=8)])
        exporter.shutdown()
    first, second = (body.split(b'"sent_at"')[0] for body in receiver.bodies)
    assert first == second


def test_attributes_cannot_pretend_to_be_ours(receiver: Receiver) -> None:
    exporter = PostHogSpanExporter(api_key="phc_hostile", host=receiver.url)
    pretended = {
        "$ai_trace_id": "other", "$ai_model": "free-model", "$lib": "me", "$set": '{"email": "x"}', "$ai_input": "said",
        "distinct_id": "somebody", "token": "phc_other", "$process_person_profile": True, "$ai_input_tokens": 0,
    }  # fmt: skip
    exporter.export([span({**GOOD, **pretended})])
    exporter.shutdown()
    [event] = receiver.events
    assert_valid(event)
    assert event["distinct_id"] == f"{9:032x}"
    assert event["properties"]["$ai_model"] == "gpt-4o"
    assert event["properties"]["$ai_input_tokens"] == 3
    assert event["properties"]["$process_person_profile"] is False
    assert not {"distinct_id", "token", "$ai_input"} & set(event["properties"])
