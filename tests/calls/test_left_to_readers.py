"""LlamaIndex ends the span of a stream when it hands the stream out: the client's span beside it is the same call."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.trace import set_span_in_context

from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, Traced

SCOPE = "llamaindex.opentelemetry.tracer"
STEP = {"llamaindex.run_id": "r"}


def stream(traced: Any, question: str, end: str | None = None, at: int | None = None) -> None:
    messages = json.dumps([{"role": "user", "blocks": [{"block_type": "text", "text": question}]}])
    span = traced.provider.get_tracer(SCOPE).start_span("OpenAI.astream_chat", attributes=STEP, start_time=at)
    span.add_event("LLMChatStartEvent", {"messages": messages, "model_dict.model_name": "gpt-4o"})
    if end is not None:
        span.add_event("LLMChatEndEvent", {"messages": messages, "response.message.role": "assistant"})
    span.end()


def client(traced: Any, question: str, at: int | None = None, end: int | None = None) -> None:
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": question}]}])
    said = {**CHAT, "gen_ai.input.messages": asked}
    traced.provider.get_tracer("client").start_span("chat", attributes=said, start_time=at).end(end)


def calls(traced: Traced) -> list[dict[str, Any]]:
    return [event["properties"] for event in traced.events().values() if event["event"] == "$ai_generation"]


def test_the_reader_of_a_stream_tells_its_tokens(traced: Traced) -> None:
    with traced.provider.get_tracer(SCOPE).start_as_current_span("Agent.run_agent_step", attributes=STEP):
        stream(traced, "hi")
        client(traced, "hi")
    [call] = calls(traced)
    assert (call["$ai_span_name"], call["$ai_input_tokens"], call["$ai_stream"]) == ("OpenAI.astream_chat", 10, True)


@pytest.mark.parametrize(("later", "calls"), [(10_000_000, 1), (-10_000_000, 2)])
def test_a_stream_is_read_by_the_next_call(later: int, calls: int) -> None:
    told, at = Told(), time.time_ns()
    with told.provider.get_tracer("app").start_as_current_span("step", attributes=AGENT):
        stream(told, "hi", at=at)
        client(told, "hi", at=at + later, end=at + later + 1)
    told.leave()
    assert [event["event"] for event in told.events].count("$ai_generation") == calls


@pytest.mark.parametrize(("later", "question", "calls"), [(4e9, "hi", 1), (-1e7, "hi", 2), (4e9, "something else", 2)])
def test_a_stream_without_a_step_around_it_is_read_in_another_trace(later: float, question: str, calls: int) -> None:
    told, at = Told(), time.time_ns()
    stream(told, "hi", at=at)
    client(told, question, at=at + int(later), end=at + int(later) + 1)
    told.leave()
    assert [event["event"] for event in told.events].count("$ai_generation") == calls


def test_a_call_below_a_step_is_not_of_a_stream_without_one() -> None:
    told = Told()
    stream(told, "hi")
    with told.provider.get_tracer("app").start_as_current_span("step", attributes=AGENT):
        client(told, "hi")
    told.leave()
    assert [event["event"] for event in told.events].count("$ai_generation") == 2


def test_other_words_are_another_call(traced: Traced) -> None:
    with traced.provider.get_tracer(SCOPE).start_as_current_span("Agent.run_agent_step", attributes=STEP):
        stream(traced, "hi")
        client(traced, "something else")
    assert len(calls(traced)) == 2


def test_a_stream_has_one_reader(traced: Traced) -> None:
    with traced.provider.get_tracer(SCOPE).start_as_current_span("Agent.run_agent_step", attributes=STEP):
        stream(traced, "hi")
        client(traced, "hi")
        traced.provider.get_tracer("client").start_span(
            "again", attributes={**CHAT, "gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}
        ).end()
    assert len(calls(traced)) == 2


def test_a_call_that_told_its_end_is_left_alone(traced: Traced) -> None:
    with traced.provider.get_tracer(SCOPE).start_as_current_span("Agent.run_agent_step", attributes=STEP):
        stream(traced, "hi", end="told")
        client(traced, "hi")
    assert len(calls(traced)) == 2


class Told(Stages):
    """Stages with a provider."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = provider_of(self)


def test_a_stream_waits_for_its_reader_until_the_step_around_both_ends() -> None:
    told = Told()
    with told.provider.get_tracer("app").start_as_current_span("step", attributes=AGENT):
        stream(told, "hi")
        assert told.leave(everything=False) == []
        client(told, "hi")
        assert told.leave(everything=False) == []
    told.leave(everything=False)
    assert [event["event"] for event in told.events].count("$ai_generation") == 1
    with told.provider.get_tracer("app").start_as_current_span("step", attributes=AGENT):
        stream(told, "hi", end="told")
        assert "OpenAI.astream_chat" in told.leave(everything=False)


# What a call says besides, when it began after the stream, in milliseconds, and where -> whether it read the stream.
READERS = {
    "the same words": ({}, 10, "step", True),
    "at once": ({}, 0, "step", True),
    "before": ({}, -10, "step", False),
    "other words": ({"gen_ai.input.messages": '[{"role":"user","content":"bye"}]'}, 10, "step", False),
    "no words": ({"gen_ai.input.messages": "[]"}, 10, "step", False),
    "another model": ({"gen_ai.request.model": "o3"}, 10, "step", False),
    "an embedding of something": (
        {"gen_ai.operation.name": "embeddings", "gen_ai.output.messages": '[{"role":"assistant","content":"v"}]'},
        10, "step", False,
    ),
    "below a step within": ({}, 10, "within", False),
    "below the step around": ({}, 10, "around", False),
    "alone in its trace": ({}, 10, None, False),
}  # fmt: skip


@pytest.mark.parametrize("row", READERS)
def test_who_reads_a_stream_of_which_nothing_is_noted(row: str) -> None:
    said, later, place, read = READERS[row]
    told, at = Told(), time.time_ns()
    tracer = told.provider.get_tracer("app")
    asked = {"gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}
    with (
        tracer.start_as_current_span("around", attributes=AGENT) as around,
        tracer.start_as_current_span("step", attributes=AGENT) as step,
    ):
        within = tracer.start_span("within", attributes=AGENT)
        stream(told, "hi", at=at)
        above = {"step": step, "within": within, "around": around, None: None}[place]
        begun = at + later * 1_000_000
        told.provider.get_tracer("client").start_span(
            "chat", set_span_in_context(above) if above is not None else Context(),
            attributes={**CHAT, **asked, **said}, start_time=begun,
        ).end(begun + 5_000_000)  # fmt: skip
        within.end()
    told.leave()
    calls = [event for event in told.events if event["event"] in ("$ai_generation", "$ai_embedding")]
    assert len(calls) == (1 if read else 2)
    if read:
        assert calls[0]["properties"]["$ai_span_name"] == "OpenAI.astream_chat"


def test_each_stream_of_the_same_words_has_the_call_that_began_after_it() -> None:
    told, at = Told(), time.time_ns()
    asked = {"gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}
    with told.provider.get_tracer("app").start_as_current_span("step", attributes=AGENT):
        for number in (1, 0):
            stream(told, "hi", at=at + number * 100_000_000)
        for number in (1, 0):
            begun = at + number * 100_000_000 + 50_000_000
            said = {**CHAT, **asked, "gen_ai.response.finish_reasons": (f"of {number}",)}
            told.provider.get_tracer("client").start_span("chat", attributes=said, start_time=begun).end(begun + 1_000)
    told.leave()
    calls = sorted(
        (event for event in told.events if event["event"] == "$ai_generation"), key=lambda event: event["timestamp"]
    )
    assert [call["properties"]["$ai_stop_reason"] for call in calls] == ["of 0", "of 1"]
