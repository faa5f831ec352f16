"""A span that counts a whole turn beside its calls is a call only where none of them is counted itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calls.told import Told

SCOPE = "openclaw"
CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5.4", "gen_ai.system": "openai"}
COUNTED = {**CALL, "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 0}
TURN = {**CALL, "gen_ai.usage.input_tokens": 24, "gen_ai.usage.output_tokens": 3}
TOTAL, CALLED = "openclaw.model.usage", "openclaw.model.call"


def names(told: Told) -> list[str]:
    return sorted(event["$ai_span_name"] for event in told.events())


@pytest.mark.parametrize(
    ("scope", "said", "times", "counted"),
    [
        (SCOPE, COUNTED, (10, 40), [CALLED]),
        (SCOPE, {**COUNTED, "gen_ai.request.model": "claude-sonnet-4-5"}, (10, 40), [CALLED]),  # another took over
        (SCOPE, CALL, (10, 40), [CALLED, TOTAL]),  # which nobody counts
        (SCOPE, COUNTED, (200, 240), [CALLED, TOTAL]),  # of the next turn
        ("app", COUNTED, (10, 40), [CALLED, TOTAL]),  # of somebody else
    ],
)
def test_a_total_beside_a_call(
    scope: str, said: dict[str, Any], times: tuple[float, float], counted: list[str]
) -> None:
    told = Told()
    around = told.begin("app", "request", 0, {})
    told.span(scope, times, said, around, CALLED)
    total = told.span(SCOPE, (0, 100), TURN, around, TOTAL)
    around.end()
    assert names(told) == counted
    assert (told.why(total) != "") == (TOTAL not in counted)


def test_a_total_that_comes_first_waits_for_its_calls() -> None:
    told = Told()
    around = told.begin("app", "request", 0, {})
    told.span(SCOPE, (0, 100), TURN, around, TOTAL)
    told.span(SCOPE, (10, 40), COUNTED, around, CALLED)
    around.end()
    assert names(told) == [CALLED]


def test_a_total_that_comes_after_its_calls_have_left() -> None:
    told = Told()
    around = told.begin("app", "request", 0, {})
    told.span(SCOPE, (10, 40), COUNTED, around, CALLED)
    told.stages.leave()
    told.span(SCOPE, (0, 100), TURN, around, TOTAL)
    around.end()
    assert names(told) == [CALLED]


def test_totals_of_two_turns_in_one_trace_are_both_counted() -> None:
    told = Told()
    around = told.begin("app", "request", 0, {})
    for begin in (0, 200):
        told.span(SCOPE, (begin, begin + 100), TURN, around, TOTAL)
    around.end()
    [first, second] = told.events()
    assert [first["$ai_input_tokens"], second["$ai_input_tokens"]] == [24, 24]
    assert first["made_from_totals"] is True


def test_a_total_in_a_trace_of_its_own_is_counted() -> None:
    told = Told()
    told.span(SCOPE, (10, 40), COUNTED, name=CALLED)
    told.span(SCOPE, (0, 100), TURN, name=TOTAL)
    assert names(told) == [CALLED, TOTAL]
