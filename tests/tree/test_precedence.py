"""Whose a span is: every source by itself, and of two that disagree the one that comes first."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import combinations
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context

from otel_posthog_ai import posthog_context
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT

# In the order in which they count: where the agent in the middle of the trace has its user and its session from.
SOURCES = (
    "its context",
    "its attribute",
    "the span around",
    "all below",
    "the resource",
    "an id that a framework made",
    "ids below that a framework made",
    "the option",
)
# These say nothing of a session.
_NO_SESSION = frozenset({"the option"})


def _owner(sources: tuple[str, ...], *, below: int = 2) -> dict[str, str | None]:
    """Who owns the agent where each of the sources names itself."""
    option = {"default_distinct_id": "the option"} if "the option" in sources else {}
    stages = Stages(**option)
    resource = {"user.id": "the resource", "session.id": "the resource"} if "the resource" in sources else {}
    provider = TracerProvider(resource=Resource(resource), shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")

    def named(source: str, user: str = "user.id", session: str = "session.id") -> dict[str, str]:
        return {user: source, session: source} if source in sources else {}

    made = ("gen_ai.request.user", "gen_ai.conversation.id")
    with ExitStack() as stack:
        stack.enter_context(tracer.start_as_current_span("web", attributes=named("the span around")))
        if "its context" in sources:
            stack.enter_context(posthog_context(distinct_id="its context", session_id="its context"))
        attributes = {**AGENT, **named("its attribute"), **named("an id that a framework made", *made)}
        agent = stack.enter_context(tracer.start_as_current_span("agent", attributes=attributes))
        inside = {**named("all below"), **named("ids below that a framework made", *made)}
        for number in range(below):
            # What stands below is not in the context of the agent, which it would inherit.
            tracer.start_span(f"chat {number}", attributes={**CHAT, **inside}).end()
    stages.leave()
    agent_id = f"{agent.get_span_context().span_id:016x}"
    properties, user = next(
        (event["properties"], event["distinct_id"])
        for event in stages.events
        if event["properties"]["$ai_span_id"] == agent_id
    )
    anonymous = properties.get("$process_person_profile") is False
    return {"user": None if anonymous else user, "session": properties.get("$ai_session_id")}


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_counts_where_it_is_the_only_one(source: str) -> None:
    assert _owner((source,)) == {"user": source, "session": None if source in _NO_SESSION else source}


def test_without_any_nobody_owns_it() -> None:
    assert _owner(()) == {"user": None, "session": None}


@pytest.mark.parametrize(("first", "second"), list(combinations(SOURCES, 2)), ids=lambda source: source)
def test_of_two_the_one_that_comes_first_wins(first: str, second: str) -> None:
    assert _owner((first, second)) == {"user": first, "session": first}


def _below(*users: dict[str, Any]) -> tuple[str | None, str | None]:
    stages = Stages()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("agent", attributes=AGENT):
        for attributes in users:
            tracer.start_span("chat", attributes={**CHAT, **attributes}).end()
    stages.leave()
    (trace,) = [event for event in stages.events if event["event"] == "$ai_trace"]
    anonymous = trace["properties"].get("$process_person_profile") is False
    return None if anonymous else trace["distinct_id"], trace["properties"].get("$ai_session_id")


@pytest.mark.parametrize(
    ("below", "owner"),
    [
        ([{"user.id": "a"}, {"user.id": "a"}], ("a", None)),
        ([{"user.id": "a"}, {"user.id": "b"}], (None, None)),
        ([{"user.id": "a"}, {"user.id": "b"}, {"user.id": "a"}, {"user.id": "c"}], (None, None)),
        ([{"user.id": "a"}, {"gen_ai.request.user": "b"}], ("a", None)),
        ([{"gen_ai.request.user": "a"}, {"gen_ai.request.user": "a"}], ("a", None)),
        ([{"gen_ai.request.user": "a"}, {"gen_ai.request.user": "b"}], (None, None)),
        ([{"session.id": "s"}, {}], (None, "s")),
        ([{"session.id": "s"}, {"session.id": "t"}], (None, None)),
        ([{"session.id": "s"}, {"gen_ai.conversation.id": "t"}], (None, "s")),
        ([{"user.id": "a"}, {"session.id": "s"}], ("a", "s")),
        ([{"gen_ai.request.user": "a"}, {"session.id": "s"}], ("a", "s")),
        ([{"gen_ai.conversation.id": "t"}, {"user.id": "a"}], ("a", "t")),
        ([{"gen_ai.conversation.id": "t"}, {"gen_ai.conversation.id": "t"}], (None, "t")),
        ([{"gen_ai.conversation.id": "t"}, {"gen_ai.conversation.id": "u"}], (None, None)),
        ([{"user.id": "a"}, {"$session_id": "r"}], ("a", None)),
    ],
)
def test_what_stands_below_counts_where_all_agree(
    below: list[dict[str, Any]], owner: tuple[str | None, str | None]
) -> None:
    assert _below(*below) == owner


def test_a_context_below_counts_like_an_attribute() -> None:
    stages = Stages()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("agent", attributes=AGENT), posthog_context(distinct_id="u", session_id="s"):
        tracer.start_span("chat", attributes=CHAT).end()
    stages.leave()
    assert {event["distinct_id"] for event in stages.events} == {"u"}
    assert {event["properties"]["$ai_session_id"] for event in stages.events} == {"s"}


def test_a_replay_session_alone_makes_nobody_of_the_user_but_links_the_replay() -> None:
    stages = Stages()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("web", attributes={"$session_id": "r1"}):
        tracer.start_span("chat", attributes=CHAT).end()
    stages.leave()
    (chat,) = stages.events
    assert chat["properties"]["$session_id"] == "r1"
    assert chat["properties"]["$process_person_profile"] is False


# What a span may say of whom it ran for, and where that stands in its event.
_SAYS = {
    "user.id": "distinct_id",
    "session.id": "$ai_session_id",
    "$session_id": "$session_id",
    "gen_ai.request.user": "distinct_id",
    "gen_ai.conversation.id": "$ai_session_id",
    "$groups": "$groups",
}


def _value(key: str, text: str) -> str:
    return f'{{"company": "{text}"}}' if key == "$groups" else text


def _told(properties: dict[str, Any], key: str) -> Any:
    found = properties.get(_SAYS[key])
    return found["company"] if key == "$groups" and found is not None else found


@pytest.mark.parametrize(("outer", "inner"), [(a, b) for a in _SAYS for b in _SAYS if _SAYS[a] != _SAYS[b]])
def test_what_a_span_does_not_say_those_above_it_do(outer: str, inner: str) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    with (
        tracer.start_as_current_span("agent", attributes={**AGENT, outer: _value(outer, "said above")}),
        tracer.start_as_current_span("step", attributes={**AGENT, inner: _value(inner, "said between")}),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
    stages.leave()
    (chat,) = [event for event in stages.events if event["event"] == "$ai_generation"]
    said = {**chat["properties"], "distinct_id": chat["distinct_id"]}
    assert (_told(said, outer), _told(said, inner)) == ("said above", "said between")


@pytest.mark.parametrize("key", _SAYS)
def test_the_nearest_that_says_it_counts(key: str) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    with (
        tracer.start_as_current_span("agent", attributes={**AGENT, key: _value(key, "said above")}),
        tracer.start_as_current_span("web", attributes={key: _value(key, "said between")}),
        tracer.start_as_current_span("other", attributes={"user.email": ""}),
    ):
        tracer.start_span("chat", attributes=CHAT).end()
        tracer.start_span("own", attributes={**CHAT, key: _value(key, "said itself")}).end()
    stages.leave()
    told = {
        event["properties"]["$ai_span_name"]: _told({**event["properties"], "distinct_id": event["distinct_id"]}, key)
        for event in stages.events
    }
    if key == "gen_ai.conversation.id":
        assert set(told.values()) == {"said above"}, "the conversation is the one that the outermost agent is in"
    else:
        assert (told["chat"], told["own"], told["helper"]) == ("said between", "said itself", "said above")


_BELOW = {"session.id": "$ai_session_id", "gen_ai.conversation.id": "$ai_session_id", "user.id": "distinct_id"}


@pytest.mark.parametrize("said", _BELOW)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
def test_the_session_of_all_calls_of_a_run_is_that_of_the_run_and_a_user_is_never_handed_sideways(
    said: str, at_once: bool
) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    with tracer.start_as_current_span("agent", attributes=AGENT):
        tracer.start_span("says it", attributes={**CHAT, said: "one"}).end()
        silent = tracer.start_span("silent", attributes=CHAT)
        if at_once:
            silent.end()
    stages.leave()
    silent.end()
    stages.leave()
    told = {
        event["properties"]["$ai_span_name"]: {**event["properties"], "distinct_id": event["distinct_id"]}
        for event in stages.events
    }
    expected = told["silent"]["$ai_trace_id"] if said == "user.id" else "one"
    assert [told[name][_BELOW[said]] for name in ("says it", "helper", "silent")] == ["one", "one", expected]


@pytest.mark.parametrize("order", ["the agent first", "the call first"])
def test_an_id_that_a_framework_made_stays_one_for_those_below(order: str) -> None:
    """Also once the agent that has it has left: an agent below has a session of its own, and what was set counts."""
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    web = tracer.start_span("web", attributes={})
    agent = tracer.start_span("agent", set_span_in_context(web), attributes={**AGENT, "gen_ai.conversation.id": "t1"})
    nearer = tracer.start_span(
        "nearer", set_span_in_context(agent), attributes={**CHAT, "gen_ai.conversation.id": "t2"}
    )
    set_later = tracer.start_span("set later", set_span_in_context(agent), attributes=CHAT)
    for span in (agent, nearer) if order == "the agent first" else (nearer, agent):
        span.end()
        stages.leave()
    web.set_attribute("session.id", "s1")
    set_later.end()
    stages.leave()
    told = {event["properties"]["$ai_span_name"]: event["properties"]["$ai_session_id"] for event in stages.events}
    assert told == {"helper": "t1", "nearer": "t1", "set later": "s1"}


_AROUND: dict[str, tuple[str, Any]] = {
    "distinct_id": ("distinct_id", "u"),
    "session_id": ("$ai_session_id", "s"),
    "replay_session_id": ("$session_id", "r"),
    "groups": ("$groups", {"company": "acme"}),
}


@pytest.mark.parametrize("one", _AROUND)
@pytest.mark.parametrize("named", [False, True], ids=["the spans say nothing", "the spans say all of it"])
def test_the_context_says_each_of_it_by_itself(one: str, named: bool) -> None:
    """What the context says counts, and what it does not say the spans do."""
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    said = {"user.id": "spans", "session.id": "spans", "$session_id": "spans", "$groups": '{"company": "spans"}'}
    given: dict[str, Any] = {one: _AROUND[one][1]}
    with posthog_context(**given), tracer.start_as_current_span("web", attributes=said if named else {}):
        tracer.start_span("chat", attributes=CHAT).end()
    stages.leave()
    (event,) = stages.events
    found = {**event["properties"], "distinct_id": event["distinct_id"]}
    nothing = {"distinct_id": event["properties"]["$ai_trace_id"], "$groups": None}
    for key, (stands, value) in _AROUND.items():
        otherwise = ({"company": "spans"} if key == "groups" else "spans") if named else nothing.get(stands)
        assert found.get(stands) == (value if key == one else otherwise)


@pytest.mark.parametrize("said", [{}, {"$groups": '{"company": "span", "room": "a"}'}])
def test_the_groups_of_the_resource_are_those_of_all_that_name_no_others(said: dict[str, str]) -> None:
    stages = Stages()
    resource = Resource({"$groups": '{"company": "resource", "team": "blue"}'})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(stages)
    provider.get_tracer("app").start_span("chat", attributes={**CHAT, **said}).end()
    stages.leave()
    expected = {"company": "span", "room": "a", "team": "blue"} if said else {"company": "resource", "team": "blue"}
    assert stages.events[0]["properties"]["$groups"] == expected
