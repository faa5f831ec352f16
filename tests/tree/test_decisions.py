"""What the tree decides, rule by rule: who may be forgotten, who is taken once, who is private, whose group counts."""

from __future__ import annotations

import gc
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from otel_posthog_ai import posthog_context
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree import ancestry
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.open_spans import OpenSpans
from tests.stages import Stages
from tests.traced import AGENT, CHAT, TOOL, AllButTheAgent

ASKED = {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"the secret"}]}]'}


def named(stages: Stages, name: str, event: str = "$ai_generation") -> dict[str, Any]:
    (found,) = [e for e in stages.events if e["event"] == event and e["properties"]["$ai_span_name"] == name]
    return found["properties"]


# ---- the fates of a node -------------------------------------------------------------------------------------------


def _record() -> AISpan:
    return AISpan(trace_id="1" * 32, span_id="2" * 16, parent_id=None, start_ns=1, end_ns=2,
                  span_name="chat", scope="app")  # fmt: skip


_STEPS = {
    "hold": lambda node: node.hold(_record()),
    "leave": lambda node: node.leave(),
    "merge": lambda node: node.merge_into(Node(9, 1, 0), "the same"),
    "drop": lambda node: node.drop("noise"),
}
_LEGAL = {
    Fate.UNKNOWN: {"hold": Fate.HELD, "drop": Fate.LINK},
    Fate.LINK: {"hold": Fate.HELD, "drop": Fate.LINK},
    Fate.HELD: {"leave": Fate.LEFT, "merge": Fate.MERGED, "drop": Fate.LINK},
    Fate.LEFT: {},
    Fate.MERGED: {},
}
_WAY_TO = {Fate.UNKNOWN: "", Fate.LINK: "drop", Fate.HELD: "hold", Fate.LEFT: "hold leave", Fate.MERGED: "hold merge"}


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("fate", Fate)
def test_only_the_legal_ways_lead_from_one_fate_to_another(fate: Fate, step: str) -> None:
    node = Node(2, 1, 0)
    for each in _WAY_TO[fate].split():
        _STEPS[each](node)
    assert node.fate is fate
    if step in _LEGAL[fate]:
        _STEPS[step](node)
        assert node.fate is _LEGAL[fate][step]
        assert (node.record is None) == (step in ("merge", "drop"))
    else:
        with pytest.raises(ValueError, match="cannot become"):
            _STEPS[step](node)
        assert node.fate is fate


@pytest.mark.parametrize("how", ["it left", "it was merged"])
def test_what_was_taken_is_not_taken_again(stages: Stages, provider: TracerProvider, how: str) -> None:
    client = provider.get_tracer("client")
    with provider.get_tracer("framework").start_as_current_span("framework", attributes={**CHAT, **ASKED}) as framework:
        inner = client.start_span("client", attributes=CHAT)
        inner.end()
    again = inner if how == "it was merged" else framework
    assert stages.leave() == ["framework"]
    stages.queue.append(again._readable_span())  # type: ignore[attr-defined]
    stages.read_queued()
    stages.release()
    assert [event["properties"]["$ai_span_name"] for event in stages.events] == ["framework"]
    assert stages.counters.snapshot()["dropped"] == {"repeated": 1}


# ---- memory --------------------------------------------------------------------------------------------------------


def test_what_is_still_open_is_not_forgotten(
    stages: Stages, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node holds what was decided of an open span: that a child has named it, and who is below it."""
    monkeypatch.setattr(ancestry, "MOST_ENDED", 10)
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("agent", attributes=AGENT),
        tracer.start_as_current_span("inner", attributes=AGENT),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        assert stages.leave() == ["chat"]
        parent = named(stages, "chat")["$ai_parent_id"]
        for number in range(50):
            provider.get_tracer("app").start_span(
                f"other {number}", context=trace.set_span_in_context(trace.INVALID_SPAN), attributes=CHAT
            ).end()
            stages.leave()
        assert len(stages.room.hierarchy.nodes) <= 10 + 3  # the open ones, and what has just left
    stages.leave()
    spans = [e["properties"] for e in stages.events if e["event"] == "$ai_span"]
    assert parent in {span["$ai_span_id"] for span in spans}


def test_a_span_that_ends_while_it_is_swept_is_not_kept(provider: TracerProvider) -> None:
    open_spans = OpenSpans()
    span = provider.get_tracer("app").start_span("app")
    span_id = span.get_span_context().span_id
    open_spans.add(span)  # type: ignore[arg-type]
    assert open_spans.live(span_id) is span
    hold_weakly = open_spans._hold_weakly

    def end_first(span_id: int, opened: Any) -> None:
        open_spans.remove(span_id)  # another thread notes the end between the look and the move
        hold_weakly(span_id, opened)

    open_spans._hold_weakly = end_first  # type: ignore[method-assign]
    open_spans.sweep()
    assert open_spans.known(span_id) is None


def test_a_span_that_stays_open_does_not_pin_its_prompts() -> None:
    open_spans = OpenSpans()
    span = TracerProvider(shutdown_on_exit=False).get_tracer("app").start_span("app")
    span_id = span.get_span_context().span_id
    open_spans.add(span)  # type: ignore[arg-type]
    open_spans.sweep()
    assert open_spans.live(span_id) is span
    del span
    gc.collect()
    assert open_spans.live(span_id) is None
    assert open_spans.known(span_id) is not None


def test_an_open_span_is_looked_at_again_when_it_says_more(stages: Stages, provider: TracerProvider) -> None:
    """What it will become is known when its attributes tell, and its children wait for that no longer."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("around") as around:
        tracer.start_span("chat", attributes=CHAT).end()
        assert stages.leave(everything=False) == []  # nobody can tell yet what is around it
        around.set_attributes(AGENT)
        assert stages.leave(everything=False) == ["chat"]
    stages.leave()
    assert named(stages, "chat")["$ai_parent_id"] == named(stages, "chat")["$ai_trace_id"]
    assert [event["event"] for event in stages.events].count("$ai_trace") == 1


# ---- sampling ------------------------------------------------------------------------------------------------------


def test_an_unsampled_span_is_a_link_and_never_an_event(stages: Stages) -> None:
    provider = TracerProvider(sampler=AllButTheAgent(), shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")
    with (
        posthog_context(distinct_id="u1"),
        tracer.start_as_current_span("workflow", attributes={"gen_ai.operation.name": "invoke_workflow"}),
        tracer.start_as_current_span("agent", attributes=AGENT),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
    assert sorted(stages.leave()) == ["chat", "workflow"]
    assert named(stages, "chat")["$ai_parent_id"] == named(stages, "chat")["$ai_trace_id"]


def test_what_is_not_recorded_costs_nothing(stages: Stages) -> None:
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), shutdown_on_exit=False)
    provider.add_span_processor(stages)
    with provider.get_tracer("app").start_as_current_span("agent", attributes=AGENT):
        pass
    assert stages.leave() == []
    assert stages.counters.snapshot()["seen"] == 0


# ---- privacy -------------------------------------------------------------------------------------------------------


def test_what_a_private_step_ran_in_leaves_without_content(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("around", attributes={**CHAT, **ASKED}), posthog_context(privacy_mode=True):
        tracer.start_span("tool", attributes={**TOOL, "gen_ai.tool.call.arguments": "the secret"}).end()
    stages.leave()
    assert "the secret" not in str(stages.events)


def test_the_taint_of_a_merged_half_is_the_survivors(stages: Stages, provider: TracerProvider) -> None:
    """The inner report of the call has something private below it: the outer one must not tell what that said."""
    framework, client = provider.get_tracer("framework"), provider.get_tracer("client")
    outer = framework.start_span("framework", attributes={**CHAT, **ASKED, "gen_ai.response.id": "r1"})
    # In a trace of its own, so that only the evidence joins them.
    inner = client.start_span("client", attributes={**CHAT, "gen_ai.response.id": "r1"})
    with trace.use_span(inner), posthog_context(privacy_mode=True):
        client.start_span("tool", attributes=TOOL).end()
    inner.end()
    outer.end()
    stages.leave()
    assert [event["event"] for event in stages.events].count("$ai_generation") == 1
    assert "the secret" not in str(stages.events)


def test_what_runs_below_a_pair_of_which_one_half_is_private_is_private(
    stages: Stages, provider: TracerProvider
) -> None:
    """Also what begins when the private half, in a trace of its own, has long been read and merged."""
    framework, client = provider.get_tracer("framework"), provider.get_tracer("client")
    outer = framework.start_span("framework", attributes={**CHAT, "gen_ai.response.id": "r1"})
    with posthog_context(privacy_mode=True):
        client.start_span("client", attributes={**CHAT, "gen_ai.response.id": "r1"}).end()
    outer.end()
    stages.leave()
    said = {**TOOL, "gen_ai.tool.call.arguments": "the secret"}
    framework.start_span("tool", trace.set_span_in_context(outer), attributes=said).end()
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_generation", "$ai_span"]
    assert "the secret" not in str(stages.events)


# ---- for whom ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_the_same_trace", [True, False])
def test_a_span_of_another_trace_is_nobodys_parent(
    stages: Stages, provider: TracerProvider, of_the_same_trace: bool
) -> None:
    """Ids of spans are unique within a trace: what has ended under one elsewhere says nothing of the user here."""
    tracer = provider.get_tracer("app")
    web = tracer.start_span("web", attributes={"user.id": "ada"})
    web.end()
    stages.queue_ended()
    known = web.get_span_context()
    trace_id = known.trace_id if of_the_same_trace else known.trace_id ^ 1
    above = trace.SpanContext(trace_id, known.span_id, False, known.trace_flags)
    context = trace.set_span_in_context(trace.NonRecordingSpan(above))
    tracer.start_span("chat", context, attributes=CHAT).end()
    stages.leave()
    assert (stages.events[0]["distinct_id"] == "ada") is of_the_same_trace


def test_inner_groups_beat_outer_ones(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("web", attributes={"$groups": '{"company": "outer", "team": "blue"}'}),
        tracer.start_as_current_span("step", attributes={"$groups": '{"company": "middle", "room": "a"}'}),
    ):
        tracer.start_span("chat", attributes={**CHAT, "$groups": '{"company": "inner"}'}).end()
    stages.leave()
    assert named(stages, "chat")["$groups"] == {"company": "inner", "room": "a", "team": "blue"}


def test_what_is_forgotten_goes_many_at_once(
    stages: Stages, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes are walked through only when an eighth of the limit has come since the last time."""
    monkeypatch.setattr(ancestry, "MOST_ENDED", 80)
    nodes = stages.room.hierarchy.nodes
    left: list[int] = []
    for number in range(120):
        provider.get_tracer("app").start_span(f"chat {number}", attributes=CHAT).end()
        stages.leave()
        left.append(len(nodes))
    assert max(left) <= 80 + 1
    drops = [before - after for before, after in pairwise(left) if after < before]
    assert len(drops) <= 5
    assert min(drops) >= 8


def test_of_whom_all_below_name_no_more_is_remembered_than_tells_that_they_differ(
    stages: Stages, provider: TracerProvider
) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("agent", attributes=AGENT) as agent:
        for number in range(6):
            said = {"user.id": f"u{number}", "session.id": f"s{number}"}
            tracer.start_span("chat", attributes={**CHAT, **said}).end()
        stages.leave()
    node = stages.room.hierarchy.nodes[agent.get_span_context().span_id]
    assert (len(node.users_below), len(node.sessions_below)) == (3, 3)
    stages.leave()
    (root,) = [event for event in stages.events if event["event"] == "$ai_trace"]
    assert root["distinct_id"] == root["properties"]["$ai_trace_id"], "for nobody"


# ---- ancestors -----------------------------------------------------------------------------------------------------


def test_a_way_that_ended_at_an_unknown_span_goes_on_when_that_comes() -> None:
    hierarchy = ancestry.Hierarchy()
    above = trace.SpanContext(1, 8, False)
    with hierarchy.at_rest():
        node = hierarchy.learn(9, 1, above)
        assert list(hierarchy.spans_above(node)) == []
        unknown = hierarchy.learn(8, 1, trace.SpanContext(1, 7, False))
        assert list(hierarchy.spans_above(node)) == [unknown]
        assert list(hierarchy.lineage.ancestors(node)) == [unknown]


# ---- the root ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [True, False])
def test_a_trace_has_one_root_whatever_comes_after_it(stages: Stages, provider: TracerProvider, at_once: bool) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("web"):
        for attributes in (AGENT, CHAT, TOOL, AGENT):
            tracer.start_span("step", attributes=attributes).end()
            if not at_once:
                stages.leave()
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace", "$ai_generation", "$ai_span", "$ai_span"]


def test_what_was_taken_for_the_root_and_is_none_makes_room_for_the_next(
    stages: Stages, provider: TracerProvider
) -> None:
    """An open agent around a call that has left is the root, until it says that it is a tool after all."""
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("web"):
        with tracer.start_as_current_span("step", attributes=AGENT) as step:
            tracer.start_span("chat", attributes=CHAT).end()
            assert stages.leave() == ["chat"]
            step.set_attributes(TOOL)
        stages.leave()
        tracer.start_span("agent", attributes=AGENT).end()
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_generation", "$ai_span", "$ai_trace"]


def test_what_is_open_and_none_of_ours_is_passed_over(stages: Stages, provider: TracerProvider) -> None:
    """The parent is the nearest ancestor that will leave, however many others lie between."""
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("outer", attributes=AGENT),
        tracer.start_as_current_span("inner", attributes=AGENT) as inner,
        tracer.start_as_current_span("GET /"),
        tracer.start_as_current_span("SELECT"),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        stages.leave()
        assert named(stages, "chat")["$ai_parent_id"] == f"{inner.get_span_context().span_id:016x}"
