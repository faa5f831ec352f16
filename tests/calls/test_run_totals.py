"""Usage that stands only on an agent or a run is counted once, and never beside the calls that it counts."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import SpanContext, StatusCode, TraceFlags, set_span_in_context

from tests.calls.told import MILLISECOND, Told
from tests.stages import Stages, provider_of
from tests.traced import (
    AGENT,
    CHAT,
    TOOL,
    Traced,
    assert_sound,
    parent_of,
    span_id_of,
    trace_id_of,
)

TOTALS = {
    **AGENT,
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4-5",
    "gen_ai.usage.input_tokens": 300,
    "gen_ai.usage.output_tokens": 40,
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
}


CALLS = ("$ai_generation", "$ai_embedding")


def generations(events: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events.values() if event["event"] == "$ai_generation"]


def test_a_run_without_calls_is_counted_by_one_below_it(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("workflow", attributes={"gen_ai.operation.name": "invoke_workflow"}),
        traced.tracer.start_as_current_span("agent", attributes=TOTALS),
        traced.tracer.start_as_current_span("tool", attributes=TOOL),
    ):
        pass
    events = traced.events()
    [made] = generations(events)
    properties = made["properties"]
    assert parent_of(made) == span_id_of(events["helper"])
    assert (properties["$ai_model"], properties["$ai_provider"]) == ("claude-sonnet-4-5", "anthropic")
    assert (properties["$ai_input_tokens"], properties["$ai_output_tokens"]) == (300, 40)
    assert properties["$ai_input"] == [{"role": "user", "content": "hi"}]
    assert properties["made_from_totals"] is True
    assert "$ai_input_tokens" not in events["helper"]["properties"]
    assert_sound(list(events.values()))


def test_each_run_of_a_trace_is_counted(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("workflow", attributes={"gen_ai.operation.name": "invoke_workflow"}):
        for name, count in (("first", 300), ("second", 301)):
            said = {**TOTALS, "gen_ai.agent.name": name, "gen_ai.usage.input_tokens": count}
            traced.tracer.start_span("agent", attributes=said).end()
    made = {e["properties"]["$ai_span_name"]: e["properties"]["$ai_input_tokens"] for e in generations(traced.events())}
    assert made == {"first (total)": 300, "second (total)": 301}


@pytest.mark.parametrize(("counted", "made"), [("input", 1), ("output", 1), ("nothing", 0)])
def test_a_run_that_counts_only_what_was_asked_or_answered(traced: Traced, counted: str, made: int) -> None:
    counts = {key: value for key, value in TOTALS.items() if ".usage." not in key or counted in key}
    traced.tracer.start_span("agent", attributes=counts).end()
    assert len(generations(traced.events())) == made


def test_a_run_that_counts_nothing_is_no_call() -> None:
    told = Told()
    said = {**TOTALS, "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}
    told.span("app", (0, 9), said)
    told.span("app", (0, 9), {**TOTALS, **TOOL})  # a tool is no run
    assert told.events() == []


def test_the_root_of_a_trace_is_counted_too(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=TOTALS):
        pass
    events = traced.events()
    [made] = generations(events)
    assert parent_of(made) == trace_id_of(made)
    assert events.keys() == {"trace:helper", "helper (total)"}


@pytest.mark.parametrize("call", [CHAT, {**CHAT, "gen_ai.request.model": "claude-sonnet-4-5"}, {
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}])  # fmt: skip
def test_a_run_with_calls_below_it_is_counted_by_them(traced: Traced, call: dict[str, Any]) -> None:
    with (
        traced.tracer.start_as_current_span("agent", attributes=TOTALS),
        traced.tracer.start_as_current_span("step", attributes={"gen_ai.operation.name": "execute_task"}),
        traced.tracer.start_as_current_span("call", attributes=call),
    ):
        pass
    assert [event["properties"]["$ai_span_name"] for event in generations(traced.events())] == ["call"]


def test_the_total_is_for_whom_the_run_is() -> None:
    """Also where only the process says so."""
    stages = Stages()
    provider = TracerProvider(resource=Resource({"user.id": "ada"}), shutdown_on_exit=False)
    provider.add_span_processor(stages)
    provider.get_tracer("app").start_span("agent", attributes=TOTALS).end()
    stages.leave()
    assert {event["event"]: event["distinct_id"] for event in stages.events} == {
        "$ai_trace": "ada", "$ai_generation": "ada",
    }  # fmt: skip


def test_of_runs_within_runs_the_innermost_is_counted(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("outer", attributes={**TOTALS, "gen_ai.agent.name": "outer"}),
        traced.tracer.start_as_current_span("inner", attributes={**TOTALS, "gen_ai.agent.name": "inner"}),
    ):
        pass
    assert [event["properties"]["$ai_span_name"] for event in generations(traced.events())] == ["inner (total)"]


def test_a_call_that_ends_after_its_run_takes_the_place_of_the_total(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("agent", attributes=TOTALS):
        late = client.start_span("late", attributes=CHAT)
    late.end()
    assert [event["properties"]["$ai_span_name"] for event in generations(traced.events())] == ["late"]


def test_calls_that_were_traced_apart_are_what_the_run_counts(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("agent", attributes=TOTALS):
        for name, tokens in (("first", 100), ("second", 200)):
            call = {**CHAT, "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.usage.input_tokens": tokens}
            client.start_span(name, context=Context(), attributes=call).end()
    assert {event["properties"]["$ai_span_name"] for event in generations(traced.events())} == {"first", "second"}


# A call beside the run that takes from 0 to 100 ms: what it says, its times, whether it is alone in its trace
# -> whether the run's total counts it.
BESIDE = {
    "alone, while it ran": ({}, (10, 90), True, True),
    "alone, as long, by two clocks": ({}, (-2, 98), True, True),
    "alone, and longer": ({}, (-1, 100), True, False),
    "alone, before it": ({}, (-50, -10), True, False),
    "alone, after it": ({}, (110, 150), True, False),
    "alone, and not over when it ended": ({}, (50, 110), True, False),
    "alone, of another model": ({"gen_ai.request.model": "gpt-4o"}, (10, 90), True, False),
    "alone, an embedding": ({"gen_ai.operation.name": "embeddings"}, (10, 90), True, False),
    "below a step of another trace": ({}, (10, 90), False, False),
}


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("row", BESIDE)
def test_which_calls_in_other_traces_a_total_counts(row: str, left: bool) -> None:
    said, times, alone, counted = BESIDE[row]
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer

    def at(moment: float) -> int:
        return int((1_000 + moment) * 1_000_000)

    run = tracer_of("app").start_span("agent", Context(), attributes=TOTALS, start_time=at(0))
    job = tracer_of("app").start_span("job", Context(), start_time=at(-100))
    above = Context() if alone else set_span_in_context(job, Context())
    call = {**CHAT, "gen_ai.request.model": "claude-sonnet-4-5", **said}
    tracer_of("client").start_span("call", above, attributes=call, start_time=at(times[0])).end(at(times[1]))
    if left:
        stages.leave()
    run.end(at(100))
    stages.leave()
    calls = [each["properties"]["$ai_span_name"] for each in stages.events if each["event"] in CALLS]
    assert sorted(calls) == (["call"] if counted else ["call", "helper (total)"])
    why = [node.because for node in stages.room.hierarchy.nodes.values() if "total" in node.because]
    assert len(why) == counted, "what is taken back says why"


def _totals_of(attributes: dict[str, Any], *, failed: bool = False) -> dict[str, Any]:
    """The properties of the generation that was made of a run with these attributes."""
    told = Told()
    run = told.begin("app", "agent", 0, attributes)
    if failed:
        run.set_status(StatusCode.ERROR, "no")
    run.end(1_250 * MILLISECOND)
    (made,) = told.events()
    return made


def test_the_total_says_what_the_run_says_of_its_model() -> None:
    said = {
        **TOTALS,
        "gen_ai.response.model": "claude-sonnet-4-5-20250929",
        "gen_ai.response.finish_reasons": ("end_turn",),
        "gen_ai.usage.cost": 0.25,
        "gen_ai.system_instructions": '[{"type":"text","content":"be brief"}]',
        "gen_ai.tool.definitions": '[{"type":"function","name":"search"}]',
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"done"}]}]',
        "error.type": "RateLimitError",
    }
    made = _totals_of(said, failed=True)
    assert made["$ai_model"] == "claude-sonnet-4-5-20250929"
    assert made["$ai_stop_reason"] == "end_turn"
    assert made["$ai_total_cost_usd"] == 0.25
    assert made["$ai_input"][0] == {"role": "system", "content": "be brief"}
    assert made["$ai_output_choices"] == [{"role": "assistant", "content": "done"}]
    assert [tool["function"]["name"] for tool in made["$ai_tools"]] == ["search"]
    assert made["$ai_agent_name"] == "helper"
    assert (made["$ai_is_error"], made["$ai_http_status"]) == (True, 429)
    assert made["$ai_latency"] == pytest.approx(0.25)
    assert made["otel.scope.name"] == "app"


def test_the_total_tells_the_states_of_the_run_as_a_conversation() -> None:
    made = _totals_of({
        "openinference.span.kind": "AGENT", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 300,
        "input.value": "hi", "output.value": "done",
    })  # fmt: skip
    assert made["$ai_input"] == [{"role": "user", "content": "hi"}]
    assert made["$ai_output_choices"] == [{"role": "assistant", "content": "done"}]
    without = _totals_of({
        "openinference.span.kind": "AGENT", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 300,
    })  # fmt: skip
    assert without.keys().isdisjoint({"$ai_input", "$ai_output_choices"})


def test_an_agents_call_by_its_request_or_its_answer() -> None:
    """Whichever of both names of the model it knows."""
    for key in ("gen_ai.request.model", "gen_ai.response.model"):
        said = {name: value for name, value in TOTALS.items() if "model" not in name}
        assert _totals_of({**said, key: "claude-sonnet-4-5"})["$ai_model"] == "claude-sonnet-4-5"


def test_a_run_whose_calls_have_left_is_counted_by_them() -> None:
    told = Told()
    run = told.begin("app", "agent", 0, TOTALS)
    step = told.begin("app", "step", 1, {"gen_ai.operation.name": "execute_task"}, run)
    told.span("app", (2, 50), CHAT, step, "call")
    told.stages.leave()
    step.end(1_060 * MILLISECOND)
    run.end(1_100 * MILLISECOND)
    assert [call["$ai_span_name"] for call in told.events()] == ["call"]


def test_a_run_around_a_run_that_has_left_is_counted_by_it() -> None:
    told = Told()
    outer = told.begin("app", "outer", 0, {**TOTALS, "gen_ai.agent.name": "outer"})
    told.span("app", (2, 50), {**TOTALS, "gen_ai.agent.name": "inner"}, outer, "inner")
    told.stages.leave()
    outer.end(1_100 * MILLISECOND)
    assert [call["$ai_span_name"] for call in told.events()] == ["inner (total)"]


@pytest.mark.parametrize("order", list(permutations(["run", "step", "call"])))
@pytest.mark.parametrize("one_by_one", [True, False])
def test_calls_take_the_place_of_a_total_in_whatever_order_they_are_read(
    order: tuple[str, ...], one_by_one: bool
) -> None:
    """Where nobody sees spans start, as in a file or a collector."""
    contexts = [SpanContext(1, number, False, TraceFlags(TraceFlags.SAMPLED)) for number in (1, 2, 3)]
    said = {"run": TOTALS, "step": {"gen_ai.operation.name": "execute_task"}, "call": CHAT}
    spans = {
        name: ReadableSpan(
            name, context=contexts[number], parent=contexts[number - 1] if number else None, attributes=said[name],
            start_time=number * MILLISECOND, end_time=(100 - number) * MILLISECOND,
        )
        for number, name in enumerate(said)
    }  # fmt: skip
    stages = Stages()
    for batch in [[spans[name]] for name in order] if one_by_one else [[spans[name] for name in order]]:
        stages.room.add(batch, lambda _: ())
    stages.release()
    assert [each["properties"]["$ai_span_name"] for each in stages.events if each["event"] in CALLS] == ["call"]


@pytest.mark.parametrize("missing", ["gen_ai.request.model", "gen_ai.usage.input_tokens"])
def test_without_a_model_or_a_count_nothing_is_made(traced: Traced, missing: str) -> None:
    attributes = {key: value for key, value in TOTALS.items() if key != missing}
    attributes.pop("gen_ai.usage.output_tokens")
    with traced.tracer.start_as_current_span("agent", attributes=attributes):
        pass
    assert not generations(traced.events())


def test_the_total_of_a_private_run_has_no_content(traced: Traced) -> None:
    from otel_posthog_ai import posthog_context

    with posthog_context(privacy_mode=True), traced.tracer.start_as_current_span("agent", attributes=TOTALS):
        pass
    [made] = generations(traced.events())
    assert "$ai_input" not in made["properties"]
    assert made["properties"]["$ai_input_tokens"] == 300


# As TanStack AI's middleware writes a chat: model, provider and the sum of the tokens, and no operation.
UNSTATED = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": 130,
            "gen_ai.usage.output_tokens": 18}  # fmt: skip


@pytest.mark.parametrize("flushed", [False, True], ids=["at the end", "call by call"])
def test_a_call_by_its_counts_alone_is_a_step_around_calls_of_its_scope(traced: Traced, flushed: bool) -> None:
    with traced.tracer.start_as_current_span("chat", attributes=UNSTATED):
        for name, tokens in (("first", 55), ("second", 75)):
            attributes = {**UNSTATED, "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": tokens}
            with traced.tracer.start_as_current_span(name, attributes=attributes):
                pass
            if flushed:
                traced.processor.force_flush()
    events = traced.events()
    assert [each["properties"]["$ai_input_tokens"] for each in generations(events)] == [55, 75]
    assert_sound(list(events.values()))


def test_a_call_by_its_counts_alone_stays_one_around_what_says_nothing_of_its_kind(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("chat", attributes=UNSTATED),
        traced.tracer.start_as_current_span("tool", attributes=TOOL),
    ):
        pass
    [call] = generations(traced.events())
    assert call["properties"]["$ai_input_tokens"] == 130


def test_a_failed_chat_is_a_step_around_its_failed_call(traced: Traced) -> None:
    asked = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini"}
    with (
        pytest.raises(ValueError, match="429"),
        traced.tracer.start_as_current_span("chat", attributes=asked),
        traced.tracer.start_as_current_span("call", attributes={**asked, "gen_ai.operation.name": "chat"}),
    ):
        raise ValueError("429 slow down")
    [call] = generations(traced.events())
    assert call["properties"]["$ai_span_name"] == "call"


@pytest.mark.parametrize("scope", ["acme", "opentelemetry.instrumentation.genai.openai"])
def test_a_function_that_is_called_a_call_around_the_call(traced: Traced, scope: str) -> None:
    """`@observe(kind="llm")` around a function that asks a model counts no second call, whoever tells of the inner."""
    around = {"acme.span.type": "llm", "acme.span.input": '{"question": "hi"}'}
    tracer = traced.provider.get_tracer("acme")
    with tracer.start_as_current_span("ask", attributes=around):
        for number in range(2):
            call = {**CHAT, "gen_ai.response.id": f"c-{number}", "gen_ai.usage.input_tokens": 3}
            traced.provider.get_tracer(scope).start_span(f"chat {number}", attributes=call).end()
    assert len(generations(traced.events())) == 2


def test_a_call_that_only_a_vendors_word_tells_stays_one(traced: Traced) -> None:
    traced.tracer.start_span("ask", attributes={"acme.span.type": "llm", "acme.span.input": "hi"}).end()
    assert len(generations(traced.events())) == 1


_BY_WORD = {"acme.span.type": "llm", "acme.span.input": '{"question": "hi"}'}
_ASKED = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini"}
_SUM = {"ai.operationId": "ai.generateText", "ai.model.id": "gpt-4o-mini", "ai.usage.promptTokens": 130}
_STATED = {**_ASKED, "gen_ai.operation.name": "chat"}

# What is around, what is in it, of which scope -> the calls.
SUMS = {
    "a model's name alone": (_ASKED, _STATED, "app", ["inner"]),
    "a model's name alone around another scope's": (_ASKED, _STATED, "other", ["inner"]),
    "counts alone": (UNSTATED, {**UNSTATED, **_STATED}, "app", ["inner"]),
    "counts alone around a call that counts nothing": (UNSTATED, _STATED, "app", ["inner", "outer"]),
    "counts alone around one of another scope": (UNSTATED, {**UNSTATED, **_STATED}, "other", ["outer"]),
    "counts alone around a tool": (UNSTATED, TOOL, "app", ["outer"]),
    "counts alone around an agent": (UNSTATED, AGENT, "app", ["outer"]),
    "a sum": (_SUM, {**UNSTATED, **_STATED}, "app", ["inner"]),
    "a sum around calls that count nothing": (_SUM, _STATED, "app", ["inner"]),
    "a sum around another scope's": (_SUM, _STATED, "other", ["inner"]),
    "a word alone": (_BY_WORD, _STATED, "app", ["inner"]),
    "a word alone around another scope's": (_BY_WORD, _STATED, "other", ["outer"]),
    "a word alone around a tool": (_BY_WORD, TOOL, "app", ["outer"]),
}


@pytest.mark.parametrize("row", SUMS)
def test_what_is_a_call_only_as_long_as_nothing_in_it_is_one(row: str) -> None:
    outer, inner, scope, expected = SUMS[row]
    told = Told()
    around = told.begin("app", "outer", 0, outer)
    told.span(scope, (1, 2), inner, around, "inner")
    around.end(1_100 * MILLISECOND)
    assert sorted(call["$ai_span_name"] for call in told.events()) == expected


@pytest.mark.parametrize(
    ("answers", "steps"),
    [(("a", "b"), 1), (("a", "a"), 0), (("a", None), 1), ((None, None), 1), (("a",), 0)],
    ids=["two answers", "one answer twice", "one of them names its answer", "neither does", "one call"],
)
def test_a_call_by_a_word_around_calls_of_another_scope(answers: tuple[str | None, ...], steps: int) -> None:
    """Around more than one call it is a step; around one, or one answer, the same call."""
    told = Told()
    around = told.begin("acme", "ask", 0, _BY_WORD)
    for number, answer in enumerate(answers):
        said = {**CHAT, "gen_ai.usage.input_tokens": 3 + number}
        told.span("client", (1 + number, 9), said if answer is None else {**said, "gen_ai.response.id": answer}, around)
    told.span("client", (1, 9), {**CHAT, "gen_ai.response.id": "elsewhere", "gen_ai.request.model": "o3"})
    around.end(1_100 * MILLISECOND)
    names = [each["$ai_span_name"] for each in told.events()]
    assert names.count("ask") == (0 if steps else 1)
