"""Events that no honest exporter sends: each is taken or refused, and every question is still answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_posthog_ai.inbox import Inbox

from .samples import KEY, batch, event, get, post, request

SCRIPT = "<script>alert(1)</script>"
AI_NAMES = [
    "trace_id",
    "span_id",
    "parent_id",
    "generation_id",
    "session_id",
    "span_name",
    "span_type",
    "model",
    "provider",
    "latency",
    "input_tokens",
    "output_tokens",
    "total_cost_usd",
    "input_cost_usd",
    "is_error",
    "error",
    "input",
    "output_choices",
    "tools",
    "input_state",
    "output_state",
    "cache_read_input_tokens",
    "cache_reporting_exclusive",
    "model_parameters",
    "ingestion_source",
]

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            text | st.sampled_from(["role", "content", "type", "tool_calls", "parts", "total"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
events = st.builds(
    lambda name, properties, rest: {
        "event": name,
        "distinct_id": "u",
        **rest,
        "properties": {f"$ai_{key}": value for key, value in properties.items()},
    },
    st.sampled_from(["$ai_generation", "$ai_span", "$ai_trace", "$ai_embedding", "$ai_feedback", "$ai_other", "x"]),
    st.dictionaries(st.sampled_from(AI_NAMES), json_values, max_size=6) | st.just({}),
    st.dictionaries(st.sampled_from(["timestamp", "uuid", "offset", "distinct_id", "$set"]), json_values, max_size=1),
)


@pytest.fixture(scope="module")
def shared() -> Any:
    with Inbox() as inbox:
        yield inbox


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(events, min_size=1, max_size=4))
def test_any_event_is_taken_or_refused(shared: Inbox, made: list[dict[str, Any]]) -> None:
    answer = post(shared.url, batch(*made))
    assert answer.status in (200, 400), answer.body
    listed = get(shared.url, "/api/traces?limit=20")
    for trace in listed["traces"]:
        if "/" not in trace["id"]:
            assert request(shared.url, "/api/traces/" + _quoted(trace["id"])).status == 200
    assert "strays" in get(shared.url, "/api/problems")


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values | st.builds(lambda value: {"api_key": KEY, "batch": value}, json_values))
def test_any_body_is_answered(shared: Inbox, value: Any) -> None:
    assert post(shared.url, value).status in (200, 400, 401)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(shared: Inbox, body: bytes) -> None:
    assert request(shared.url, "/batch/", body).status in (400, 401)


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@pytest.mark.parametrize(
    "trace_id", ["a/b", "../x", "?q", "#", "%2F", " ", "null", "x" * 300, "a\0b", "😀", SCRIPT, "..", "."]
)
def test_any_trace_id_can_be_asked_for(inbox: Inbox, trace_id: str) -> None:
    post(inbox.url, batch(event("$ai_span", trace_id=trace_id, span_id="a")))
    assert get(inbox.url, f"/api/traces/{_quoted(trace_id)}")["trace"]["id"] == trace_id


@pytest.mark.parametrize("latency", [1e300, -1e300, 1e18, "1e300", 10**400])
def test_absurd_latencies(inbox: Inbox, latency: Any) -> None:
    body = json.dumps(batch(event(latency=latency))).encode()
    assert request(inbox.url, "/batch/", body).status == 200
    assert get(inbox.url, "/api/traces/trace-1")["tree"]


@pytest.mark.parametrize(
    "timestamp",
    [
        "1970-01-01T00:00:00Z",
        "2500-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "99999-01-01T00:00:00Z",
    ],
)
@pytest.mark.parametrize("sent_at", [None, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_absurd_times(inbox: Inbox, timestamp: str, sent_at: str | None) -> None:
    made = event(_timestamp=timestamp, latency=5)
    assert post(inbox.url, batch(made, **({} if sent_at is None else {"sent_at": sent_at}))).status == 200
    assert get(inbox.url, "/api/traces/trace-1")["trace"]["started_at"]


def test_huge_counts_do_not_overflow(inbox: Inbox) -> None:
    post(inbox.url, batch(event(input_tokens=2**80), event(input_tokens=2**63)))
    assert get(inbox.url, "/api/traces/trace-1")["trace"]["input_tokens"] == float(2**80 + 2**63)


def test_a_refusal_never_repeats_content_or_key(inbox: Inbox) -> None:
    secret = "sk-very-secret"
    for body in (
        f'{{"api_key": "phx_{secret}", "batch": [{{}}]}}',
        f'{{"api_key": "{KEY}", "batch": [{{"event": "{secret}"}}]}}',
        f'{{"api_key": "{secret}", "batch": [',
        f'{{"x": {secret}}}',
    ):
        answer = request(inbox.url, "/batch/", body.encode())
        assert answer.status >= 400
        assert secret not in answer.body.decode()
    assert secret not in json.dumps(inbox.refusals())
