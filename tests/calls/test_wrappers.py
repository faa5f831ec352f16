"""Calls around calls: a span that says no more than the calls right inside it is a step; nothing is counted twice."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, Tracer, set_span_in_context

from tests.stages import Stages, provider_of
from tests.traced import AGENT, TOOL

Counts = tuple[int, int] | None


def _call(counts: Counts = None, answer: str | None = None, **said: Any) -> dict[str, Any]:
    """A chat with gpt-4o: what it counted, in and out, and the answer's id."""
    attributes: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", **said}
    if counts is not None:
        attributes |= {"gen_ai.usage.input_tokens": counts[0], "gen_ai.usage.output_tokens": counts[1]}
    return attributes if answer is None else {**attributes, "gen_ai.response.id": answer}


STREAM = {"gen_ai.request.stream": True}
OTHER_MODEL = {"gen_ai.request.model": "gpt-4o-mini"}
EMBEDDING = {"gen_ai.operation.name": "embeddings"}

# What the outer says, what those inside it say -> the names of the calls that are counted.
OF_ONE_SCOPE = [
    pytest.param(_call((10, 5)), [_call((10, 5))], ["0"], id="it counts the same"),
    pytest.param(_call((30, 15)), [_call((10, 5)), _call((20, 10))], ["0", "1"], id="it counts the sum"),
    pytest.param(_call((10, 5)), [_call((10, 6))], ["0", "outer"], id="another output: a call of its own"),
    pytest.param(_call((10, 5)), [_call((11, 5))], ["0", "outer"], id="another input: a call of its own"),
    pytest.param(_call((10, 5)), [_call((10, 5)), _call()], ["0", "1", "outer"], id="one of them counts nothing"),
    pytest.param(_call((10, 5), "r1"), [_call((10, 5), "r2")], ["0", "outer"], id="as many, of another answer"),
    pytest.param(
        _call((30, 15), "r2"), [_call((10, 5), "r1"), _call((20, 10), "r2")], ["0", "1"], id="sum, the last answer"
    ),
    pytest.param(_call((30, 15), "r3"), [_call((10, 5), "r1"), _call((20, 10), "r2")], ["0", "1"], id="sum"),
    pytest.param(_call((9, 5), "r1"), [_call((8, 5), "r1")], ["0"], id="the same answer"),
    pytest.param(_call((9, 5), "r1"), [_call((8, 5), "r2")], ["0", "outer"], id="another answer"),
    pytest.param(_call(), [_call((10, 5))], ["0"], id="it says nothing"),
    pytest.param(_call(), [_call()], ["0"], id="nobody says anything"),
    pytest.param(_call(), [_call((10, 5), **OTHER_MODEL)], ["0", "outer"], id="it asked another model"),
    pytest.param(_call(), [_call((3, 0), **EMBEDDING)], ["outer"], id="it only embedded inside"),
    pytest.param(_call(**STREAM), [_call((10, 5))], ["0", "outer"], id="a stream that its span saw nothing of"),
    pytest.param(_call((0, 5)), [_call((0, 5))], ["0"], id="counts of nothing that went in"),
    pytest.param(_call(answer="r1"), [_call((10, 5))], ["0", "outer"], id="it has an answer of its own"),
]
OF_TWO_SCOPES = [
    pytest.param(_call(), [_call((10, 5)), _call((20, 10))], ["0", "1"], id="it says nothing, and two were answered"),
    pytest.param(_call(), [_call(answer="r1"), _call(answer="r2")], ["0", "1"], id="two answers"),
    pytest.param(_call((30, 15)), [_call((10, 5)), _call((20, 10))], ["0", "1"], id="it counts the sum"),
    pytest.param(_call(), [_call((10, 5))], ["outer"], id="one: both are reports of it"),
    pytest.param(_call((10, 5)), [_call((10, 5))], ["outer"], id="one that counts the same"),
    pytest.param(_call((30, 16)), [_call((10, 5)), _call((20, 10))], ["0", "1", "outer"], id="it counts more"),
    pytest.param(_call((20, 10)), [_call((10, 5)), _call((20, 10))], ["0", "outer"], id="it counts one of them"),
    pytest.param(_call(), [_call(), _call((20, 10))], ["outer"], id="it was tried again, and answered"),
    pytest.param(_call(), [_call((3, 0), **{**EMBEDDING, **OTHER_MODEL})] * 2, ["outer"], id="it embedded twice"),
    pytest.param(
        _call(**STREAM), [_call((10, 5), "r1"), _call((20, 10), "r2")], ["1", "outer"],
        id="a stream, and a call while it was read",
    ),
]  # fmt: skip


def _counted(stages: Stages) -> list[str]:
    """The names of the calls, when all has left."""
    stages.leave()
    calls = (event for event in stages.events if event["event"] == "$ai_generation")
    return sorted(event["properties"]["$ai_span_name"] for event in calls)


def _run(outer_of: Tracer, inner_of: Tracer, outer: dict[str, Any], inner: list[dict[str, Any]]) -> None:
    with outer_of.start_as_current_span("outer", attributes=outer):
        for number, said in enumerate(inner):
            inner_of.start_span(str(number), attributes=said).end()


@pytest.mark.parametrize(
    ("scopes", "outer", "inner", "counted"),
    [
        pytest.param(scopes, *row.values, id=f"{scopes[0]}, {row.id}")
        for scopes, rows in ((("app", "app"), OF_ONE_SCOPE), (("framework", "client"), OF_TWO_SCOPES))
        for row in rows
    ],
)
def test_calls_around_calls(
    stages: Stages,
    provider: TracerProvider,
    scopes: tuple[str, str],
    outer: dict[str, Any],
    inner: list[dict[str, Any]],
    counted: list[str],
) -> None:
    _run(*map(provider.get_tracer, scopes), outer, inner)
    assert _counted(stages) == counted


@pytest.mark.parametrize(("outer", "inner", "counted"), OF_ONE_SCOPE)
def test_calls_that_have_left(
    stages: Stages, provider: TracerProvider, outer: dict[str, Any], inner: list[dict[str, Any]], counted: list[str]
) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("outer", attributes=outer):
        for number, said in enumerate(inner):
            tracer.start_span(str(number), attributes=said).end()
        stages.leave(everything=False)
        assert len(stages.events) == len(inner)  # a call need not wait for one of its own scope
    assert _counted(stages) == counted


@pytest.mark.parametrize("between", [TOOL, AGENT], ids=["tool", "agent"])
@pytest.mark.parametrize("has_left", [False, True])
def test_what_runs_below_a_step_of_the_call_is_not_it(
    stages: Stages, provider: TracerProvider, between: dict[str, Any], has_left: bool
) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("outer", attributes=_call()):
        with tracer.start_as_current_span("step", attributes=between):
            tracer.start_span("inner", attributes=_call((10, 5))).end()
        if has_left:
            stages.leave(everything=False)
    assert _counted(stages) == ["inner", "outer"]


def _functions_run(calls: int) -> int:
    """How many functions run while so many calls of traces of their own leave, whose insides have left already."""
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    around = [tracer.start_span("outer", attributes=_call()) for _ in range(calls)]
    for outer in around:
        tracer.start_span("inner", context=set_span_in_context(outer), attributes=_call((10, 5))).end()
    stages.leave(everything=False)
    for outer in around:
        outer.end()
    stages.queue_ended()
    stages.read_queued()
    run = 0

    def count(*_: object) -> None:
        nonlocal run
        run += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        stages.release()
    finally:
        sys.setprofile(before)
    return run


def test_calls_in_other_traces_at_the_same_time_cost_nothing() -> None:
    assert _functions_run(400) < 6 * _functions_run(100)


def test_two_instrumentors_of_one_call_are_no_two_answers(stages: Stages, provider: TracerProvider) -> None:
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=_call()):
        for scope in ("client", "probe"):
            provider.get_tracer(scope).start_span(scope, attributes=_call((10, 5), "r1")).end()
    assert _counted(stages) == ["framework"]


def test_tries_that_all_failed_are_what_was_asked(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    refused = Status(StatusCode.ERROR, "429")
    with tracer.start_as_current_span("request", attributes=_call()) as request:
        for number in range(3):
            attempt = tracer.start_span(f"attempt {number}", attributes=_call())
            attempt.set_status(refused)
            attempt.end()
        request.set_status(refused)
    assert _counted(stages) == ["attempt 0", "attempt 1", "attempt 2"]


def test_a_failed_try_is_not_what_went_well_without_a_span(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("request", attributes=_call()):
        attempt = tracer.start_span("attempt", attributes=_call())
        attempt.set_status(Status(StatusCode.ERROR, "503"))
        attempt.end()
    assert _counted(stages) == ["attempt", "request"]


@pytest.mark.parametrize("has_left", [False, True])
def test_what_began_after_a_call_is_no_part_of_it(stages: Stages, provider: TracerProvider, has_left: bool) -> None:
    tracer = provider.get_tracer("app")
    first = tracer.start_span("first", attributes=_call())
    around = set_span_in_context(first)
    first.set_status(Status(StatusCode.ERROR, "503"))
    first.end()
    tracer.start_span("again", context=around, attributes=_call((10, 5))).end()
    if has_left:
        stages.leave(everything=False)
    assert _counted(stages) == ["again", "first"]


@pytest.mark.parametrize("inner_scope", ["app", "client"])
def test_what_is_inside_a_step_counts_for_the_call_around_it(
    stages: Stages, provider: TracerProvider, inner_scope: str
) -> None:
    inner = provider.get_tracer(inner_scope)
    with provider.get_tracer("app").start_as_current_span("run", attributes=_call((60, 30))):
        with inner.start_as_current_span("request", attributes=_call()):
            inner.start_span("first", attributes=_call((10, 5))).end()
            inner.start_span("second", attributes=_call((20, 10))).end()
        inner.start_span("third", attributes=_call((30, 15))).end()
    assert _counted(stages) == ["first", "second", "third"]


def test_a_step_around_calls_keeps_its_words(stages: Stages, provider: TracerProvider) -> None:
    asked = {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'}
    _run(provider.get_tracer("app"), provider.get_tracer("app"), _call((10, 5), **asked), [_call((10, 5))])
    stages.leave()
    (step,) = (event for event in stages.events if event["event"] == "$ai_trace")
    assert step["properties"]["$ai_input_state"] == [{"role": "user", "content": "hi"}]
    assert "$ai_input_tokens" not in step["properties"]


def test_who_asks_for_every_report_gets_it() -> None:
    stages = Stages(deduplicate=False)
    tracer = provider_of(stages).get_tracer("app")
    _run(tracer, tracer, _call((10, 5)), [_call((10, 5))])
    assert _counted(stages) == ["0", "outer"]


@pytest.mark.parametrize(("begun", "calls"), [(50, 1), (102, 1), (103, 2)])
def test_what_was_asked_after_a_failure_is_another_call(
    stages: Stages, provider: TracerProvider, begun: int, calls: int
) -> None:
    """The context of the framework's call is still the current one when a client asks again."""
    outer = provider.get_tracer("framework").start_span("outer", attributes=_call(), start_time=_at(0))
    outer.set_status(Status(StatusCode.ERROR, "429"))
    inner = provider.get_tracer("client").start_span(
        "inner", set_span_in_context(outer), attributes=_call((10, 5)), start_time=_at(begun)
    )
    outer.end(_at(100))
    inner.end(_at(begun + 10))
    assert len(_counted(stages)) == calls


def _at(milliseconds: int) -> int:
    return 10**18 + milliseconds * 1_000_000
