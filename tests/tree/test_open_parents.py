"""Under whom a span is placed that leaves while those above it are open, and who of them is the root then."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanContext, set_span_in_context

from otel_posthog_ai.context.remote_parent import remember_passed_on
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Outlook
from otel_posthog_ai.tree.outlook import Outlooks, is_same_tool
from otel_posthog_ai.tree.placement import Placing
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, TOOL

SERVER = "opentelemetry.instrumentation.fastapi"


def _named(stages: Stages) -> dict[str, dict[str, Any]]:
    """The properties by the name of the span that they tell of, those of `$ai_trace` as `trace:<name>`."""
    prefix = {"$ai_trace": "trace:"}
    return {
        prefix.get(event["event"], "") + event["properties"]["$ai_span_name"]: event["properties"]
        for event in stages.events
    }


def _id(span: Any) -> str:
    return f"{span.get_span_context().span_id:016x}"


def _agent(name: str) -> dict[str, str]:
    return {**AGENT, "gen_ai.agent.name": name}


def _tool(name: str = "search", call_id: str | None = None) -> dict[str, str]:
    return {**TOOL, "gen_ai.tool.name": name, **({"gen_ai.tool.call.id": call_id} if call_id is not None else {})}


# ---- several open spans that draw one tool -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outer", "inner", "one"),
    [
        (("search", None), ("search", None), True),
        (("search", None), ("fetch", None), False),
        (("search", "c1"), ("search", None), True),
        (("search", None), ("search", "c1"), True),
        (("search", "c1"), ("fetch", None), False),
        (("search", "c1"), ("search", "c1"), True),
        (("search", "c1"), ("search", "c2"), False),
        (("search", "c1"), ("fetch", "c1"), True),
        ((None, "c1"), ("search", None), True),
        ((None, "c1"), ("search", "c1"), True),
        ((None, "c1"), ("search", "c2"), False),
        ((None, None), ("search", None), False),
        ((None, None), (None, None), False),
        (("search", None), (None, "c1"), False),
        (("search", "c1"), (None, "c1"), True),
        (("", None), ("", None), True),
        (("search", ""), ("search", "c1"), False),
        (None, ("search", None), False),
        (("search", None), None, False),
        (None, None, False),
    ],
)
def test_which_tools_are_one(
    outer: tuple[str | None, str | None] | None, inner: tuple[str | None, str | None] | None, one: bool
) -> None:
    assert is_same_tool(Outlook(True, "span", "tool", outer), Outlook(True, "span", "tool", inner)) is one


# The spans below an agent, outermost first, with their attributes; and which of them a call below all of them names.
TOOLS: dict[str, tuple[list[dict[str, Any]], int]] = {
    "one": ([_tool()], 0),
    "two that are one": ([_tool(), _tool()], 0),
    "two that are two": ([_tool("outer"), _tool("inner")], 1),
    "three that are one": ([_tool(), _tool(), _tool()], 0),
    "the inner two of three": ([_tool("outer"), _tool(), _tool()], 1),
    "the outer two of three": ([_tool(), _tool(), _tool("inner")], 2),
    "two calls of one tool": ([_tool(call_id="c1"), _tool(call_id="c2")], 1),
    "a plain span between two that are one": ([_tool(), {}, _tool()], 0),
    "a step between two of one name": ([_tool(), _agent("between"), _tool()], 2),
    "an agent of the tool's name": ([_agent("search"), _tool()], 1),
}


@pytest.mark.parametrize("tools", TOOLS)
@pytest.mark.parametrize("of_time", ["all are open", "all have ended, and none is read"])
def test_a_call_names_the_tool_that_will_be_left_of_several(
    stages: Stages, provider: TracerProvider, tools: str, of_time: str
) -> None:
    below, named = TOOLS[tools]
    tracer = provider.get_tracer("app")
    spans = [tracer.start_span("agent", Context(), attributes=AGENT)]
    for attributes in below:
        scope = provider.get_tracer("app" if attributes else SERVER)
        spans.append(scope.start_span("step", set_span_in_context(spans[-1], Context()), attributes=attributes))
    tracer.start_span("chat", set_span_in_context(spans[-1], Context()), attributes=CHAT).end()
    stages.queue_ended()
    stages.read_queued()
    later = []
    if of_time != "all are open":
        for span in reversed(spans):
            span.end()
        stages.queue_ended()
        later, stages.queue = stages.queue, []
    stages.release()
    assert [event["event"] for event in stages.events] == ["$ai_generation"]
    assert stages.events[0]["properties"]["$ai_parent_id"] == _id(spans[1 + named])
    for span in reversed(spans):
        span.end()
    stages.queue += later
    stages.leave()
    left = {event["properties"]["$ai_span_id"] for event in stages.events}
    assert _id(spans[1 + named]) in left


def test_a_tool_that_a_call_has_named_stays_the_parent_of_the_next(stages: Stages, provider: TracerProvider) -> None:
    """What is around it shows only then that both are one tool: what has left cannot be told otherwise any more."""
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("agent", attributes=AGENT) as agent,
        tracer.start_as_current_span("outer") as outer,
        tracer.start_as_current_span("inner", attributes=_tool()) as inner,
    ):
        tracer.start_span("first", attributes=CHAT).end()
        stages.leave()
        outer.set_attributes(_tool())
        tracer.start_span("second", attributes=CHAT).end()
        stages.leave()
    stages.leave()
    events = _named(stages)
    assert events["first"]["$ai_parent_id"] == events["second"]["$ai_parent_id"] == _id(inner)
    sent = {event["properties"]["$ai_span_id"]: event["properties"] for event in stages.events}
    assert sent[_id(inner)]["$ai_parent_id"] == _id(outer)
    assert sent[_id(outer)]["$ai_parent_id"] == sent[_id(agent)]["$ai_trace_id"]


def test_whoever_will_be_refused_by_the_filter_is_no_parent() -> None:
    stages = Stages(span_filter=lambda span: span.name != "refused")
    tracer = provider_of(stages).get_tracer("app")
    with (
        tracer.start_as_current_span("agent", attributes=AGENT),
        tracer.start_as_current_span("tool", attributes=_tool()) as tool,
        tracer.start_as_current_span("refused", attributes=_agent("refused")),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        stages.leave()
        assert _named(stages)["chat"]["$ai_parent_id"] == _id(tool)


@pytest.mark.parametrize("ends", [True, False])
def test_who_never_ends_is_named_only_while_it_may(stages: Stages, provider: TracerProvider, ends: bool) -> None:
    """A call has left under an open tool; the app lets go of the tool, and the next call is told of nobody's id."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("agent", attributes=AGENT):
        tool = tracer.start_span("tool", attributes=_tool())
        below = set_span_in_context(tool)
        tool_id = _id(tool)
        tracer.start_span("first", below, attributes=CHAT).end()
        stages.leave()
        second = tracer.start_span("second", below, attributes=CHAT)
        if ends:
            tool.end()
        stages.second_passes()
        del tool, below
        gc.collect()
        second.end()
        stages.leave()
    events = _named(stages)
    assert events["first"]["$ai_parent_id"] == tool_id
    assert events["second"]["$ai_parent_id"] == (tool_id if ends else events["second"]["$ai_trace_id"])


@pytest.mark.parametrize("final", [False, True])
def test_at_the_very_end_nobody_is_named_who_will_not_end(
    stages: Stages, provider: TracerProvider, final: bool
) -> None:
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("outer", attributes=AGENT),
        tracer.start_as_current_span("tool", attributes=TOOL) as tool,
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        stages.queue_ended()
        stages.read_queued()
        events = [decode(event)["properties"] for event in stages.room.release(everything=True, final=final)]
    assert [event["$ai_parent_id"] for event in events] == [events[0]["$ai_trace_id"] if final else _id(tool)]


def test_what_was_merged_into_a_span_below_it_is_not_above_that() -> None:
    hierarchy, settings = Hierarchy(), resolve({"api_key": "phc_tree"}, environ={})
    placing = Placing(settings, hierarchy, Outlooks(), patient=True)
    outermost = hierarchy.learn(1, 1, None)
    outer, inner = hierarchy.learn(2, 1, SpanContext(1, 1, False)), hierarchy.learn(3, 1, SpanContext(1, 2, False))
    for node in (outermost, outer, inner):
        node.hold(AISpan(trace_id="1", span_id="2", parent_id=None, start_ns=1, end_ns=2, span_name="s", scope="app"))
    outer.merge_into(inner, "the same")
    assert inner.record is not None
    assert placing.place(inner, inner.record, {}, final=False).parent_id == f"{1:016x}"


# ---- who is the root meanwhile -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "root"),
    [(AGENT, True), (TOOL, False), (CHAT, False), ({"gen_ai.operation.name": "invoke_workflow"}, True)],
    ids=["an agent", "a tool", "a call", "a workflow"],
)
def test_a_top_span_that_is_open_is_the_root_already_if_it_can_be_one(
    stages: Stages, provider: TracerProvider, above: dict[str, Any], root: bool
) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("above", attributes=above) as span:
        tracer.start_span("step", attributes=_tool("step")).end()
        stages.leave()
        step = _named(stages)["step"]
        assert step["$ai_parent_id"] == (step["$ai_trace_id"] if root else _id(span))
    stages.leave()
    assert [event["event"] for event in stages.events].count("$ai_trace") == root
    assert len(stages.events) == 2


def test_who_is_below_an_open_agent_is_not_the_root(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("outer", attributes=_agent("outer")),
        tracer.start_as_current_span("inner", attributes=_agent("inner")) as inner,
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        stages.leave()
    stages.leave()
    events = _named(stages)
    assert events.keys() == {"trace:outer", "inner", "chat"}
    assert events["chat"]["$ai_parent_id"] == _id(inner)
    assert events["inner"]["$ai_parent_id"] == events["inner"]["$ai_trace_id"]


@pytest.mark.parametrize("around", [TOOL, CHAT], ids=["a tool", "a call"])
def test_an_earlier_agent_in_an_open_step_is_no_root_that_one_waits_for(
    stages: Stages, provider: TracerProvider, around: dict[str, Any]
) -> None:
    request = set_span_in_context(provider.get_tracer(SERVER).start_span("POST /"))
    tracer = provider.get_tracer("app")
    step = tracer.start_span("step", request, attributes=around, start_time=5)
    inner = tracer.start_span("inner", set_span_in_context(step), attributes=_agent("inner"), start_time=10)
    tracer.start_span("later", request, attributes=_agent("later"), start_time=20).end(30)
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace"]
    inner.end(40)
    step.end(50)


def test_what_its_like_turned_out_to_be_is_no_promise(stages: Stages, provider: TracerProvider) -> None:
    """An open span says nothing, though others of its name were agents: whoever is below it may be the root."""
    tracer = provider.get_tracer("app")
    tracer.start_span("step", Context(), attributes=_agent("another")).end()
    stages.leave()
    with tracer.start_as_current_span("step", Context()):
        tracer.start_span("agent", attributes=_agent("inner")).end()
        stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace", "$ai_trace"]
    stages.leave()


@pytest.mark.parametrize("known", ["nobody", "another process", "a child that left"])
def test_a_root_that_others_may_name_is_a_node_too(stages: Stages, provider: TracerProvider, known: str) -> None:
    tracer = provider.get_tracer("app" if known != "a child that left" else "openinference.instrumentation.langchain")
    with tracer.start_as_current_span("graph", attributes={}) as graph:
        if known == "another process":
            remember_passed_on(graph.get_span_context().span_id)
        if known == "a child that left":
            graph.set_attributes({"openinference.span.kind": "LLM"})
            tracer.start_span("chat", attributes=TOOL).end()
            stages.leave()
        graph.set_attributes({"openinference.span.kind": "CHAIN"})
    stages.leave()
    told = [event["event"] for event in stages.events if event["properties"]["$ai_span_id"] == _id(graph)]
    assert sorted(told) == (["$ai_trace"] if known == "nobody" else ["$ai_span", "$ai_trace"])


# ---- what else is said of a trace ----------------------------------------------------------------------------------


def test_a_call_may_name_its_trace_itself(stages: Stages, provider: TracerProvider) -> None:
    said = {"langfuse.trace.name": "asked", "langfuse.observation.type": "generation"}
    provider.get_tracer("langfuse-sdk").start_span("chat", attributes={**CHAT, **said}).end()
    provider.get_tracer("app").start_span("other", attributes=CHAT).end()
    stages.leave()
    assert sorted(_named(stages)) == ["chat", "other", "trace:asked"]
