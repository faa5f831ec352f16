"""The demo's judgement: silence when all is there, one plain sentence for each thing that is not."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.demo.expectation import Above, Containing, Happened, what_is_wrong

_CALL = Happened("t1", "The call", "$ai_generation", {"$ai_model": "gpt-4o", "$ai_latency": Above(0)})


def _event(name: str = "$ai_generation", user: str = "ada", **properties: Any) -> dict[str, Any]:
    known = {"$ai_model": "gpt-4o", "$ai_latency": 0.2, "$ai_session_id": "s1"}
    return {
        "event": name,
        "distinct_id": user,
        "timestamp": "2026-11-21T10:00:00Z",
        "properties": {**known, **{f"$ai_{key}": value for key, value in properties.items()}},
    }


def _judge(events: list[dict[str, Any]] | None, *happened: Happened) -> list[str]:
    trace = None if events is None else {"events": events, "warnings": []}
    return what_is_wrong(happened or (_CALL,), {"t1": trace}, "ada", "s1")


def test_nothing_is_wrong_when_everything_arrived() -> None:
    assert _judge([_event()]) == []


def test_a_trace_that_never_arrived_is_named() -> None:
    assert _judge(None) == ["The call: nothing arrived"]


def test_a_missing_event_and_a_superfluous_one_are_named() -> None:
    assert _judge([_event("$ai_span", span_name="chat")]) == [
        "The call: no $ai_generation arrived",
        "$ai_span “chat” should not be there",
    ]


def test_a_doubled_event_is_named() -> None:
    assert _judge([_event(span_name="chat"), _event(span_name="chat")]) == ["$ai_generation “chat” should not be there"]


def test_wrong_values_are_named_with_what_was_expected() -> None:
    assert _judge([_event(user="bob", model="gpt-4", latency=0, session_id="s2")]) == [
        "The call: belongs to bob, not to ada",
        'The call: $ai_session_id is "s2", not s1',
        'The call: $ai_model is "gpt-4", not gpt-4o',
        "The call: $ai_latency is 0, not above 0",
    ]


def test_events_of_one_kind_find_their_partner_whatever_their_order() -> None:
    first, second = (Happened("t1", what, "$ai_generation", {"$ai_model": what}) for what in ("a", "b"))
    assert _judge([_event(model="b"), _event(model="a")], first, second) == []


def test_warnings_of_the_inbox_are_faults() -> None:
    traces = {
        "t1": {
            "events": [_event()],
            "warnings": [{"code": "orphan", "effect": "drawn wrong", "text": "a node has no parent"}],
        }
    }
    assert what_is_wrong([_CALL], traces, "ada", "s1") == ["PostHog would warn: a node has no parent"]


def test_matchers() -> None:
    assert Above(0) == 1
    assert Above(0) != True  # noqa: E712 - a boolean is no number
    assert Above(0) != "1"
    assert Containing("°C") == [{"content": "21 °C"}]
    assert Containing("x") != None  # noqa: E711
