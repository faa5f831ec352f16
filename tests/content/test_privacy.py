"""Privacy mode is an allow-list: what no rule names, or does not look like what its rule expects, stays behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.content.privacy import PRIVACY_RULES, private_event
from otel_posthog_ai.events.properties import CONSTANTS, PROPERTIES
from otel_posthog_ai.events.usage import CACHE, COUNTS

SECRET = "The patient Jane Roe has a cold"


def event(name: str = "$ai_generation", **properties: Any) -> dict[str, Any]:
    return {
        "event": name,
        "distinct_id": "user-1",
        "timestamp": "2026-11-21T10:00:00.000000Z",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "properties": properties,
    }


def kept(name: str = "$ai_generation", allowed: Any = (), **properties: Any) -> dict[str, Any]:
    return private_event(event(name, **properties), allowed)["properties"]


def test_every_property_that_we_send_has_a_rule() -> None:
    names = {row.name for row in PROPERTIES} | set(CONSTANTS) | {name for name, _ in (*COUNTS, *CACHE)}
    names |= {"$ai_parent_id", "$process_person_profile", "$ai_total_cost_usd", "$ai_text_output_tokens"}
    assert names <= set(PRIVACY_RULES)


def test_a_generation_keeps_what_is_harmless() -> None:
    harmless = {
        "$ai_trace_id": "0" * 32,
        "$ai_span_id": "1" * 16,
        "$ai_parent_id": "2" * 16,
        "$ai_session_id": "session of jane@example.com",
        "$session_id": "s",
        "$groups": {"company": "Hospital Inc."},
        "$ai_model": "gpt-4o-mini-2024-07-18",
        "$ai_provider": "openai",
        "$ai_input_tokens": 50,
        "$ai_output_tokens": 0,
        "$ai_cache_reporting_exclusive": False,
        "$ai_total_cost_usd": 1.9e-05,
        "$ai_latency": 0.5,
        "$ai_stream": True,
        "$ai_http_status": 200,
        "$ai_stop_reason": "tool_calls",
        "$ai_tools_called": "get_weather,get_time",
        "$ai_tool_call_count": 2,
        "$ai_completion_id": "chatcmpl-1",
        "$ai_prompt_name": "triage",
        "$ai_prompt_version": 3,
        "$feature/new-model": "control",
        "$lib": "otel-posthog-ai",
        "otel.scope.name": "opentelemetry.instrumentation.openai_v2",
        "service.name": "clinic",
        "$process_person_profile": False,
    }
    assert kept(**harmless) == harmless


def test_content_and_custom_properties_stay_behind() -> None:
    content = {
        "$ai_input": [{"role": "user", "content": SECRET}],
        "$ai_output_choices": [{"role": "assistant", "content": SECRET}],
        "$ai_instructions": SECRET,
        "$ai_input_state": {"q": SECRET},
        "$ai_output_state": SECRET,
        "tags": [SECRET],
        "plan": "free",
        "note": SECRET,
        "gen_ai.something.new": SECRET,
        "$ai_something_new": SECRET,
        "$set": {"name": SECRET},
        "$feature/odd": SECRET,
        "service.prompt": SECRET,
    }
    assert kept(**content) == {}
    assert kept(allowed={"plan", "$ai_input", "$anything"}, **content) == {"plan": "free"}


IDENTITY = {"$ai_session_id", "$session_id", "$ai_group_id", "$groups"}


@pytest.mark.parametrize("key", sorted(set(PRIVACY_RULES) - IDENTITY))
def test_text_that_strayed_into_any_property_stays_behind(key: str) -> None:
    if PRIVACY_RULES[key] == "keep":
        return  # written by this library alone
    for stray in (f"{SECRET}. And so on?\n", [SECRET], {"text": f"{SECRET}, too"}):
        left = kept(**{key: stray})
        assert "patient" not in json.dumps(left), key


def test_tools_keep_their_names() -> None:
    tools = [
        {"type": "function", "function": {"name": "get_weather", "description": SECRET, "parameters": {"a": SECRET}}},
        {"name": "lookup", "input_schema": {}},
        {"type": "mcp", "server_label": "crm", "server_url": "https://crm/?token=1"},
        {"type": "web_search"},
        {"type": "function", "function": {"name": SECRET}},
        SECRET,
    ]
    names = [tool["function"]["name"] for tool in kept(**{"$ai_tools": tools})["$ai_tools"]]
    assert names == ["get_weather", "lookup", "crm", "web_search"]


def test_parameters_that_say_nothing() -> None:
    parameters = {
        "temperature": 0.1,
        "max_tokens": 0,
        "stream": False,
        "reasoning_effort": "low",
        "tool_choice": "auto",
        "response_format": {"type": "json_schema", "json_schema": {"description": SECRET}},
        "stop": [SECRET, "b"],
        "user": "jane",
        "metadata": {"a": SECRET},
        "seed": SECRET,
        "prediction": {"content": SECRET},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    assert kept(**{"$ai_model_parameters": parameters})["$ai_model_parameters"] == {
        "temperature": 0.1,
        "max_tokens": 0,
        "stream": False,
        "reasoning_effort": "low",
        "tool_choice": "auto",
        "response_format": "json_schema",
        "stop_count": 2,
        "thinking": "enabled",
    }


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("$ai_span", {"$ai_span_name": "get_weather", "$ai_span_type": "tool"}, "get_weather"),
        (
            "$ai_span",
            {"$ai_span_name": "handoff to Spanish agent", "$ai_span_type": "handoff"},
            "handoff to Spanish agent",
        ),
        ("$ai_span", {"$ai_span_name": "Answer Jane", "$ai_span_type": "custom"}, "custom"),
        ("$ai_span", {"$ai_span_name": "Answer Jane"}, "span"),
        ("$ai_span", {"$ai_span_name": "notes://jane@example.com/diary", "$ai_span_type": "mcp"}, "mcp"),
        ("$ai_span", {"$ai_span_name": f"{SECRET}!", "$ai_span_type": "chain"}, "chain"),
        ("$ai_trace", {"$ai_span_name": "support_graph"}, "support_graph"),
        ("$ai_trace", {"$ai_span_name": "Weather Agent", "$ai_agent_name": "Weather Agent"}, "Weather Agent"),
        ("$ai_trace", {"$ai_span_name": "Answer Jane"}, "trace"),
        ("$ai_generation", {"$ai_span_name": SECRET, "$ai_model": "gpt-4o"}, "chat gpt-4o"),
        ("$ai_embedding", {"$ai_span_name": SECRET}, "embeddings"),
    ],
)
def test_names(name: str, properties: dict[str, Any], expected: str) -> None:
    assert kept(name, **properties)["$ai_span_name"] == expected


def test_the_callers_name_replaces_one_that_may_hold_a_message() -> None:
    whole = event(**{"$ai_span_name": SECRET, "$ai_model": "m"})
    assert private_event(whole, name="text_completion m")["properties"]["$ai_span_name"] == "text_completion m"


def test_errors_keep_class_and_status() -> None:
    error = {"$ai_is_error": True, "$ai_error": f"RateLimitError: {SECRET}", "$ai_http_status": 429}
    assert kept(**error)["$ai_error"] == "error (status 429)"
    assert kept(**error, **{"$ai_error_type": "openai.RateLimitError"}) == {
        "$ai_is_error": True,
        "$ai_error": "openai.RateLimitError (status 429)",
        "$ai_http_status": 429,
        "$ai_error_type": "openai.RateLimitError",
    }
    assert "$ai_error_type" not in kept(**error, **{"$ai_error_type": SECRET})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1/chat?api-version=1&q=Jane#x", "https://api.openai.com/v1/chat"),
        ("https://bob:pw@host:8080/v1", "https://host:8080/v1"),
        ("http://127.0.0.1:8899/v1", "http://127.0.0.1:8899/v1"),
        ("http://[::1/", None),
        (SECRET, None),
    ],
)
def test_urls_lose_query_and_user(url: str, expected: str | None) -> None:
    assert kept(**{"$ai_request_url": url}).get("$ai_request_url") == expected


def test_feedback_metrics_and_evaluations() -> None:
    assert kept("$ai_metric", **{"$ai_metric_name": "groundedness", "$ai_metric_value": "0.93"}) == {
        "$ai_metric_name": "groundedness",
        "$ai_metric_value": "0.93",
    }
    assert kept("$ai_metric", **{"$ai_metric_value": SECRET}) == {}
    assert kept("$ai_metric", **{"$ai_metric_value": float("inf")}) == {}
    assert kept("$ai_feedback", **{"$ai_feedback_text": SECRET, "feedback_value": "true"}) == {"feedback_value": "true"}
    verdict = {"$ai_evaluation_name": "is_polite", "$ai_evaluation_result": False, "$ai_target_id": "1" * 36}
    assert kept("$ai_evaluation", **verdict, **{"$ai_evaluation_reasoning": SECRET}) == verdict


def test_what_delivery_writes_afterwards_cannot_come_from_the_span() -> None:
    assert kept("$ai_generation", **{"otel_posthog_ai.shrunk": SECRET}) == {}


def test_the_envelope_holds_nothing_else() -> None:
    whole = {**event(), "$set": {"a": SECRET}, "extra": SECRET}
    assert private_event(whole) == event()
    assert whole["extra"] == SECRET, "the event itself must not change"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(PRIVACY_RULES)) | st.text(max_size=12), json_values, max_size=8))
def test_anything_at_all_gives_a_private_event(properties: dict[str, Any]) -> None:
    for name in ("$ai_generation", "$ai_span", "$ai_trace", "other"):
        private = private_event(event(name, **properties))
        json.dumps(private, allow_nan=False)
        assert set(private["properties"]) <= set(PRIVACY_RULES) | {
            key for key in properties if key.startswith("$feature/")
        }
        assert private_event(private)["properties"].keys() == private["properties"].keys()
