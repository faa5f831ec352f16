"""Tracely, Neatlogs, Sigil, OpenLLMTelemetry: what their golden recordings do not show."""

from __future__ import annotations

from .test_gen_ai import record


def test_a_result_that_was_taken_apart_and_a_failure() -> None:
    found = record({"n": 0, "result.a": "1", "result.b": "2", "session_id": "chat-1"}, scope="evidently")
    assert (found.input_state, found.output_state) == ({"n": 0}, {"a": 1, "b": 2})
    assert found.identity.incidental_session == "chat-1"
    failed = record({"exception": "no rooms"}, scope="evidently")
    assert failed.error is not None
    assert failed.error.message == "no rooms"


def test_tags_in_one_text() -> None:
    call = {"neatlogs.span.kind": "llm", "neatlogs.llm.model_name": "gpt-4o", "neatlogs.tags": "beta, eu,"}
    assert record(call, scope="neatlogs.wrapper").tags == ["beta", "eu"]
    other = {"acme.span.type": "tool", "acme.input": "Hi", "acme.tags": "beta,eu"}
    assert record(other, scope="acme").tags == ["beta", "eu"]


def test_calls_of_an_answer_that_stand_apart_from_it() -> None:
    numbered = {
        "acme.llm.tool_calls.0.id": "c1",
        "acme.llm.tool_calls.0.name": "look",
        "acme.llm.tool_calls.0.arguments": "{}",
    }
    call = {"acme.span.kind": "llm", "acme.llm.model_name": "gpt-4o", "acme.llm.token_count.prompt": 3, **numbered}
    [message] = record(call).output or []
    assert message["tool_calls"] == [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    said = record(
        {**call, "acme.llm.output_messages.0.content": "I look.", "acme.llm.output_messages.0.role": "assistant"}
    )
    assert [(each["content"], len(each["tool_calls"])) for each in said.output or []] == [("I look.", 1)]


def test_texts_of_an_embedding_under_sigils_own_key() -> None:
    said = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "e",
        "gen_ai.embeddings.input_texts": ("a", "b"),
    }
    assert record(said, scope="github.com/grafana/sigil/sdks/python").embedding_input == ["a", "b"]


def test_the_span_around_a_call_of_openllmtelemetry_is_noise() -> None:
    around = {"llm.request.type": "chat", "span.type": "interaction"}
    assert record(around, name="interaction", scope="openllmtelemetry.instrumentation.openai.v1").noise
    call = {"llm.request.type": "chat", "llm.request.model": "m", "llm.vendor": "GenericOpenAI"}
    assert record(call, scope="openllmtelemetry.instrumentation.openai.v1").provider == "openai"


def test_coralogix_flattens_the_tools_of_a_request() -> None:
    tool = {"type": "function", "function.name": "look", "function.parameters": '{"type": "object"}'}
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "Hi",
        **{f"gen_ai.request.tools.0.{key}": value for key, value in tool.items()},
    }
    function = {"name": "look", "parameters": {"type": "object"}}
    assert record(call).tools == [{"type": "function", "function": function}]
