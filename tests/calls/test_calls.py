"""One model call is one generation, also where its two reports come apart in time."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import StatusCode

from otel_posthog_ai import PostHogSpanProcessor
from tests.receiver import Receiver
from tests.traced import AGENT, CHAT, TOOL, Traced, assert_sound, parent_of, span_id_of

ANSWER = {**CHAT, "gen_ai.response.id": "resp-1", "gen_ai.response.model": "gpt-4o-2024-08-06"}
ASKED = {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'}


def calls(events: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events.values() if event["event"] == "$ai_generation"]


def test_framework_and_client_spans_of_one_call(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("framework", attributes={**CHAT, **ASKED}),
        client.start_as_current_span("client", attributes=ANSWER),
    ):
        pass
    events = traced.events()
    [call] = calls(events)
    assert call["properties"]["$ai_span_name"] == "framework"
    assert call["properties"]["$ai_model"] == "gpt-4o-2024-08-06"
    assert call["properties"]["$ai_input"] == [{"role": "user", "content": "hi"}]
    assert traced.processor.status()["merged"] == 1


@pytest.mark.parametrize("outer", ["gpt-4o", "openai/gpt-4o", "openrouter/openai/gpt-4o"])
@pytest.mark.parametrize("inner", ["gpt-4o", "openai/gpt-4o"])
def test_a_models_name_without_the_router_before_it(traced: Traced, outer: str, inner: str) -> None:
    asked = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7}
    with (
        traced.tracer.start_as_current_span("framework", attributes={**asked, "gen_ai.request.model": outer}),
        traced.provider.get_tracer("client").start_as_current_span(
            "client", attributes={**asked, "gen_ai.request.model": inner}
        ),
    ):
        pass
    [call] = calls(traced.events())
    assert call["properties"]["$ai_model"] == min(outer, inner, key=len)


def test_a_tool_between_makes_two_calls(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("outer", attributes=CHAT),
        traced.tracer.start_as_current_span("tool", attributes=TOOL),
        client.start_as_current_span("inner", attributes=CHAT),
    ):
        pass
    assert len(calls(traced.events())) == 2


def test_other_usage_makes_two_calls(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("outer", attributes=CHAT),
        client.start_as_current_span("inner", attributes={**CHAT, "gen_ai.usage.input_tokens": 99}),
    ):
        pass
    assert len(calls(traced.events())) == 2


def test_two_calls_of_one_scope_are_two_even_with_one_id(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        for name in ("one", "two"):
            with traced.tracer.start_as_current_span(name, attributes=ANSWER):
                pass
    assert len(calls(traced.events())) == 2


def test_reports_in_two_traces(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    outer = traced.tracer.start_span("outer", attributes={**CHAT, **ASKED})
    client.start_span("inner", attributes={**CHAT, **ASKED}).end()
    outer.end()
    [call] = calls(traced.events())
    assert call["properties"]["$ai_span_name"] == "outer"


@pytest.mark.parametrize(("failed", "expected"), [("framework", 1), ("client", 2)])
def test_a_report_of_failure_and_one_of_success(traced: Traced, failed: str, expected: int) -> None:
    """What the client got can fail further up; what failed for the client did not go well for the framework."""
    client = traced.provider.get_tracer("client")
    outer = traced.tracer.start_span("framework", attributes={**CHAT, **ASKED})
    inner = client.start_span("client", Context(), attributes=CHAT)
    {"framework": outer, "client": inner}[failed].set_status(StatusCode.ERROR, "ValueError: no")
    inner.end()
    outer.end()
    found = calls(traced.events())
    assert len(found) == expected
    assert any(call["properties"].get("$ai_is_error") for call in found)


def test_reports_that_agree_on_the_outcome_are_joined_first(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    now = time.time_ns()
    for tracer, name, start, end, failed in (
        (client, "client one", 2, 6, False), (client, "client two", 3, 6, True),
        (traced.tracer, "failing", 1, 7, True), (traced.tracer, "fine", 0, 8, False),
    ):  # fmt: skip
        span = tracer.start_span(name, Context(), attributes=CHAT, start_time=now + start * 10**7)
        if failed:
            span.set_status(StatusCode.ERROR, "ValueError: no")
        span.end(now + end * 10**7)
    assert sorted(traced.events()) == ["failing", "fine"]


def test_the_inner_report_has_left_when_the_outer_comes(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("outer", attributes=CHAT):
        with client.start_as_current_span("inner", attributes=ANSWER):
            pass
        traced.events()
    events = traced.events()
    [call] = calls(events)
    assert call["properties"]["$ai_span_name"] == "inner"
    assert events["outer"]["event"] == "$ai_span"
    assert "$ai_input_tokens" not in events["outer"]["properties"]
    assert parent_of(events["inner"]) == span_id_of(events["outer"])
    assert_sound(traced.receiver.events)


def test_the_outer_report_has_left_when_the_inner_comes(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("outer", attributes=ANSWER):
        inner = client.start_span("inner", attributes=ANSWER)
    traced.events()
    inner.end()
    [call] = calls(traced.events())
    assert call["properties"]["$ai_span_name"] == "outer"


def test_spans_of_one_call_in_two_providers(receiver: Receiver) -> None:
    providers = [TracerProvider(shutdown_on_exit=False) for _ in range(2)]
    for provider in providers:
        provider.add_span_processor(PostHogSpanProcessor(api_key="phc_two", host=receiver.url))
    with (
        providers[0].get_tracer("framework").start_as_current_span("outer", attributes=ANSWER),
        providers[1].get_tracer("client").start_as_current_span("inner", attributes=ANSWER),
    ):
        pass
    for provider in providers:
        provider.shutdown()
    assert [e["properties"]["$ai_span_name"] for e in receiver.events] == ["outer"]


def test_it_can_be_switched_off(receiver: Receiver) -> None:
    traced = Traced(receiver, deduplicate=False)
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("outer", attributes=ANSWER),
        client.start_as_current_span("inner", attributes=ANSWER),
    ):
        pass
    assert len(calls(traced.events())) == 2
    traced.provider.shutdown()


def test_one_tool_execution_that_is_reported_twice(traced: Traced) -> None:
    inner = traced.provider.get_tracer("inner")
    with (
        traced.tracer.start_as_current_span(
            "execute_tool", attributes={**TOOL, "gen_ai.tool.call.arguments": '{"q":1}'}
        ),
        inner.start_as_current_span("execute_tool", attributes={**TOOL, "gen_ai.tool.call.result": "found"}),
    ):
        pass
    [tool] = traced.events().values()
    assert tool["properties"]["$ai_input_state"] == {"q": 1}
    assert tool["properties"]["$ai_output_state"] == "found"


def test_a_tool_that_is_reported_twice_is_one_also_where_a_call_in_it_has_left_before_it_ended(traced: Traced) -> None:
    inner = traced.provider.get_tracer("inner")
    with (
        traced.tracer.start_as_current_span("tool", attributes=TOOL) as tool,
        inner.start_as_current_span("tool again", attributes=TOOL),
    ):
        traced.tracer.start_span("call", attributes=CHAT).end()
        assert traced.processor.force_flush(5_000)
        traced.tracer.start_span("another call", attributes=CHAT).end()
    events = traced.events()
    assert {name.removeprefix("trace:") for name in events} == {"call", "another call", "search"}
    own = f"{tool.get_span_context().span_id:016x}"
    assert {parent_of(event) for name, event in events.items() if "call" in name} == {own}


@pytest.mark.parametrize(
    ("outer", "inner", "state", "scope", "drawn"),
    [
        ("AGENT", "CHAIN", {}, "openai_agents", 1),
        ("AGENT", "CHAIN", {"input.value": "hi"}, "openai_agents", 2),
        ("AGENT", "CHAIN", {}, "langchain", 2),
        ("AGENT", "GUARDRAIL", {}, "openai_agents", 2),
        ("CHAIN", "AGENT", {}, "openai_agents", 2),
    ],
)
def test_a_run_that_is_told_again_as_a_mere_step(
    traced: Traced, outer: str, inner: str, state: dict[str, str], scope: str, drawn: int
) -> None:
    first = traced.provider.get_tracer("openinference.instrumentation.openai_agents")
    second = traced.provider.get_tracer(f"openinference.instrumentation.{scope}")
    with (
        traced.tracer.start_as_current_span("request", attributes=AGENT),
        first.start_as_current_span("support", attributes={"openinference.span.kind": outer}),
        second.start_as_current_span("support", attributes={"openinference.span.kind": inner, **state}),
    ):
        second.start_span("turn", attributes={"openinference.span.kind": "CHAIN"}).end()
    assert traced.processor.force_flush(5_000)
    events = traced.receiver.events
    steps = {event["properties"]["$ai_span_id"]: event for event in events if event["event"] == "$ai_span"}
    named = [event["properties"]["$ai_span_name"] for event in steps.values()]
    assert (named.count("support"), named.count("turn")) == (drawn, 1)
    [turn] = [event for event in steps.values() if event["properties"]["$ai_span_name"] == "turn"]
    assert steps[parent_of(turn)]["properties"]["$ai_span_name"] == "support"
    assert_sound(events)


def test_a_client_span_of_another_trace_waits_for_a_call_that_is_still_in_the_queue(receiver: Receiver) -> None:
    """The client's span comes to the worker in one batch and the framework's, which ends after it, in the next."""
    traced = Traced(receiver, flush_at=1)
    client = traced.provider.get_tracer("client")
    for number in range(20):
        asked = ASKED["gen_ai.input.messages"].replace("hi", f"question {number}")
        outer = traced.tracer.start_span(f"framework {number}", attributes={**CHAT, "gen_ai.input.messages": asked})
        client.start_span("client", context=Context(), attributes=CHAT).end()
        outer.end()
    events = traced.events()
    assert len(calls(events)) == len(events) == 20
    assert traced.processor.status()["merged"] == 20
    traced.provider.shutdown()


@pytest.mark.parametrize("begins", [0.6, 1.2], ids=["side by side", "in quick succession"])
@pytest.mark.parametrize("left_before", [True, False])
def test_a_client_span_does_not_report_a_call_that_another_one_has_reported(
    receiver: Receiver, left_before: bool, begins: float
) -> None:
    """Two calls of two milliseconds' difference, which is what two clocks may differ by."""
    traced = Traced(receiver)
    client = traced.provider.get_tracer("client")
    now = time.time_ns()

    def call(name: str, start: float, end: float) -> None:
        for tracer, who, margin in ((client, "client", 0.0), (traced.tracer, "framework", 0.1)):
            span = tracer.start_span(
                f"{who} {name}", Context(), attributes=CHAT, start_time=now + int((start - margin) * 1e6)
            )
            span.end(now + int((end + margin) * 1e6))

    call("one", 0.2, 0.8)
    if left_before:
        assert traced.processor.force_flush(5_000)
    call("two", begins, 9.0)
    events = traced.events()
    assert sorted(events) == ["framework one", "framework two"]
    assert {event["event"] for event in events.values()} == {"$ai_generation"}
    assert traced.processor.status()["merged"] == 2
    traced.provider.shutdown()


def test_a_client_span_whose_call_is_still_open_does_not_report_the_call_before(receiver: Receiver) -> None:
    traced = Traced(receiver)
    client = traced.provider.get_tracer("client")
    now = time.time_ns()
    for tracer, name, start, end in ((client, "client one", 2, 8), (traced.tracer, "framework one", 1, 9)):
        tracer.start_span(name, Context(), attributes=CHAT, start_time=now + start * 100_000).end(now + end * 100_000)
    assert [event["event"] for event in traced.events().values()] == ["$ai_generation"]
    traced.tracer.start_span("framework two", Context(), attributes=CHAT, start_time=now + 500_000)
    client.start_span("client two", Context(), attributes=CHAT, start_time=now + 600_000).end(now + 9_000_000)
    assert traced.events()["client two"]["event"] == "$ai_generation"
    traced.provider.shutdown()


@pytest.mark.parametrize(("answer", "expected"), [("sunny", 1), ("rainy", 2)])
def test_an_output_that_was_counted_otherwise(traced: Traced, answer: str, expected: int) -> None:
    """OpenLLMetry adds up what Anthropic's stream states at its start and at its end."""
    claude = {**CHAT, **ASKED, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"}
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("framework", attributes={**claude, **answered("sunny")}),
        client.start_as_current_span(
            "client", attributes={**claude, **answered(answer), "gen_ai.usage.output_tokens": 6}
        ),
    ):
        pass
    found = calls(traced.events())
    assert len(found) == expected
    assert min(call["properties"]["$ai_output_tokens"] for call in found) == 5


# ---- streams that were handed out: the span ends when the generator is returned, its reader calls the model ----------

STREAM = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "hi",
}
READ = {**CHAT, "gen_ai.request.stream": True}


def said(text: str) -> dict[str, str]:
    return {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": text}


def answered(text: str) -> dict[str, str]:
    return {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{{"type":"text","content":"{text}"}}]}}]'}


class Streams:
    """Spans of LlamaIndex's instrumentor and of a client's; all times in milliseconds."""

    def __init__(self, traced: Traced) -> None:
        self.llama = traced.provider.get_tracer("openinference.instrumentation.llama_index")
        self.client = traced.provider.get_tracer("client")
        self.now = time.time_ns()

    def at(self, milliseconds: float) -> int:
        return self.now + int(milliseconds * 1e6)

    def stream(self, name: str, begins: float, returned: float, first_token: float, text: str = "") -> None:
        """The instrumentor ends the span late, with the time at which the generator was returned."""
        span = self.llama.start_span(f"{name}.stream_chat", start_time=self.at(begins), attributes=STREAM)
        span.add_event("First Token Stream Event", timestamp=self.at(first_token))
        span.set_attributes(said(text) if text else {})
        span.end(self.at(returned))

    def call(self, name: str, begins: float, ends: float, **attributes: Any) -> None:
        span = self.client.start_span(name, start_time=self.at(begins), attributes={**READ, **attributes})
        span.end(self.at(ends))


@pytest.mark.parametrize("below", [True, False], ids=["below a request", "each in a trace of its own"])
def test_the_reader_of_a_stream_made_its_call(traced: Traced, below: bool) -> None:
    streams = Streams(traced)
    request = traced.tracer.start_span("request")
    with trace.use_span(request if below else trace.INVALID_SPAN):
        streams.call("client", 2, 40, **answered("sunny"))
        streams.stream("LLM", 0, 1, 10, "sunny")
    request.end()
    [call] = calls(traced.events())
    properties = call["properties"]
    assert (properties["$ai_span_name"], properties["$ai_input_tokens"]) == ("LLM.stream_chat", 10)
    assert properties["$ai_latency"] == pytest.approx(0.04)
    assert properties["$ai_stream"] is True


def test_streams_that_are_read_at_the_same_time(traced: Traced) -> None:
    """Without content the order tells which call is whose."""
    streams = Streams(traced)
    for number in range(9):
        streams.call(f"client {number}", 2 * number + 1, 60 + number, **{"gen_ai.usage.output_tokens": number})
    for number in range(9):
        streams.stream(f"LLM {number}", 2 * number, 2 * number + 0.5, 58 - number)
    events = traced.events()
    assert {name: event["properties"]["$ai_output_tokens"] for name, event in events.items()} == {
        f"LLM {number}.stream_chat": number for number in range(9)
    }


@pytest.mark.parametrize(
    ("begins", "ends", "text"),
    [(12, 40, "sunny"), (2, 6, "sunny"), (2, 40, "rainy")],
    ids=["it began after the first token", "it was over before the first token", "it gave another answer"],
)
def test_another_call_beside_a_stream_stays_one(traced: Traced, begins: float, ends: float, text: str) -> None:
    streams = Streams(traced)
    with trace.use_span(traced.tracer.start_span("request")):
        streams.call("client", begins, ends, **answered(text))
        streams.stream("LLM", 0, 1, 10, "sunny")
    assert len(calls(traced.events())) == 2


def test_a_call_of_another_request_is_not_the_readers(traced: Traced) -> None:
    streams = Streams(traced)
    with trace.use_span(traced.tracer.start_span("another request")):
        streams.call("client", 2, 40, **answered("sunny"))
    with trace.use_span(traced.tracer.start_span("request")):
        streams.stream("LLM", 0, 1, 10, "sunny")
    assert len(calls(traced.events())) == 2


@pytest.mark.parametrize("below", [True, False])
def test_a_readers_call_waits_for_a_stream_that_is_still_in_the_queue(receiver: Receiver, below: bool) -> None:
    traced = Traced(receiver, flush_at=1)
    streams = Streams(traced)
    for number in range(20):
        start = 100 * number
        span = traced.tracer.start_span("request") if below else trace.INVALID_SPAN
        with trace.use_span(span):
            outer = streams.llama.start_span(f"LLM {number}.stream_chat", start_time=streams.at(start))
            outer.add_event("First Token Stream Event", timestamp=streams.at(start + 10))
            streams.call("client", start + 2, start + 40)
            outer.set_attributes(STREAM)
            outer.end(streams.at(start + 1))
        span.end()
    events = traced.events()
    assert len(calls(events)) == len(events) == 20
    assert all(event["properties"]["$ai_input_tokens"] == 10 for event in events.values())
    traced.provider.shutdown()


def test_the_readers_call_has_left_when_the_stream_comes(traced: Traced) -> None:
    streams = Streams(traced)
    streams.call("client", 2, 40)
    traced.events()
    streams.stream("LLM", 0, 1, 10)
    [call] = calls(traced.events())
    assert call["properties"]["$ai_span_name"] == "client"


def test_an_account_of_the_usage_is_no_second_call(traced: Traced) -> None:
    account = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 3}
    asked = {**CHAT, **account, **ASKED}
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        for name in ("first", "second"):
            with traced.tracer.start_as_current_span(name, attributes=asked):
                pass
            traced.tracer.start_span("record_usage", attributes=account).end()
    found = calls(traced.events())
    assert [call["properties"]["$ai_span_name"] for call in found] == ["first", "second"]
    assert traced.processor.status()["merged"] == 2


def test_an_account_of_a_call_that_has_left_counts_nothing(traced: Traced) -> None:
    account = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 5}
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        with traced.tracer.start_as_current_span("call", attributes={**CHAT, **account}):
            pass
        traced.processor.force_flush()
        traced.tracer.start_span("record_usage", attributes=account).end()
    assert [call["properties"]["$ai_span_name"] for call in calls(traced.events())] == ["call"]


def test_usage_that_no_call_reported_counts(traced: Traced) -> None:
    account = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 5}
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        with traced.tracer.start_as_current_span("call", attributes={**CHAT, "gen_ai.usage.input_tokens": 7}):
            pass
        traced.tracer.start_span("record_usage", attributes=account).end()
    assert sorted(call["properties"]["$ai_input_tokens"] for call in calls(traced.events())) == [5, 7]


def test_two_instrumentors_side_by_side_below_one_step(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    counted = {**CHAT, **ASKED, "gen_ai.usage.input_tokens": 5}
    with traced.tracer.start_as_current_span("agent", attributes=AGENT) as agent:
        here = trace.set_span_in_context(agent)
        for name in ("first", "second"):
            outer = traced.tracer.start_span(name, here, attributes=counted)
            client.start_span("inner", here, attributes=counted).end()
            outer.end()
    assert [call["properties"]["$ai_span_name"] for call in calls(traced.events())] == ["first", "second"]


@pytest.mark.parametrize(("inner_ends_first", "expected"), [(True, 1), (False, 2)])
def test_calls_side_by_side_with_nothing_to_compare(traced: Traced, inner_ends_first: bool, expected: int) -> None:
    """Two instrumentors without content, of a stream without usage: the times must leave no doubt."""
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("agent", attributes=AGENT) as agent:
        here = trace.set_span_in_context(agent)
        bare = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
        outer = traced.tracer.start_span("outer", here, attributes=bare, start_time=1_000)
        inner = client.start_span("inner", here, attributes=bare, start_time=2_000)
        inner.end(3_000)
        outer.end(4_000 if inner_ends_first else 2_999)
    assert len(calls(traced.events())) == expected


def test_an_embedding_that_its_client_took_for_a_chat(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    vectors = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "house-vectors"}
    with (
        traced.tracer.start_as_current_span("embed", attributes=vectors),
        client.start_as_current_span("POST", attributes={**CHAT, "gen_ai.request.model": "house-vectors"}),
    ):
        pass
    assert [event["event"] for event in traced.events().values()] == ["$ai_embedding"]


def text_message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


CALLED = {"role": "assistant", "parts": [{"type": "tool_call", "id": "call_1", "name": "look", "arguments": {}}]}
EMBEDDED = "embedding.embeddings"
RESULT = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "sunny"}]}


def merged(traced: Traced, outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """The properties of the one generation of two reports, one inside the other."""
    client = traced.provider.get_tracer("client")
    with (
        traced.tracer.start_as_current_span("outer", attributes={**CHAT, **outer}),
        client.start_as_current_span("inner", attributes={**CHAT, **inner}),
    ):
        pass
    [call] = calls(traced.events())
    return dict(call["properties"])


def messages(key: str, *said: dict[str, Any]) -> dict[str, str]:
    return {f"gen_ai.{key}.messages": json.dumps(said)}


def test_the_complete_conversation_is_taken(traced: Traced) -> None:
    short = messages("input", text_message("user", "Weather?"), RESULT)
    long = messages("input", text_message("system", "Be kind"), text_message("user", "Weather?"), CALLED, RESULT)
    found = merged(traced, short, long)["$ai_input"]
    assert [message["role"] for message in found] == ["system", "user", "assistant", "tool"]


def test_another_conversation_is_not(traced: Traced) -> None:
    other = messages("input", text_message("system", "Rewrite"), text_message("user", "Rain?"), RESULT)
    found = merged(traced, messages("input", text_message("user", "Weather?")), other)["$ai_input"]
    assert found == [{"role": "user", "content": "Weather?"}]


def test_text_and_calls_of_an_answer_are_taken_from_both(traced: Traced) -> None:
    said = messages("output", text_message("assistant", "I look"))
    found = merged(traced, said, messages("output", CALLED))["$ai_output_choices"]
    assert found[0]["content"] == "I look"
    assert found[0]["tool_calls"][0]["id"] == "call_1"


def test_arguments_that_were_taken_for_the_answer(traced: Traced) -> None:
    found = merged(traced, messages("output", text_message("assistant", "{}")), messages("output", CALLED))
    assert found["$ai_output_choices"][0]["content"] is None


def test_the_id_that_the_result_will_name(traced: Traced) -> None:
    item = {"role": "assistant", "parts": [{"type": "tool_call", "id": "fc_9", "name": "look", "arguments": {}}]}
    found = merged(traced, messages("output", item), messages("output", CALLED))
    assert found["$ai_output_choices"][0]["tool_calls"][0]["id"] == "call_1"


@pytest.mark.parametrize("who", ["outer", "inner"])
def test_the_arguments_of_a_call_of_which_one_knows_only_the_name(traced: Traced, who: str) -> None:
    part = {"type": "tool_call", "id": "call_1", "name": "look"}
    told = {"outer": "", "inner": ""} | {who: {"city": "Paris"}}
    reports = (
        messages("output", {"role": "assistant", "parts": [{**part, "arguments": told[each]}]}) for each in sorted(told)
    )
    (call,) = merged(traced, *reversed(list(reports)))["$ai_output_choices"][0]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}


def test_texts_to_embed_that_one_joins(traced: Traced) -> None:
    said = {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small"}
    client = traced.provider.get_tracer("client")
    with traced.tracer.start_as_current_span("outer", attributes={**said, f"{EMBEDDED}.0.embedding.text": "one two"}):
        texts = {f"{EMBEDDED}.{i}.embedding.text": text for i, text in enumerate(("one", "two"))}
        client.start_span("inner", attributes={**said, **texts}).end()
    (event,) = traced.events().values()
    assert event["event"] == "$ai_embedding"
    assert event["properties"]["$ai_input"] == ["one", "two"]


def test_a_stream_of_which_one_counted_only_the_first_piece(traced: Traced) -> None:
    first = {"gen_ai.usage.output_tokens": 1, "gen_ai.request.stream": True}
    assert merged(traced, first, {"gen_ai.usage.output_tokens": 37})["$ai_output_tokens"] == 37


def test_two_children_of_such_a_stream_are_calls_of_their_own(traced: Traced) -> None:
    client = traced.provider.get_tracer("client")
    first = {**CHAT, "gen_ai.usage.output_tokens": 1, "gen_ai.request.stream": True}
    with traced.tracer.start_as_current_span("outer", attributes=first):
        for name in ("one", "two"):
            client.start_span(name, attributes={**CHAT, "gen_ai.usage.output_tokens": 37}).end()
    assert len(calls(traced.events())) == 3
