"""Each warning: one event that earns it, and the event beside it that does not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.checks import FIELD_CHECKS
from otel_posthog_ai.inbox.message_checks import _CHECKS as MESSAGE_CHECKS

from .samples import batch, event, get, iso, post

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def person(distinct_id: Any, **properties: Any) -> dict[str, Any]:
    return event("$ai_span", span_id="a", _distinct_id=distinct_id, **properties)


def span(**properties: Any) -> dict[str, Any]:
    return event("$ai_span", **{"span_id": "a", **properties})


def call(**properties: Any) -> dict[str, Any]:
    return event("$ai_generation", **{"span_id": "a", "model": "gpt-4o", **properties})


def says(*messages: Any, name: str = "output_choices") -> dict[str, Any]:
    return call(**{name: list(messages)})


def custom(**properties: Any) -> dict[str, Any]:
    made = span()
    made["properties"].update(properties)
    return made


def without_trace() -> dict[str, Any]:
    made = span()
    del made["properties"]["$ai_trace_id"]
    return made


def at(**distance: float) -> dict[str, Any]:
    return event("$ai_span", datetime.now(timezone.utc) + timedelta(**distance), span_id="a")


# code: (an event that earns the warning, one that does not)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "illegal-distinct-id": (person("Anonymous"), person("ann")),
    "long-distinct-id": (person("x" * 201), person("x" * 200)),
    "distinct-id-changed": (person(5), person("5")),
    "person-per-trace": (
        person("trace-1"),
        person("trace-1", span_name="x")
        | {"properties": {"$ai_trace_id": "trace-1", "$ai_span_id": "a", "$process_person_profile": False}},
    ),
    "timestamp": (at(days=2), at(hours=22)),
    "unknown-event": (event("$ai_news", span_id="a"), span()),
    "no-trace": (without_trace(), span()),
    "id-erased": (span(session_id={}), span(session_id=5)),
    "id-characters": (span(session_id="a b"), span(session_id="a-b_c~d.e@f(g)!'h:i|j")),
    "empty-parent": (span(parent_id=""), span(parent_id=None)),
    "no-node-id": (event("$ai_span"), event("$ai_span", generation_id="g")),
    "not-a-number": (call(input_tokens="many"), call(input_tokens={"total": 5})),
    "number-as-text": (call(output_tokens="5"), call(output_tokens=5)),
    "negative-number": (call(latency=-1), call(latency=0)),
    "cache-above-input": (
        call(input_tokens=5, cache_read_input_tokens=6, cache_reporting_exclusive=False),
        call(input_tokens=5, cache_read_input_tokens=6, cache_reporting_exclusive=True),
    ),
    "cache-unsaid": (
        call(model="claude-sonnet-4-5", cache_read_input_tokens=6),
        call(model="claude-sonnet-4-5", cache_read_input_tokens=6, cache_reporting_exclusive=False),
    ),
    "no-model": (event("$ai_generation", span_id="a"), call()),
    "zero-cost": (
        call(input_cost_usd=0, output_cost_usd=0),
        call(input_cost_usd=0, output_cost_usd=0, total_cost_usd=0),
    ),
    "one-cost": (call(input_cost_usd=0.1), call(input_cost_usd=0.1, output_cost_usd=0.1)),
    "error-flag": (span(error="boom", is_error=False), span(error="boom", is_error=True)),
    "long-error": (span(error="x" * 1001, is_error=True), span(error="x" * 1000, is_error=True)),
    "model-parameters": (call(model_parameters="{}"), call(model_parameters={})),
    "null-state": (span(input_state=None), span(input_state="")),
    "otel-marker": (span(ingestion_source="otel"), span(ingestion_source="sdk")),
    "gateway-properties": (span(gateway_id="1"), span(gate="1")),
    "groups": (custom(**{"$groups": "acme"}), custom(**{"$groups": {"company": "acme"}})),
    "tools-shape": (call(tools={}), call(tools=[])),
    "message-unrecognised": (says({"role": "assistant"}), says({"role": "assistant", "content": None})),
    "tool-calls-beside-parts": (
        says({"role": "assistant", "content": [{"type": "text", "text": "x"}], "tool_calls": [CALL]}),
        says({"role": "assistant", "content": "x", "tool_calls": [CALL]}),
    ),
    "tool-result-in-parts": (
        says({"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "x"}]}, name="input"),
        says({"role": "tool", "tool_call_id": "c", "content": "x"}, name="input"),
    ),
    "flat-tool-call": (
        says({"role": "assistant", "content": None, "tool_calls": [{"id": "c", "name": "f", "arguments": "{}"}]}),
        says({"role": "assistant", "content": None, "tool_calls": [CALL]}),
    ),
    "incomplete-function-call": (
        says({"type": "function_call", "name": "f"}),
        says({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}),
    ),
    "otel-part": (
        says({"role": "user", "parts": [{"type": "blob", "content": "x"}]}),
        says({"role": "user", "parts": [{"type": "text", "content": "x"}]}),
    ),
    "unknown-part": (
        says({"role": "user", "content": [{"type": "hologram"}]}),
        says({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}),
    ),
    "empty-tool-result": (
        says({"role": "user", "content": [{"type": "tool_result", "content": []}]}),
        says({"role": "user", "content": [{"type": "tool_result", "content": "x"}]}),
    ),
    "unread-arguments": (
        says({"role": "assistant", "content": [{"type": "tool-call", "args": {}}]}),
        says({"role": "assistant", "content": [{"type": "tool-call", "function": {"name": "f", "arguments": "{}"}}]}),
    ),
}


def codes(inbox: Inbox, made: dict[str, Any]) -> list[str]:
    answer = post(inbox.url, batch(made))
    assert answer.status == 200, answer.body
    return [warning["code"] for warning in get(inbox.url, f"/api/events/{made['uuid']}")["warnings"]]


@pytest.mark.parametrize("code", CASES)
def test_warns(inbox: Inbox, code: str) -> None:
    earns, does_not = CASES[code]
    assert code in codes(inbox, earns)
    assert code not in codes(inbox, does_not)


def test_every_check_has_a_case() -> None:
    assert set(CASES) == {code for code, _, _ in (*FIELD_CHECKS, *MESSAGE_CHECKS)}


def test_a_right_event_earns_nothing(inbox: Inbox) -> None:
    made = call(
        input=[{"role": "system", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": "x"}]}],
        output_choices=[{"role": "assistant", "content": None, "tool_calls": [CALL]}],
        input_tokens=0,
        output_tokens=5,
        latency=0.0,
    )
    assert codes(inbox, made) == []


def test_tells_each_kind_once_per_property(inbox: Inbox) -> None:
    assert codes(inbox, says({"role": "a"}, {"role": "b"}, {"role": "c"})) == ["message-unrecognised"]


def test_a_moved_clock_is_told(inbox: Inbox) -> None:
    made = at(hours=-3)
    post(inbox.url, batch(made, sent_at=iso(datetime.now(timezone.utc) - timedelta(hours=1))))
    answer = get(inbox.url, f"/api/events/{made['uuid']}")
    assert [warning["code"] for warning in answer["warnings"]] == ["timestamp"]
    assert answer["event"] == made


def test_problems_hold_refusals_and_strays(inbox: Inbox) -> None:
    made = without_trace()
    post(inbox.url, batch(made))
    post(inbox.url, batch())
    answer = get(inbox.url, "/api/problems")
    assert [refusal["reason"] for refusal in answer["refusals"]] == ["the batch is empty"]
    assert [stray["event"] for stray in answer["strays"]] == [made]
    assert get(inbox.url, "/api/traces")["traces"] == []
