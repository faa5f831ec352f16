"""Where a span is placed, case by case: by what is known of the spans around it when it leaves."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from otel_posthog_ai import posthog_context
from otel_posthog_ai.context.remote_parent import REMOTE_PARENT_KEY, RemoteParent
from otel_posthog_ai.tree import roots
from tests.stages import Stages, all_unread
from tests.traced import AGENT, CHAT, TOOL

SERVER = "opentelemetry.instrumentation.fastapi"
TRACE_ID, AFAR, CALLER = 0xABC, 0xDEF, 0x123


def _named(stages: Stages) -> dict[str, dict[str, Any]]:
    """The events by name, `$ai_trace` as `trace:<name>`."""
    prefix = {"$ai_trace": "trace:"}
    return {
        prefix.get(event["event"], "") + event["properties"]["$ai_span_name"]: {**event, **event["properties"]}
        for event in stages.events
    }


def _id(span: Any) -> str:
    return f"{span.get_span_context().span_id:016x}"


def _agent(name: str) -> dict[str, str]:
    return {**AGENT, "gen_ai.agent.name": name}


# ---- what was around a span when it began, however it is known by now ----------------------------------------------

_KNOWN = ["it has just begun", "it has been open for a moment", "it has ended"]


@pytest.mark.parametrize("how", _KNOWN)
@pytest.mark.parametrize("attributes", [{}, AGENT], ids=["a link", "an agent"])
def test_whom_the_context_named_is_known(
    stages: Stages, provider: TracerProvider, how: str, attributes: dict[str, Any]
) -> None:
    tracer = provider.get_tracer("app")
    with posthog_context(distinct_id="u1", session_id="s1", groups={"company": "acme"}):
        around = tracer.start_span("around", attributes=attributes)
    chat = tracer.start_span("chat", set_span_in_context(around), attributes=CHAT)
    _let_pass(stages, around, how)
    chat.end()
    stages.leave()
    event = _named(stages)["chat"]
    assert (event["distinct_id"], event["$ai_session_id"], event["$groups"]) == ("u1", "s1", {"company": "acme"})


@pytest.mark.parametrize("how", _KNOWN)
@pytest.mark.parametrize("attributes", [{}, {"user.id": "u1"}], ids=["a link", "a span that names a user"])
def test_the_agent_of_another_process_is_known(
    stages: Stages, provider: TracerProvider, how: str, attributes: dict[str, Any]
) -> None:
    server = provider.get_tracer(SERVER).start_span("POST /", _carried(), attributes=attributes)
    chat = provider.get_tracer("app").start_span("chat", set_span_in_context(server, Context()), attributes=CHAT)
    _let_pass(stages, server, how)
    chat.end()
    stages.leave()
    assert _named(stages)["chat"]["$ai_parent_id"] == f"{AFAR:016x}"


def _carried(*, remote: bool = True, trace_id: int = TRACE_ID) -> Context:
    caller = NonRecordingSpan(SpanContext(TRACE_ID, CALLER, remote, TraceFlags(1)))
    return set_span_in_context(caller, Context({REMOTE_PARENT_KEY: RemoteParent(trace_id, AFAR)}))


def _let_pass(stages: Stages, span: Any, how: str) -> None:
    if how != "it has just begun":
        stages.second_passes()
    if how == "it has ended":
        span.end()
        stages.queue_ended()


@pytest.mark.parametrize(
    ("context", "parent"),
    [
        (_carried(), f"{AFAR:016x}"),
        (_carried(trace_id=7), f"{TRACE_ID:032x}"),
        (_carried(remote=False), f"{TRACE_ID:032x}"),
        (Context({REMOTE_PARENT_KEY: RemoteParent(TRACE_ID, AFAR)}), None),
    ],
    ids=["of this trace", "of another trace", "the parent is of this process", "without a parent"],
)
def test_what_came_along_counts_for_the_trace_that_it_came_with(
    stages: Stages, provider: TracerProvider, context: Context, parent: str | None
) -> None:
    chat = provider.get_tracer("app").start_span("chat", context, attributes=CHAT)
    chat.end()
    stages.leave()
    event = _named(stages)["chat"]
    assert event["$ai_parent_id"] == (parent or event["$ai_trace_id"])


# ---- ended, and not read yet ---------------------------------------------------------------------------------------


def test_an_agent_that_is_on_its_way_stays_the_parent(stages: Stages, provider: TracerProvider) -> None:
    """Both have ended before the worker reads the first of them: it learns of the other by its end alone."""
    tracer = provider.get_tracer("app")
    with (
        tracer.start_as_current_span("outer", attributes=_agent("outer")),
        tracer.start_as_current_span("agent", attributes=AGENT) as agent,
    ):
        tracer.start_span("chat", attributes=CHAT).end()
    stages.queue_ended()
    later, stages.queue[1:] = stages.queue[1:], []
    stages.read_queued()
    stages.release()
    stages.queue += later
    stages.read_queued()
    stages.release()
    events = _named(stages)
    assert events.keys() == {"chat", "helper", "trace:outer"}
    assert events["chat"]["$ai_parent_id"] == _id(agent)
    assert events["helper"]["$ai_parent_id"] == events["helper"]["$ai_trace_id"]


def test_a_plain_span_that_has_ended_is_no_parent(stages: Stages, provider: TracerProvider) -> None:
    with provider.get_tracer("app").start_as_current_span("request", attributes={"user.id": "u1"}) as request:
        chat = provider.get_tracer("app").start_span("chat", attributes=CHAT)
    del request
    stages.queue_ended()
    chat.end()
    assert stages.leave(everything=False) == ["chat"]
    assert _named(stages)["chat"]["$ai_parent_id"] == _named(stages)["chat"]["$ai_trace_id"]


def test_spans_of_two_traces_may_have_the_same_id(stages: Stages) -> None:
    def ended(trace_id: int, span_id: int, parent_id: int, name: str, attributes: dict[str, Any]) -> ReadableSpan:
        parent = SpanContext(trace_id, parent_id, False, TraceFlags(1)) if parent_id else None
        context = SpanContext(trace_id, span_id, False, TraceFlags(1))
        return ReadableSpan(name, context, parent, attributes=attributes, start_time=1, end_time=2)

    for trace_id in (1, 2):
        stages.queue += [
            ended(trace_id, 7, 0, f"agent {trace_id}", _agent(f"agent {trace_id}")),
            ended(trace_id, 6, 7, f"tool {trace_id}", {**TOOL, "gen_ai.tool.name": f"tool {trace_id}"}),
            ended(trace_id, 5, 6, f"chat {trace_id}", CHAT),
        ]
        stages.read_queued()
        stages.release()
    events = _named(stages)
    for trace_id in (1, 2):
        found = {name: events[f"{name} {trace_id}"] for name in ("trace:agent", "tool", "chat")}
        assert {event["$ai_trace_id"] for event in found.values()} == {f"{trace_id:032x}"}
        assert found["tool"]["$ai_parent_id"] == f"{trace_id:032x}"
        assert found["chat"]["$ai_parent_id"] == f"{6:016x}"


# ---- which root --------------------------------------------------------------------------------------------------


def test_a_trace_that_has_its_root_gets_no_second_one(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with provider.get_tracer(SERVER).start_as_current_span("POST /"):
        tracer.start_span("first", attributes=_agent("first")).end()
        stages.leave()
        with tracer.start_as_current_span("second", attributes=_agent("second")) as second:
            tracer.start_span("chat", attributes=CHAT).end()
            stages.leave()
    stages.leave()
    events = _named(stages)
    assert events.keys() == {"trace:first", "second", "chat"}
    assert events["chat"]["$ai_parent_id"] == _id(second)


def test_a_trace_that_was_named_gets_no_root_afterwards(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with provider.get_tracer(SERVER).start_as_current_span("POST /"), posthog_context(trace_name="asked"):
        tracer.start_span("chat", attributes=CHAT).end()
        stages.leave()
        with tracer.start_as_current_span("late", attributes=_agent("late")) as late:
            tracer.start_span("inner", attributes=CHAT).end()
            stages.leave()
    stages.leave()
    events = _named(stages)
    assert events.keys() == {"trace:asked", "chat", "late", "inner"}
    assert events["inner"]["$ai_parent_id"] == _id(late)


@pytest.mark.parametrize(
    ("earlier", "root"),
    [
        (AGENT, False),
        (CHAT, True),
        (TOOL, True),
        ({}, True),
    ],
    ids=["an agent", "a call", "a tool", "a plain span"],
)
def test_what_began_earlier_and_is_open_keeps_the_place_of_the_root(
    stages: Stages, provider: TracerProvider, earlier: dict[str, Any], root: bool
) -> None:
    request = set_span_in_context(provider.get_tracer(SERVER).start_span("POST /"))
    elsewhere = provider.get_tracer("app").start_span("elsewhere", Context(), attributes=AGENT, start_time=1)
    open_one = provider.get_tracer("app").start_span("earlier", request, attributes=earlier, start_time=10)
    provider.get_tracer("app").start_span("later", request, attributes=_agent("later"), start_time=20).end(30)
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace" if root else "$ai_span"]
    open_one.end(40)
    elsewhere.end(40)


@pytest.mark.parametrize("start", [20, 25])
def test_what_began_at_once_or_later_does_not(stages: Stages, provider: TracerProvider, start: int) -> None:
    request = set_span_in_context(provider.get_tracer(SERVER).start_span("POST /"))
    still = provider.get_tracer("app").start_span("still open", request, attributes=AGENT, start_time=start)
    provider.get_tracer("app").start_span("later", request, attributes=_agent("later"), start_time=20).end(30)
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace"]
    still.end(40)


def test_what_is_known_of_traces_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "MOST_TRACES", 16)
    traces = roots.Traces()
    first, last = traces.of(1), None
    for number in range(2, 20):
        last = traces.of(number)
    assert traces.of(19) is last
    assert traces.of(1) is not first


# ---- what is written about the whole trace -------------------------------------------------------------------------


def test_what_the_root_says_of_the_trace_reaches_those_that_leave_after_it(
    stages: Stages, provider: TracerProvider
) -> None:
    tracer = provider.get_tracer("app")
    root_says = {"openinference.span.kind": "CHAIN", "tag.tags": ("blue",), "metadata": '{"plan": "pro"}'}
    with tracer.start_as_current_span("root", attributes=root_says):
        late = tracer.start_span("late", attributes=CHAT)
        own = tracer.start_span("own", attributes={**root_says, "tag.tags": ("red",)})
    with tracer.start_as_current_span("another trace", Context(), attributes=CHAT):
        pass
    stages.leave()
    late.end()
    own.end()
    stages.leave()
    told = {name: (event.get("tags"), event.get("plan")) for name, event in _named(stages).items()}
    assert told["trace:root"] == (["blue"], "pro")
    assert told["late"] == (["blue"], "pro")
    assert told["own"][0] == ["red"]
    assert told["another trace"] == (None, None)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (None, {}),
        ({"team": "blue", "plan": "free"}, {"team": "blue", "plan": "pro"}),
        (["host.name", "unknown"], {"host.name": "h", "service.zone": "z1"}),
    ],
)
def test_constant_properties_and_resource_attributes_that_were_asked_for(
    properties: Any, expected: dict[str, str]
) -> None:
    from opentelemetry.sdk.resources import Resource

    stages = Stages(properties=properties) if properties is not None else Stages()
    resource = Resource({"service.zone": "z1", "host.name": "h", "host.id": "i"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(stages)
    with posthog_context(properties={"plan": "pro"}, prompt_name="greet", prompt_version=3, trace_name="asked"):
        provider.get_tracer("app").start_span("chat", attributes=CHAT).end()
    provider.get_tracer("app").start_span("outside", attributes=CHAT).end()
    stages.leave()
    events = _named(stages)
    assert {key: events["chat"].get(key) for key in expected} == expected
    assert events["chat"]["plan"] == "pro"
    assert (events["chat"]["$ai_prompt_name"], events["chat"]["$ai_prompt_version"]) == ("greet", 3)
    assert "trace:asked" in events
    assert events["outside"].get("team") == expected.get("team")
    assert events["outside"].get("host.name") == expected.get("host.name")
    assert events["outside"].keys().isdisjoint({"$ai_prompt_name", "$ai_prompt_version", "host.id"})


# ---- whose header another process gets -----------------------------------------------------------------------------


def _refuses(name: str) -> Any:
    return lambda span: span.name != name


@pytest.mark.parametrize(
    ("way", "span_filter", "found"),
    [
        (["agent", "POST"], None, "agent"),
        (["agent", "chat"], None, "chat"),
        (["agent", "chat"], _refuses("chat"), "agent"),
        (["agent"], _refuses("agent"), None),
        (["POST"], None, None),
        (["agent", "ended plain", "POST"], None, "agent"),
        (["agent", "ended named", "POST"], None, "agent"),
        (["agent", "ended chat", "POST"], None, "agent"),
        (["from afar", "POST"], None, "afar"),
        (["from afar", "agent", "POST"], None, "agent"),
        ([], None, None),
    ],
)
def test_the_nearest_open_ai_span(
    stages: Stages, provider: TracerProvider, way: list[str], span_filter: Any, found: str | None
) -> None:
    attributes: dict[str, Any] = {"agent": AGENT, "chat": CHAT, "ended chat": CHAT, "ended named": {"user.id": "u1"}}
    at, ids, spans = Context(), {"afar": AFAR, None: None}, list[Span]()  # who is held by nobody is not open
    last = 0x999
    for name in way:
        context = _carried() if name == "from afar" else at
        span = provider.get_tracer("app").start_span(name, context, attributes=attributes.get(name))
        assert isinstance(span, Span)
        ids[name] = last = span.get_span_context().span_id
        at = set_span_in_context(span, Context())
        spans.append(span)
    for span in spans:
        if span.name.startswith("ended"):
            span.end()
    stages.queue_ended()
    assert stages.room.hierarchy.nearest_marked(last, span_filter) == ids[found]


def test_the_way_up_leads_through_an_end_that_nobody_has_looked_at_yet(
    stages: Stages, provider: TracerProvider
) -> None:
    tracer = provider.get_tracer("app")
    agent = tracer.start_span("agent", attributes=AGENT)
    step: Any = tracer.start_span("step", set_span_in_context(agent))
    step_id = step.get_span_context().span_id
    stages.second_passes()
    step.end()
    del step
    gc.collect()
    assert stages.room.hierarchy.nearest_marked(step_id, None) == agent.get_span_context().span_id


# ---- what is unread ------------------------------------------------------------------------------------------------


def test_what_is_on_its_way_is_unread_until_it_has_arrived(stages: Stages, provider: TracerProvider) -> None:
    unread = stages.room.hierarchy.unread
    first = provider.get_tracer("app").start_span("first", attributes=CHAT)
    other = provider.get_tracer("other").start_span("other", attributes=CHAT)
    first.end()
    other.end()
    stages.queue_ended()
    ids = {span.get_span_context().span_id: span.get_span_context().trace_id for span in (first, other)}
    assert {span_id for span_id, _ in all_unread(unread)} == set(ids)
    assert [span.name for _, span in all_unread(unread, but="app")] == ["other"]
    for span_id, trace_id in ids.items():
        assert [found for found, _ in unread.of_trace(trace_id)] == [span_id]
        found = unread.get(span_id)
        assert found is not None
        assert found.name in ("first", "other")
    stages.read_queued()
    assert all_unread(unread) == []
    for span_id, trace_id in ids.items():
        assert unread.of_trace(trace_id) == []
        assert unread.get(span_id) is None
