"""What the steps of a dialect around a call know of it, and the pieces of its answer: what the call tells of both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from tests.calls.told import MILLISECOND, Told
from tests.traced import CHAT

KIND = "mastra.span.type"
ANSWER = {
    "id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "yes"}],
    "model": "gpt-4o", "stop_reason": "end_turn", "usage": {"input_tokens": 10, "output_tokens": 5},
}  # fmt: skip
OTHER = [{"role": "user", "content": "ho"}]
ASKED = [{"role": "user", "content": "hi"}]


def step(**body: Any) -> dict[str, Any]:
    """A step of Mastra's that has its provider's answer."""
    return {
        KIND: "model_step",
        "mastra.model_step.input": json.dumps(ASKED),
        "mastra.metadata.body": json.dumps({**ANSWER, **body}),
    }


def call(**said: Any) -> dict[str, Any]:
    return {KIND: "model_inference", **CHAT, **{f"gen_ai.{key.replace('__', '.')}": said[key] for key in said}}


def told_by(*steps: dict[str, Any], calls: tuple[dict[str, Any], ...], scope: str = "mastra") -> list[dict[str, Any]]:
    """The calls below steps within steps."""
    told = Told()
    opened = []
    for number, said in enumerate(steps):
        opened.append(told.begin("mastra", "step", number, said, opened[-1] if opened else None))
    for number, said in enumerate(calls):
        told.span(scope, (10 + number, 20 + number), said, opened[-1], f"chat {number}")
    for each in reversed(opened):
        each.end(1_100 * MILLISECOND)
    return told.events()


def _words(found: dict[str, Any]) -> tuple[Any, Any]:
    return found.get("$ai_input"), found.get("$ai_completion_id")


LENT = {
    "what it does not say": ([step()], call(), (ASKED, "msg_1")),
    "its own words come first": (
        [step()], call(input__messages=json.dumps(OTHER)), (OTHER, "msg_1"),
    ),
    "its own answer's id comes first": ([step()], call(response__id="r1"), (ASKED, "r1")),
    "the nearest step is asked first": ([step(id="far"), step(id="near")], call(), (ASKED, "near")),
    "a step between that knows nothing": ([step(), {KIND: "workflow_step"}], call(), (ASKED, "msg_1")),
    "a tool between": ([step(), {KIND: "tool_call"}], call(), (None, None)),
    "a call between": ([step(), call(response__id="r1")], call(), (None, None)),
    "a call that another dialect reads": ([step()], dict(CHAT), (None, None)),
}  # fmt: skip


@pytest.mark.parametrize("row", LENT)
def test_what_a_step_lends_to_the_call_below_it(row: str) -> None:
    steps, said, expected = LENT[row]
    found = told_by(*steps, calls=(said,))
    assert _words(next(each for each in found if each["$ai_span_name"] == "chat 0")) == expected


def test_of_several_calls_below_a_step_one_has_its_answer() -> None:
    first, second = told_by(step(), calls=(call(), call()))
    assert _words(first) == (ASKED, "msg_1")
    assert _words(second) == (ASKED, None)


# Whether the step failed, why the call stopped, whether it failed itself -> what the call says: an error, a reason.
FAILED = {
    "the step says why": (True, "error", False, ("ValueError: no", None)),
    "nobody says why": (False, "error", False, (None, "error")),
    "the call went well": (True, "stop", False, (None, "stop")),
    "the call says why": (True, "error", True, ("KeyError: own", "error")),
}


@pytest.mark.parametrize("row", FAILED)
def test_a_call_that_stopped_with_an_error_which_the_step_around_it_knows(row: str) -> None:
    step_failed, reason, call_failed, expected = FAILED[row]
    told = Told()
    around = told.begin("mastra", "step", 0, {KIND: "model_step"})
    inner = told.begin("mastra", "chat", 1, call(response__finish_reasons=(reason,)), around)
    if call_failed:
        inner.set_status(StatusCode.ERROR, "KeyError: own")
    if step_failed:
        around.set_status(StatusCode.ERROR, "ValueError: no")
    inner.end(1_090 * MILLISECOND)
    around.end(1_100 * MILLISECOND)
    (found,) = told.events()
    assert (found.get("$ai_error"), found.get("$ai_stop_reason")) == expected
    assert bool(found.get("$ai_is_error")) is (expected[0] is not None)


# ---- pieces of an answer ---------------------------------------------------------------------------------------------

PIECE = {KIND: "model_chunk"}
STREAMED = call(request__stream=True)

# What the call says, when its pieces began, in milliseconds -> when its first token came, in seconds.
PIECES = {
    "the first of them, whoever ends first": (STREAMED, (40, 30, 50), 0.03),
    "one": (STREAMED, (25,), 0.025),
    "before the call, by two clocks": (STREAMED, (-1, 30), 0.0),
    "no stream": (call(), (40, 30), None),
    "what it says itself is later": ({**STREAMED, "gen_ai.response.time_to_first_token": 0.5}, (30,), 0.03),
    "what it says itself is sooner": ({**STREAMED, "gen_ai.response.time_to_first_token": 0.01}, (30,), 0.01),
    "none": (STREAMED, (), None),
}


@pytest.mark.parametrize("row", PIECES)
def test_an_answer_began_with_its_first_piece(row: str) -> None:
    said, begun, expected = PIECES[row]
    told = Told()
    around = told.begin("mastra", "chat", 0, said)
    within = told.begin("mastra", "step", 1, {KIND: "workflow_step"}, around)
    for moment in begun:
        told.span("mastra", (moment, 60), PIECE, within, "chunk")
    within.end(1_080 * MILLISECOND)
    around.end(1_100 * MILLISECOND)
    (found,) = told.events()
    assert found.get("$ai_time_to_first_token") == (pytest.approx(expected) if expected is not None else None)
    assert told.stages.counters.snapshot()["filtered"] == len(begun)
    assert len([each for each in told.stages.events if each["event"] == "$ai_span"]) <= 1, "no piece is drawn"


def test_the_pieces_of_two_calls() -> None:
    """Each is of the call that it stands in."""
    told = Told()
    for number in range(2):
        around = told.begin("mastra", f"chat {number}", number * 100, STREAMED)
        told.span("mastra", (number * 100 + 10 + number, number * 100 + 50), PIECE, around, "chunk")
        around.end((1_060 + number * 100) * MILLISECOND)
    assert [each["$ai_time_to_first_token"] for each in told.events()] == [pytest.approx(0.01), pytest.approx(0.011)]
