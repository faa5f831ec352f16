"""Runs of Azure AI Agents, whose model is called at the service; and what its clients write as one text."""

from __future__ import annotations

import json

from opentelemetry.sdk.trace import TracerProvider

from tests.traced import Traced

from .test_gen_ai import CALL, record

THREAD = {"gen_ai.system": "az.ai.agents", "gen_ai.thread.id": "thread_1"}
ASKED = json.dumps({"content": "Hi", "role": "user"})
ANSWERED = json.dumps({"content": {"text": {"value": "Hello Ada"}}, "role": "assistant"})


def test_a_run_is_counted_once_and_says_what_was_said(traced: Traced) -> None:
    run = {**THREAD, "gen_ai.operation.name": "process_thread_run", "gen_ai.response.model": "gpt-4o",
           "gen_ai.usage.input_tokens": 200, "gen_ai.usage.output_tokens": 50}  # fmt: skip
    tracer = traced.provider.get_tracer("azure.ai.agents")
    with tracer.start_as_current_span("process_thread_run", attributes=run) as span:
        span.add_event("gen_ai.user.message", {"gen_ai.event.content": ASKED})
        span.add_event("gen_ai.assistant.message", {"gen_ai.event.content": ANSWERED})
    events = traced.events()
    [call] = [event["properties"] for event in events.values() if event["event"] == "$ai_generation"]
    assert (call["$ai_input_tokens"], call["$ai_model"], call["$ai_provider"]) == (200, "gpt-4o", "azure-openai")
    root = events["trace:process_thread_run"]["properties"]
    assert root["$ai_input_state"] == [{"role": "user", "content": "Hi"}]
    assert root["$ai_output_state"] == [{"role": "assistant", "content": "Hello Ada"}]
    assert root["$ai_session_id"] == "thread_1"


def test_what_only_keeps_the_thread_is_no_step(traced: Traced) -> None:
    provider: TracerProvider = traced.provider
    for name in ("create_thread", "list_messages"):
        provider.get_tracer("azure.ai.agents").start_span(name, attributes=THREAD).end()
    assert traced.events() == {}


def test_the_choice_of_an_inference_client() -> None:
    choice = {"message": {"content": "Sunny"}, "finish_reason": "stop", "index": 0}
    found = record(CALL, events={"gen_ai.choice": {"gen_ai.event.content": json.dumps(choice)}})
    assert (found.output, found.finish_reason) == ([{"role": "assistant", "content": "Sunny"}], "stop")


def test_an_answer_in_json_stays_text() -> None:
    said = json.dumps({"content": "x", "score": 1})
    found = record(CALL, events={"gen_ai.choice": {"gen_ai.event.content": said}})
    assert found.output == [{"role": "assistant", "content": said}]
