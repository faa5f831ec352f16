"""Each event belongs to the user and session of its own way up, and to nobody else's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, set_span_in_context

from otel_posthog_ai import PostHogSpanExporter, posthog_context
from tests.receiver import Receiver
from tests.stages import Stages
from tests.traced import AGENT, CHAT, TOOL, AllButTheAgent, Traced, trace_id_of


def owner(event: dict[str, Any]) -> tuple[str, Any]:
    return event["distinct_id"], event["properties"].get("$ai_session_id")


def test_nobody_said_who(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("chat", attributes=CHAT):
        pass
    chat = traced.events()["chat"]
    assert chat["distinct_id"] == trace_id_of(chat)
    assert chat["properties"]["$process_person_profile"] is False


def test_the_surrounding_request_says_who(traced: Traced) -> None:
    """The server span is no AI span, and ends after the call has been exported."""
    with traced.tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as request:
        request.set_attributes({"user.id": "ann", "session.id": "s1"})
        with traced.tracer.start_as_current_span("chat", attributes=CHAT):
            pass
        traced.events()
    chat = traced.events()["chat"]
    assert owner(chat) == ("ann", "s1")
    assert "$process_person_profile" not in chat["properties"]


def test_the_spans_own_word_beats_that_of_its_ancestors(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("agent", attributes={**AGENT, "user.id": "outer"}),
        traced.tracer.start_as_current_span("chat", attributes={**CHAT, "user.id": "inner"}),
    ):
        pass
    events = traced.events()
    assert events["chat"]["distinct_id"] == "inner"
    assert events["trace:helper"]["distinct_id"] == "outer"


def test_posthog_context_beats_attributes(traced: Traced) -> None:
    with (
        posthog_context(distinct_id="context", session_id="s", groups={"company": "acme"}, properties={"plan": "pro"}),
        traced.tracer.start_as_current_span("chat", attributes={**CHAT, "user.id": "attribute"}),
    ):
        pass
    chat = traced.events()["chat"]
    assert owner(chat) == ("context", "s")
    assert chat["properties"]["$groups"] == {"company": "acme"}
    assert chat["properties"]["plan"] == "pro"


def test_explicit_ids_beat_incidental_ones_from_nearer(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("GET /", attributes={"session.id": "explicit"}),
        traced.tracer.start_as_current_span("chat", attributes={**CHAT, "gen_ai.conversation.id": "thread-1"}),
    ):
        pass
    assert owner(traced.events()["chat"])[1] == "explicit"


def test_incidental_ids_serve_where_nobody_said_more(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("chat", attributes={**CHAT, "gen_ai.conversation.id": "thread-1"}):
        pass
    assert owner(traced.events()["chat"])[1] == "thread-1"


def test_a_user_named_below_reaches_the_spans_above(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        with traced.tracer.start_as_current_span("chat", attributes={**CHAT, "user.id": "ann"}):
            pass
        with traced.tracer.start_as_current_span("execute_tool", attributes=TOOL):
            pass
    events = traced.events()
    assert events["trace:helper"]["distinct_id"] == "ann"
    assert events["search"]["distinct_id"] == trace_id_of(events["search"]), "never sideways"


def test_a_batch_job_for_many_users_belongs_to_none_of_them(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        for user in ("ann", "bob"):
            with (
                posthog_context(distinct_id=user),
                traced.tracer.start_as_current_span(f"chat {user}", attributes=CHAT),
            ):
                pass
    events = traced.events()
    root = events["trace:helper"]
    assert root["distinct_id"] == trace_id_of(root)
    assert [events[f"chat {user}"]["distinct_id"] for user in ("ann", "bob")] == ["ann", "bob"]


@pytest.mark.parametrize("refused", ["", "null", "anonymous", "undefined", "0", "[object Object]", "a\0b"])
def test_ids_that_posthog_refuses_are_none(traced: Traced, refused: str) -> None:
    with traced.tracer.start_as_current_span("chat", attributes={**CHAT, "user.id": refused}):
        pass
    chat = traced.events()["chat"]
    assert chat["distinct_id"] == trace_id_of(chat)


def test_fifty_requests_at_once(receiver: Receiver) -> None:
    traced = Traced(receiver)

    def request(number: int) -> None:
        with (
            traced.tracer.start_as_current_span(
                "GET /", attributes={"user.id": f"u{number}", "session.id": f"s{number}"}
            ),
            traced.tracer.start_as_current_span("agent", attributes={**AGENT, "gen_ai.agent.name": f"agent {number}"}),
            traced.tracer.start_as_current_span(f"chat {number}", attributes=CHAT),
        ):
            pass

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(request, range(50)))
    events = traced.events()
    assert len(events) == 100
    for name, event in events.items():
        number = name.rsplit(" ", 1)[1]
        assert owner(event) == (f"u{number}", f"s{number}")
    traced.provider.shutdown()


def test_default_distinct_id(receiver: Receiver) -> None:
    traced = Traced(receiver, default_distinct_id="service-7")
    with traced.tracer.start_as_current_span("chat", attributes=CHAT):
        pass
    assert traced.events()["chat"]["distinct_id"] == "service-7"
    traced.provider.shutdown()


def test_trace_name_names_the_trace_of_a_single_call(traced: Traced) -> None:
    with posthog_context(trace_name="summarise"), traced.tracer.start_as_current_span("chat", attributes=CHAT):
        pass
    events = traced.events()
    assert set(events) == {"trace:summarise", "chat"}


def test_privacy_reaches_down_and_up_and_not_sideways(traced: Traced) -> None:
    def said(text: str) -> dict[str, str]:
        return {"gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])}

    with traced.tracer.start_as_current_span("agent", attributes={**AGENT, **said("asked of the agent")}):
        with (
            posthog_context(privacy_mode=True),
            traced.tracer.start_as_current_span("execute_tool", attributes={**TOOL, **said("asked of the tool")}),
        ):
            pass
        with traced.tracer.start_as_current_span("chat", attributes={**CHAT, **said("asked in the open")}):
            pass
    sent = json.dumps(traced.events())
    assert "asked in the open" in sent
    assert "asked of" not in sent


@pytest.mark.parametrize("key", ["session.id", "gen_ai.conversation.id"])
def test_the_id_of_an_answer_is_no_session(traced: Traced, key: str) -> None:
    traced.tracer.start_span("call", attributes={**CHAT, key: "resp_68af4030592c81938ec0a5fbab4a3e9f"}).end()
    assert "$ai_session_id" not in traced.events()["call"]["properties"]


def test_nobody_is_called_unknown(traced: Traced) -> None:
    traced.tracer.start_span("call", attributes={**CHAT, "user.id": "unknown", "session.id": "unknown"}).end()
    event = traced.events()["call"]
    assert event["distinct_id"] == trace_id_of(event)
    assert "$ai_session_id" not in event["properties"]


def test_trace_name_names_a_trace_once_however_many_calls_it_has(traced: Traced) -> None:
    with posthog_context(trace_name="summarise"), traced.tracer.start_as_current_span("GET /"):
        for number in range(3):
            traced.tracer.start_span(f"chat {number}", attributes=CHAT).end()
            traced.processor.force_flush(5_000)
    assert set(traced.events()) == {"trace:summarise", "chat 0", "chat 1", "chat 2"}


# ---- whatever becomes of the span that says so ---------------------------------------------------------------------

_FATES = ["open", "ended", "on its way", "lost on its way", "read", "left", "refused by the filter", "not sampled"]


@pytest.mark.parametrize("fate", _FATES)
@pytest.mark.parametrize("said", ["at its start", "at its end", "instead of another"])
@pytest.mark.parametrize("kind", [AGENT, {}], ids=["an agent", "a plain span"])
def test_whoever_is_above_says_who_whatever_becomes_of_it(fate: str, said: str, kind: dict[str, str]) -> None:
    stages = Stages(span_filter=(lambda span: span.name != "agent") if fate.startswith("refused") else None)
    sampler = AllButTheAgent() if fate == "not sampled" else ALWAYS_ON
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(stages)
    tracer = provider.get_tracer("app")
    ids = {"user.id": "ann", "session.id": "s1"}
    first = {"at its start": ids, "at its end": {}, "instead of another": dict.fromkeys(ids, "another")}[said]
    agent = tracer.start_span("agent", Context(), attributes={**kind, **first})
    below = set_span_in_context(agent, Context())
    call = tracer.start_span("call", below, attributes=CHAT)
    if said == "instead of another":
        tracer.start_span("earlier", below, attributes=CHAT).end()
        stages.leave()
    agent.set_attributes(ids)
    if fate != "open":
        agent.end()
        stages.queue_ended()
    if fate == "lost on its way" and kind:
        (lost,) = stages.queue
        stages.room.hierarchy.lost(lost)
        stages.queue.clear()
    if fate in ("read", "left"):
        stages.read_queued()
    if fate == "left":
        stages.release()
    later, stages.queue = stages.queue, []
    call.end()
    stages.leave()
    stages.queue = later
    (event,) = [event for event in stages.events if event["properties"]["$ai_span_name"] == "call"]
    assert owner(event) == ("ann", "s1")


def test_without_a_processor_who_is_refused_by_the_filter_says_who_too(receiver: Receiver) -> None:
    memory, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("agent", attributes={**AGENT, "user.id": "ann"}):
        tracer.start_span("chat", attributes=CHAT).end()
    exporter = PostHogSpanExporter(api_key="phc_tree", host=receiver.url, span_filter=lambda span: span.name != "agent")
    exporter.export(memory.get_finished_spans())
    exporter.shutdown()
    assert [event["distinct_id"] for event in receiver.events] == ["ann"]
