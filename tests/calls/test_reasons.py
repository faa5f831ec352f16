"""What is no event of its own says why, in the words that `explain` repeats to a person."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import Span

from tests.calls.told import MILLISECOND, Told
from tests.traced import AGENT, CHAT, TOOL

ID = {"gen_ai.response.id": "r1"}
HI = {"gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}
STREAM = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
LLAMA_INDEX = "openinference.instrumentation.llama_index"


def test_two_halves_that_a_dialect_declares() -> None:
    told = Told()
    said = {"litellm.call_id": "c", "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
    request = told.begin("litellm", "litellm_request", 0, said)
    raw = {"llm.anthropic.messages": "[]", "llm.anthropic.model": "claude-sonnet-4-5"}
    half = told.span("litellm", (1, 9), raw, request, "raw_gen_ai_request")
    request.end(1_010 * MILLISECOND)
    assert len(told.events()) == 1
    assert "two halves" in told.why(half)


def test_an_account() -> None:
    told = Told()
    agent = told.begin("app", "agent", -50, AGENT)
    told.span("app", (0, 100), {**CHAT, **HI}, agent)
    used = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
    account = told.span("app", (95, 95), used, agent)
    assert len(told.events()) == 1
    assert "account" in told.why(account)


def test_one_answer() -> None:
    told = Told()
    inner = told.span("client", (10, 90), {**CHAT, **ID})
    told.span("framework", (0, 100), {**CHAT, **ID})
    assert len(told.events()) == 1
    assert "answer's id" in told.why(inner)


def test_a_call_in_a_call() -> None:
    told = Told()
    outer = told.begin("framework", "framework", 0, CHAT)
    inner = told.span("client", (10, 90), CHAT, outer)
    outer.end(1_100 * MILLISECOND)
    assert len(told.events()) == 1
    assert "right inside the call" in told.why(inner)


def _stream(told: Told, said: dict[str, Any], above: Span) -> None:
    span = told.begin(LLAMA_INDEX, "stream_chat", 0, {**STREAM, **said}, above)
    span.add_event("First Token Stream Event", timestamp=1_040 * MILLISECOND)
    span.end(1_001 * MILLISECOND)


def test_the_reader_of_a_stream() -> None:
    told = Told()
    request = told.begin("app", "request", -10, {})
    _stream(told, {}, request)
    reader = told.span("client", (10, 70), {**CHAT, "gen_ai.request.stream": True}, request)
    assert len(told.events()) == 1
    assert "read a stream" in told.why(reader)


def test_a_call_in_a_trace_of_its_own() -> None:
    told = Told()
    told.span("framework", (0, 100), CHAT)
    inner = told.span("client", (10, 90), CHAT)
    assert len(told.events()) == 1
    assert "another trace" in told.why(inner)


def test_a_call_whose_other_report_has_left() -> None:
    told = Told()
    told.span("framework", (0, 100), CHAT)
    told.events()
    late = told.span("client", (10, 90), CHAT)
    assert len(told.events()) == 1
    assert "left already" in told.why(late)


def test_a_step_around_a_call_that_has_left() -> None:
    """It is drawn, and says why it counts nothing."""
    told = Told()
    around = told.begin("framework", "framework", 0, CHAT)
    told.span("client", (10, 90), CHAT, around)
    told.stages.leave(everything=True)
    around.end(1_100 * MILLISECOND)
    assert len(told.events()) == 1
    assert "left already" in told.why(around)


def test_one_run_of_a_tool_in_two_spans() -> None:
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    outer = told.begin("framework", "tool", 1, TOOL, agent)
    inner = told.span("client", (2, 3), TOOL, outer)
    for span in (outer, agent):
        span.end(1_005 * MILLISECOND)
    assert len(told.events("$ai_span")) == 1
    assert "one execution of a tool" in told.why(inner)


def test_a_step_that_repeats_the_one_around_it() -> None:
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    step = {"traceloop.span.kind": "task", "traceloop.entity.name": "step"}
    outer = told.begin("app", "step", 1, step, agent)
    inner = told.span("app", (2, 3), step, outer)
    for span in (outer, agent):
        span.end(1_005 * MILLISECOND)
    told.events()
    assert "repeats" in told.why(inner)


def test_a_piece_of_an_answer() -> None:
    told = Told()
    call = told.begin("mastra", "chat", 0, {"mastra.span.type": "model_inference", **CHAT})
    piece = told.span("mastra", (30, 40), {"mastra.span.type": "model_chunk"}, call)
    call.end(1_100 * MILLISECOND)
    assert len(told.events()) == 1
    assert "piece of the answer" in told.why(piece)
    assert told.stages.counters.snapshot()["filtered"] == 1
