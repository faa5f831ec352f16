"""Which two spans are one call, and which are not, evidence by evidence."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai.calls.comparing import contains, overlap, same_model
from otel_posthog_ai.record import AISpan
from tests.stages import Stages
from tests.traced import AGENT, CHAT, TOOL

MILLISECOND = 1_000_000


def calls(stages: Stages) -> list[dict[str, Any]]:
    return [event["properties"] for event in stages.events if event["event"] == "$ai_generation"]


def _chat(**attributes: Any) -> dict[str, Any]:
    return {**CHAT, **{f"gen_ai.{key.replace('__', '.')}": value for key, value in attributes.items()}}


def _asked(text: str) -> dict[str, str]:
    return {"gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{text}"}}]}}]'}


def _record(start: int, end: int, scope: str = "app", model: str | None = None) -> AISpan:
    record = AISpan(trace_id="1" * 32, span_id="2" * 16, parent_id=None, start_ns=start,
                    end_ns=end, span_name="chat", scope=scope)  # fmt: skip
    record.kind, record.request_model = "generation", model
    return record


# ---- times ----------------------------------------------------------------------------------------------------------

LONG = (100 * MILLISECOND, 200 * MILLISECOND)
TIMES = [
    # outer, inner (milliseconds) -> they overlap, the outer contains the inner
    ((100, 200), (120, 180), True, True),
    ((100, 200), (98, 199), True, False),  # as long as the outer
    ((100, 200), (99, 198), True, True),  # two clocks may differ by two milliseconds
    ((100, 200), (97, 190), True, False),
    ((100, 200), (110, 202), True, True),
    ((100, 200), (110, 203), True, False),
    ((100, 200), (201, 210), True, False),
    ((100, 200), (203, 210), False, False),
    ((100, 200), (50, 98), True, False),  # what was over before the other began did not run inside it
    ((100, 200), (50, 97), False, False),
    ((100, 200), (99, 100), True, True),  # the last it saw is the first of the other
    ((100, 200), (98, 99), True, False),
    ((100, 200), (200, 202), True, True),
    ((100, 200), (201, 202), True, False),
    ((100, 200), (100, 200), True, True),
    ((100, 100), (100, 100), True, True),
]


@pytest.mark.parametrize(("outer", "inner", "overlaps", "is_inside"), TIMES)
def test_times(outer: tuple[int, int], inner: tuple[int, int], overlaps: bool, is_inside: bool) -> None:
    one = _record(*(moment * MILLISECOND for moment in outer))
    other = _record(*(moment * MILLISECOND for moment in inner))
    assert overlap(one, other) is overlaps
    assert overlap(other, one) is overlaps
    assert contains(one, other) is is_inside


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("openai/gpt-4o", "GPT-4o", True),
        ("gpt-4o", None, True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("claude-sonnet-4", "claude-sonnet-4-latest", True),
        ("gpt-4", "gpt-4o", False),
    ],
)
def test_models(one: str, other: str | None, same: bool) -> None:
    assert same_model(_record(0, 1, model=one), _record(0, 1, model=other)) is same


# ---- pairs ----------------------------------------------------------------------------------------------------------

# The framework's call, the client's inside it -> how many calls there were.
NESTED = [
    pytest.param({}, {}, 1, id="nothing tells them apart"),
    pytest.param({"response__id": "a"}, {"response__id": "b"}, 2, id="two answers"),
    pytest.param({"request__model": "gpt-4o"}, {"request__model": "o3"}, 2, id="two models"),
    pytest.param({"usage__input_tokens": 10}, {"usage__input_tokens": 11}, 2, id="other input"),
    pytest.param({"usage__output_tokens": 5}, {"usage__output_tokens": 6}, 2, id="other output"),
    pytest.param(_asked("a"), _asked("b"), 1, id="what was asked is told in two ways"),
    pytest.param(_asked("a"), _asked("a"), 1, id="one question"),
]


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    return {**CHAT, **given} if any("." in key for key in given) else _chat(**given)


@pytest.mark.parametrize(("outer", "inner", "count"), NESTED)
def test_a_call_in_the_call_of_another_instrumentor(
    stages: Stages, provider: TracerProvider, outer: dict[str, Any], inner: dict[str, Any], count: int
) -> None:
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=_attributes(outer)):
        provider.get_tracer("client").start_span("client", attributes=_attributes(inner)).end()
    stages.leave()
    assert len(calls(stages)) == count


@pytest.mark.parametrize(
    ("between", "count"),
    [
        (TOOL, 2),
        (AGENT, 2),
        ({"gen_ai.operation.name": "invoke_workflow"}, 2),
        ({"openinference.span.kind": "PROMPT"}, 1),
        ({"http.request.method": "POST"}, 1),
    ],
    ids=["tool", "agent", "workflow", "prompt", "client span"],
)
def test_a_step_between_two_calls_makes_them_two(
    stages: Stages, provider: TracerProvider, between: dict[str, Any], count: int
) -> None:
    with (
        provider.get_tracer("framework").start_as_current_span("framework", attributes=CHAT),
        provider.get_tracer("app").start_as_current_span("between", attributes=between),
    ):
        provider.get_tracer("client").start_span("client", attributes=CHAT).end()
    stages.leave()
    assert len(calls(stages)) == count


def test_two_calls_of_one_scope_are_two(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("outer", attributes=_chat(response__id="a")):
        tracer.start_span("inner", attributes=_chat(response__id="b")).end()
    stages.leave()
    assert len(calls(stages)) == 2


def _apart(provider: TracerProvider, scope: str, start: int, **attributes: Any) -> trace.Span:
    """A call in a trace of its own."""
    return provider.get_tracer(scope).start_span(
        scope, context=Context(), attributes={**CHAT, **attributes}, start_time=(1_000 + start) * MILLISECOND
    )


@pytest.mark.parametrize(
    ("short", "in_short", "in_long"),
    [((10, 50), (11, 49), (12, 90)), ((60, 99), (61, 98), (12, 40))],
    ids=["early", "late"],
)
def test_of_several_calls_around_it_a_call_is_the_tightest(
    stages: Stages,
    provider: TracerProvider,
    short: tuple[int, int],
    in_short: tuple[int, int],
    in_long: tuple[int, int],
) -> None:
    """Two framework calls run at once, and a client call in each: the shorter call has the one that it just holds."""
    for name, (start, end) in (("long", (0, 100)), ("short", short)):
        _apart(provider, "framework", start, **{"gen_ai.agent.name": name}).end((1_000 + end) * MILLISECOND)
    for name, (start, end) in (("in long", in_long), ("in short", in_short)):
        _apart(provider, "client", start, **{"gen_ai.response.finish_reasons": (name,)}).end(
            (1_000 + end) * MILLISECOND
        )
    stages.leave()
    answers = {call["$ai_agent_name"]: call["$ai_stop_reason"] for call in calls(stages)}
    assert answers == {"long": "in long", "short": "in short"}


@pytest.mark.parametrize("first", ["whole", "part"])
def test_of_several_calls_in_it_a_call_is_the_longest(stages: Stages, provider: TracerProvider, first: str) -> None:
    """A client's call that takes as long as the framework's, and one beside it that takes a moment."""
    _apart(provider, "framework", 0).end((1_000 + 100) * MILLISECOND)
    for name in sorted(("whole", "part"), key=lambda name: name != first):
        start, end = {"whole": (1, 99), "part": (10, 20)}[name]
        _apart(provider, "client", start, **{"gen_ai.response.finish_reasons": (name,)}).end(
            (1_000 + end) * MILLISECOND
        )
    stages.leave()
    reasons = {call["otel.scope.name"]: call["$ai_stop_reason"] for call in calls(stages)}
    assert reasons == {"framework": "whole", "client": "part"}


def test_what_can_be_compared_comes_before_what_is_tight(stages: Stages, provider: TracerProvider) -> None:
    """Two calls run at once, one without its count: the client call that counts like the other is the other's."""
    for name, end, counted in (("without", 50, None), ("with", 100, 7)):
        said = {"gen_ai.agent.name": name, "gen_ai.usage.input_tokens": counted or 0}
        outer = _apart(provider, "framework", 0, **said) if counted else _bare(provider, "framework", name)
        outer.end((1_000 + end) * MILLISECOND)
    for name, end, count in (("of with", 49, 7), ("of without", 20, 9)):
        inner = {"gen_ai.response.finish_reasons": (name,), "gen_ai.usage.input_tokens": count}
        _apart(provider, "client", 10, **inner).end((1_000 + end) * MILLISECOND)
    stages.leave()
    answers = {call["$ai_agent_name"]: call["$ai_stop_reason"] for call in calls(stages)}
    assert answers == {"without": "of without", "with": "of with"}


def _bare(provider: TracerProvider, scope: str, name: str) -> trace.Span:
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.agent.name": name}
    return provider.get_tracer(scope).start_span(scope, Context(), attributes=said, start_time=1_000 * MILLISECOND)


def test_the_step_of_a_call_is_its_clients_before_one_further_out(stages: Stages, provider: TracerProvider) -> None:
    """A call below a step and one below a step in that, at once and alike: each client call is below the same step."""
    tracer = provider.get_tracer("framework")
    request = provider.get_tracer("web").start_span("request", Context())
    step = tracer.start_span("step", trace.set_span_in_context(request, Context()), attributes=AGENT)
    for name, above, end, times in (("outer", request, 100, (8, 94)), ("inner", step, 95, (10, 91))):
        here = trace.set_span_in_context(above, Context())
        said = {**CHAT, "gen_ai.agent.name": name}
        framework = tracer.start_span(name, here, attributes=said, start_time=1_000 * MILLISECOND)
        client = provider.get_tracer("client").start_span(
            name, here, attributes={**CHAT, "gen_ai.response.finish_reasons": (name,)},
            start_time=(1_000 + times[0]) * MILLISECOND,
        )  # fmt: skip
        client.end((1_000 + times[1]) * MILLISECOND)
        framework.end((1_000 + end) * MILLISECOND)
    stages.leave()
    answers = {call["$ai_agent_name"]: call["$ai_stop_reason"] for call in calls(stages)}
    assert answers == {"outer": "outer", "inner": "inner"}


def test_a_call_has_one_report_of_each_scope(stages: Stages, provider: TracerProvider) -> None:
    """Of two client calls inside one framework call, only one is the framework's."""
    _apart(provider, "framework", 0).end((1_000 + 100) * MILLISECOND)
    _apart(provider, "client", 10).end((1_000 + 40) * MILLISECOND)
    _apart(provider, "client", 50).end((1_000 + 90) * MILLISECOND)
    stages.leave()
    assert len(calls(stages)) == 2


# What the other half is -> whether the call that left before swallows it.
LATE = [
    pytest.param({}, False, True, id="parentless, inside it"),
    pytest.param({}, True, False, id="with a parent in its own trace"),
    pytest.param({"gen_ai.request.model": "o3"}, False, False, id="another model"),
]


@pytest.mark.parametrize(("attributes", "has_parent", "swallowed"), LATE)
def test_a_call_that_has_left_swallows_only_its_own_half(
    stages: Stages, provider: TracerProvider, attributes: dict[str, Any], has_parent: bool, swallowed: bool
) -> None:
    _apart(provider, "framework", 0).end((1_000 + 100) * MILLISECOND)
    stages.leave()
    around = provider.get_tracer("app").start_span("work", context=Context())
    late = provider.get_tracer("client").start_span(
        "client",
        context=trace.set_span_in_context(around) if has_parent else Context(),
        attributes={**CHAT, **attributes},
        start_time=1_010 * MILLISECOND,
    )
    late.end((1_000 + 90) * MILLISECOND)
    around.end()
    stages.leave()
    assert len(calls(stages)) == (1 if swallowed else 2)


def test_a_call_whose_inner_half_has_left_stays_as_a_step_with_its_words(
    stages: Stages, provider: TracerProvider
) -> None:
    answered = {"gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"yes"}]}]'}
    framework = provider.get_tracer("framework").start_span(
        "framework", attributes={**CHAT, **_asked("hello"), **answered}
    )
    provider.get_tracer("client").start_span("client", trace.set_span_in_context(framework), attributes=CHAT).end()
    assert stages.leave() == ["client"]
    framework.end()
    stages.leave()
    (step,) = [event["properties"] for event in stages.events if event["event"] == "$ai_span"]
    assert step["$ai_input_state"] == [{"role": "user", "content": "hello"}]
    assert step["$ai_output_state"] == [{"role": "assistant", "content": "yes"}]
    assert "$ai_input_tokens" not in step


# What the call inside says, in a trace of its own -> whether the parentless client around it reports the same.
AROUND = [
    pytest.param(_asked("hello"), True, id="the same words and counts"),
    pytest.param(_asked("bye"), False, id="other words"),
    pytest.param({}, False, id="no words"),
    pytest.param({**_asked("hello"), "gen_ai.usage.input_tokens": 11}, False, id="other counts"),
    pytest.param({**_asked("hello"), "gen_ai.request.model": "o3"}, False, id="another model"),
]


@pytest.mark.parametrize("client_is_late", [False, True])
@pytest.mark.parametrize(("said", "is_one"), AROUND)
def test_a_client_around_an_instrumentor_with_a_context_of_its_own(
    stages: Stages, provider: TracerProvider, said: dict[str, Any], is_one: bool, client_is_late: bool
) -> None:
    """The one with ancestors stays, as far as the client has not left by itself."""
    client = _apart(provider, "client", 0, **_asked("hello"))
    workflow = provider.get_tracer("framework").start_span(
        "workflow", context=Context(), start_time=1_002 * MILLISECOND
    )
    inner = provider.get_tracer("framework").start_span(
        "framework",
        context=trace.set_span_in_context(workflow, Context()),
        attributes={**CHAT, **said},
        start_time=1_003 * MILLISECOND,
    )
    inner.end(1_090 * MILLISECOND)
    workflow.end(1_091 * MILLISECOND)
    if client_is_late:
        stages.leave()
    client.end(1_100 * MILLISECOND)
    stages.leave()
    names = [call["$ai_span_name"] for call in calls(stages)]
    assert sorted(names) == (["framework"] if is_one else ["client", "framework"])


# When the one that survives ran, when the other ran, in milliseconds.
OUTER = [
    pytest.param((0, 90), (10, 100), id="who began first"),
    pytest.param((0, 100), (0, 50), id="of equal starts the longer one"),
    pytest.param((1, 100), (0, 90), id="the longer one, as exactly as two clocks go"),
]


@pytest.mark.parametrize("first", ["outer", "inner"])
@pytest.mark.parametrize(("outer", "inner"), OUTER)
def test_who_of_two_in_traces_of_their_own_is_around_the_other(
    stages: Stages, provider: TracerProvider, outer: tuple[int, int], inner: tuple[int, int], first: str
) -> None:
    """Two reports of one answer, alike in everything but their times."""
    for scope in sorted(("outer", "inner"), key=lambda scope: scope != first):
        start, end = outer if scope == "outer" else inner
        _apart(provider, scope, start, **{"gen_ai.response.id": "r1"}).end((1_000 + end) * MILLISECOND)
    stages.leave()
    assert [call["otel.scope.name"] for call in calls(stages)] == ["outer"]


@pytest.mark.parametrize("scopes", [("one", "other"), ("other", "one")])
def test_of_equal_times_the_one_that_was_read_first_survives(
    stages: Stages, provider: TracerProvider, scopes: tuple[str, str]
) -> None:
    for scope in scopes:
        _apart(provider, scope, 0, **{"gen_ai.response.id": "r1"}).end((1_000 + 50) * MILLISECOND)
    stages.leave()
    assert [call["otel.scope.name"] for call in calls(stages)] == [scopes[0]]


# ---- what a pair says -----------------------------------------------------------------------------------------------


def test_the_client_knows_the_answer_and_the_framework_the_conversation(
    stages: Stages, provider: TracerProvider
) -> None:
    outer = {**_chat(response__model="gpt-4o-guess"), **_asked("hello")}
    inner = {
        **_chat(response__model="gpt-4o-2024-08-06", response__id="r1", usage__cache_read__input_tokens=4),
        "gen_ai.response.finish_reasons": ("stop",),
    }
    del outer["gen_ai.usage.output_tokens"]
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=outer):
        provider.get_tracer("client").start_span("client", attributes=inner).end()
    stages.leave()
    (call,) = calls(stages)
    assert call["$ai_span_name"] == "framework"
    assert call["$ai_model"] == "gpt-4o-2024-08-06"
    assert (call["$ai_input_tokens"], call["$ai_output_tokens"], call["$ai_cache_read_input_tokens"]) == (10, 5, 4)
    assert call["$ai_input"] == [{"role": "user", "content": "hello"}]
    assert call["$ai_stop_reason"] == "stop"
