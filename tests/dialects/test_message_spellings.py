"""Messages, calls and tools in spellings that are no convention's own, but that instrumentors write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai.dialects.spans import read_span

from .test_gen_ai import record, spans_of

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
CALLS = [{"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"city":"Paris"}'}}]
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
FLAT_TOOL = {"type": "function", "name": "look_up", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.definitions": json.dumps([FLAT_TOOL])},
        {"gen_ai.request.tools": json.dumps([TOOL])},
        {"gen_ai.request.tools": json.dumps([json.dumps([TOOL])])},
        {"llm.request.functions": json.dumps([TOOL])},
        {"gen_ai.request.functions.0.name": "look_up", "gen_ai.request.functions.0.parameters": '{"type": "object"}'},
    ],
)
def test_definitions_of_tools(attributes: dict[str, Any]) -> None:
    assert record({**CHAT, **attributes}).tools == [TOOL]


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.completion.0.tool_calls": json.dumps(CALLS)},
        {
            "gen_ai.completion.0.content": '{"name": "look_up", "arguments": "{\\"city\\":\\"Paris\\"}"}',
            "gen_ai.completion.0.tool_call_id": "call_1",
        },
    ],
)
def test_calls_of_tools_in_one_text(attributes: dict[str, Any]) -> None:
    found = record({**CHAT, "gen_ai.completion.0.role": "assistant", **attributes})
    assert found.output == [{"role": "assistant", "content": None, "tool_calls": CALLS}]


def test_a_structured_answer_is_no_call() -> None:
    said = '{"name": "look_up", "arguments": "{}"}'
    found = record({**CHAT, "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": said})
    assert found.output == [{"role": "assistant", "content": said}]


def test_the_messages_in_json_are_all_of_them() -> None:
    found = record(
        {
            **CHAT,
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Hi",
            "gen_ai.input.messages": '[{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]',
        }
    )
    assert found.input == [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]


def test_the_parts_of_a_message_as_pythons_text() -> None:
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "https://a.test/a.png"}},
    ]
    found = record({**CHAT, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": str(parts)})
    assert found.input == [{"role": "user", "content": parts}]


def test_parts_inside_a_part_of_text() -> None:
    system = [{"role": "system", "parts": [{"type": "text", "content": [{"type": "text", "text": "Be kind"}]}]}]
    found = record({**CHAT, "gen_ai.input.messages": json.dumps(system)})
    assert found.input == [{"role": "system", "content": "Be kind"}]


def test_a_thought_that_was_taken_for_something_said() -> None:
    thought = json.dumps({"id": "rs_1", "summary": [{"text": "Hm", "type": "summary_text"}], "type": "reasoning"})
    said = [{"role": "assistant", "parts": [{"type": "text", "content": thought}, {"type": "text", "content": "Yes"}]}]
    found = record({**CHAT, "gen_ai.output.messages": json.dumps(said)})
    parts = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Yes"}]
    assert found.output == [{"role": "assistant", "content": parts}]


def test_all_texts_of_an_embedding_in_one_prompt() -> None:
    found = record(
        {"llm.request.type": "embedding", "gen_ai.request.model": "m", "gen_ai.prompt.0.content": '["a", "b"]'}
    )
    assert found.embedding_input == ["a", "b"]


def test_the_body_of_an_event_as_its_attribute() -> None:
    def work(provider: TracerProvider) -> None:
        span = provider.get_tracer("azure.core.tracing").start_span("chat", attributes=CHAT)
        span.add_event("gen_ai.user.message", {"gen_ai.event.content": '{"role": "user", "content": "Weather?"}'})
        called = {"role": "assistant", "tool_calls": CALLS}
        span.add_event("gen_ai.assistant.message", {"gen_ai.event.content": json.dumps(called)})
        choice = {"message": {"content": None, "tool_calls": CALLS}, "finish_reason": "tool_calls", "index": 0}
        span.add_event("gen_ai.choice", {"gen_ai.event.content": json.dumps(choice)})
        span.end()

    found = read_span(spans_of(work)[0])
    assert found is not None
    called = {"role": "assistant", "content": None, "tool_calls": CALLS}
    assert found.input == [{"role": "user", "content": "Weather?"}, called]
    assert (found.output, found.finish_reason) == ([called], "tool_calls")


def test_an_answer_of_which_only_the_pieces_of_the_stream_were_recorded() -> None:
    def chunk(reason: str | None = None, **delta: Any) -> str:
        return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    call = {"index": 0, "id": "call_1", "function": {"name": "look_up", "arguments": '{"city"'}}
    pieces = [chunk(role="assistant"), chunk(tool_calls=[call])]
    pieces += [chunk(tool_calls=[{"index": 0, "function": {"arguments": ':"Paris"}'}}]), chunk("tool_calls")]

    def work(provider: TracerProvider) -> None:
        made = {"message": {"content": "", "tool_calls": None}, "finish_reason": "stop"}
        attributes = {"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanOutputs": json.dumps({"choices": [made]})}
        span = provider.get_tracer("mlflow.tracing.provider").start_span("Completions", attributes=attributes)
        for number, piece in enumerate(pieces):
            span.add_event(f"mlflow.chunk.item.{number}", {"mlflow.chunk.value": piece})
        span.end()

    found = read_span(spans_of(work)[0])
    assert found is not None
    assert found.output == [{"role": "assistant", "content": None, "tool_calls": CALLS}]
    assert (found.finish_reason, found.stream) == ("tool_calls", True)
    assert found.time_to_first_token is not None


def test_what_mlflow_copies_of_a_request_is_the_requests() -> None:
    found = record(
        {
            "gen_ai.operation.name": "chat",
            "model": '"gpt-4o"',
            "temperature": "0.5",
            "instructions": '"Be kind"',
            "stream": "true",
            "plan": "pro",
        },
        scope="mlflow.tracing.provider",
        error="refused",
    )
    assert (found.request_model, found.stream, found.instructions) == ("gpt-4o", True, "Be kind")
    assert (found.parameters, found.attributes) == ({"temperature": 0.5}, {"plan": "pro"})


def test_a_request_that_goes_on_from_an_earlier_answer_is_no_data_of_an_app() -> None:
    result = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    request = {"model": "gpt-5-mini", "input": [result], "previous_response_id": "resp_1"}
    found = record({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanInputs": json.dumps(request)})
    assert (found.request_model, found.input) == (
        "gpt-5-mini",
        [{"role": "tool", "tool_call_id": "call_1", "content": "sunny"}],
    )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("gen_ai.prompt.messages", "gen_ai.completion.choices"), ("gen_ai.request.messages", "gen_ai.response.messages")],
)
def test_clients_that_write_the_api_down(asked: str, answered: str) -> None:
    said = {"role": "assistant", "content": "Sunny"}
    found = record(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "unknown",
            "gen_ai.response.id": "unknown",
            asked: json.dumps([{"role": "user", "content": "Oslo?"}]),
            answered: json.dumps([{"index": 0, "message": said}] if answered.endswith("choices") else [said]),
        }
    )
    assert found.input == [{"role": "user", "content": "Oslo?"}]
    assert found.output == [said]
    assert (found.response_model, found.response_id) == (None, None)
