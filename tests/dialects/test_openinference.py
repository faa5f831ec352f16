# ruff: noqa: E501 - a row is one case
"""OpenInference: what the golden recordings do not show, on real spans."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.record import MISSING, AISpan

from .test_gen_ai import record as record_of


def read(
    kind: str,
    attributes: dict[str, Any] | None = None,
    *,
    name: str = "step",
    scope: str = "openinference.instrumentation.openai",
    failed: bool = False,
    first_token: bool = False,
) -> AISpan:
    """The record of one span with these attributes; objects and lists as JSON text."""
    given = {
        key: json.dumps(value) if isinstance(value, (dict, list)) else value
        for key, value in (attributes or {}).items()
    }
    return record_of(
        {"openinference.span.kind": kind, **given},
        name=name,
        scope=scope,
        error="failed" if failed else None,
        events={"First Token Stream Event": None} if first_token else None,
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("LLM", ("generation", None)),
        ("EMBEDDING", ("embedding", None)),
        ("CHAIN", ("span", "chain")),
        ("RETRIEVER", ("span", "retriever")),
        ("RERANKER", ("span", "reranker")),
        ("TOOL", ("span", "tool")),
        ("AGENT", ("span", "agent")),
        ("GUARDRAIL", ("span", "guardrail")),
        ("EVALUATOR", ("span", "evaluator")),
        ("PROMPT", ("span", "prompt")),
        ("UNKNOWN", ("span", "custom")),
        ("DECISION", ("span", "custom")),
        ("llm", ("generation", None)),
        ("something new", ("span", "custom")),
    ],
)
def test_kinds(kind: str, expected: tuple[str, str | None]) -> None:
    record = read(kind)
    assert (record.kind, record.span_type) == expected


# What OpenInference's processor for Microsoft's Agent Framework makes of each span that it does not know.
STAMPED = {"graph.node.id": "chain_10698712768423997285", "metadata": {"gen_ai.request.choice.count": 1}}


@pytest.mark.parametrize(
    ("said", "failed", "expected"),
    [
        ({"llm.model_name": "gpt-4o", "llm.token_count.prompt": 0}, False, ("generation", None)),
        ({"llm.model_name": "gpt-4o", "llm.system": "openai"}, True, ("generation", None)),
        ({"llm.model_name": "gpt-4o", "llm.system": "openai"}, False, ("span", "chain")),
        ({"llm.model_name": "gpt-4o"}, True, ("span", "chain")),
        ({"llm.token_count.prompt": 9}, False, ("span", "chain")),
        ({"embedding.model_name": "text-embedding-3-small"}, False, ("embedding", None)),
        ({"tool.name": "get_weather"}, False, ("span", "tool")),
        ({"input.value": "hi"}, False, ("span", "chain")),
    ],
)
def test_a_chain_that_a_processor_made_of_a_call(
    said: dict[str, Any], failed: bool, expected: tuple[str, str | None]
) -> None:
    found = read("CHAIN", {**STAMPED, **said}, scope="openinference.instrumentation.acme", failed=failed)
    assert (found.kind, found.span_type) == expected


def test_counting_tokens_is_no_generation() -> None:
    record = read(
        "LLM",
        {"output.value": {"input_tokens": 12}, "output.mime_type": "application/json"},
        name="messages.count_tokens",
    )
    assert (record.kind, record.output_state) == ("span", {"input_tokens": 12})


@pytest.mark.parametrize(
    "method", ["predict", "apredict", "astream_predict", "structured_predict", "chat_with_tools", "predict_and_call"]
)
def test_a_method_that_hands_on_is_no_second_call(method: str) -> None:
    record = read("LLM", name=f"OpenAI.{method}", scope="openinference.instrumentation.llama_index")
    assert (record.kind, record.span_type) == ("span", "chain")


@pytest.mark.parametrize("method", ["chat", "astream_chat", "complete", "stream_complete"])
def test_a_method_that_calls_is_the_call(method: str) -> None:
    record = read("LLM", name=f"OpenAI.{method}", scope="openinference.instrumentation.llama_index")
    assert (record.kind, record.stream or False) == ("generation", "stream" in method)


def test_the_private_half_of_a_step_is_plumbing() -> None:
    record = read(
        "EMBEDDING", name="OpenAIEmbedding._get_query_embedding", scope="openinference.instrumentation.llama_index"
    )
    assert (record.kind, record.noise) == ("span", True)
    assert not read(
        "EMBEDDING", name="OpenAIEmbedding.get_query_embedding", scope="openinference.instrumentation.llama_index"
    ).noise


def test_messages_with_gaps_doubled_text_and_doubled_calls() -> None:
    call = {"id": "call_1", "function.name": "get_weather", "function.arguments": '{"city": "Paris"}'}
    record = read(
        "LLM",
        {
            "llm.input_messages.10.message.role": "user",
            "llm.input_messages.10.message.content": "last",
            "llm.input_messages.2.message.role": "user",
            "llm.input_messages.2.message.content": "first",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "Wait.",
            "llm.output_messages.0.message.contents.0.message_content.type": "text",
            "llm.output_messages.0.message.contents.0.message_content.text": "Wait.",
            "llm.output_messages.0.message.contents.1.message_content.type": "tool_use",
            **{f"llm.output_messages.0.message.contents.1.tool_call.{key}": value for key, value in call.items()},
            **{f"llm.output_messages.0.message.tool_calls.0.tool_call.{key}": value for key, value in call.items()},
        },
    )
    assert record.input == [{"role": "user", "content": "first"}, {"role": "user", "content": "last"}]
    assert record.output == [
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
                }
            ],
        }
    ]


def test_media_of_every_kind() -> None:
    start = "llm.input_messages.0.message.contents"
    record = read(
        "LLM",
        {
            "llm.input_messages.0.message.role": "user",
            f"{start}.0.message_content.type": "image",
            f"{start}.0.message_content.image.image.url": "https://example.com/a.png",
            f"{start}.1.message_content.type": "audio",
            f"{start}.1.message_content.audio.audio.url": "data:audio/wav;base64,UklG",
            f"{start}.1.message_content.audio.audio.mime_type": "audio/wav",
            f"{start}.2.message_content.type": "document",
            f"{start}.2.message_content.document.document.url": "https://example.com/a.pdf",
            f"{start}.2.message_content.document.document.name": "a.pdf",
            f"{start}.3.message_content.type": "reasoning",
            f"{start}.3.message_content.text": "Hm",
            f"{start}.3.message_content.signature": "x",
        },
    )
    assert record.input == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_url": "https://example.com/a.pdf"}},
                {"type": "thinking", "thinking": "Hm"},
            ],
        }
    ]


def test_the_first_function_calling() -> None:
    record = read(
        "LLM",
        {
            "llm.input_messages.0.message.role": "function",
            "llm.input_messages.0.message.name": "get_weather",
            "llm.input_messages.0.message.content": "sunny",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.function_call_name": "get_weather",
            "llm.output_messages.0.message.function_call_arguments_json": "{}",
        },
    )
    assert record.input == [{"role": "tool", "name": "get_weather", "content": "sunny"}]
    assert record.output is not None
    assert record.output[0]["tool_calls"] == [
        {"type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    ]


def test_only_raw_bodies() -> None:
    record = read(
        "LLM",
        {
            "input.value": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5, "stream": True},
            "output.value": {
                "id": "chatcmpl-1", "model": "gpt-4o-mini-2024-07-18",
                "choices": [{"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "Hello"}}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}},
            },
        },
    )  # fmt: skip
    assert (record.request_model, record.response_model, record.response_id) == (
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "chatcmpl-1",
    )
    assert (record.finish_reason, record.stream, record.parameters) == ("length", True, {"temperature": 0.5})
    assert record.input == [{"role": "user", "content": "Hi"}]
    assert record.output == [{"role": "assistant", "content": "Hello"}]
    assert (record.usage.input, record.usage.output, record.usage.cache_read) == (5, 2, 3)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"id": "msg_1", "type": "message", "model": "claude", "stop_reason": "end_turn", "content": []}, ("msg_1", "claude", "end_turn")),
        ({"response_id": "r1", "model_version": "gemini-2.5-flash", "candidates": [{"finish_reason": "STOP"}]}, ("r1", "gemini-2.5-flash", "STOP")),
        ({"id": "resp_1", "model": "gpt-5", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}, ("resp_1", "gpt-5", "max_output_tokens")),
        ({"generations": [[{"text": "a", "message": {"kwargs": {"id": "run-1", "response_metadata": {"id": "chatcmpl-1", "model_name": "gpt-4o", "finish_reason": "stop"}}}}]]}, ("chatcmpl-1", "gpt-4o", "stop")),
        ({"message": {"role": "assistant"}, "raw": {"id": "chatcmpl-2", "model": "gpt-4o", "choices": [{"finish_reason": "stop"}]}}, ("chatcmpl-2", "gpt-4o", "stop")),
        ({"role": "assistant", "content": "x", "raw": "ChatCompletion(id='chatcmpl-333', choices=[Choice(finish_reason='tool_calls', index=0)])"}, ("chatcmpl-333", None, "tool_calls")),
        ({"model": "llama3", "done_reason": "stop", "message": {"role": "assistant", "content": "x"}}, (None, "llama3", "stop")),
        ({"finish_reason": "function_calls", "content": [{"id": "call_1", "name": "f", "arguments": "{}"}]}, (None, None, "function_calls")),
        ("<groq.Stream object at 0x7f99231ce250>", (None, None, None)),
        ("plain text", (None, None, None)),
    ],
)  # fmt: skip
def test_ids_models_and_reasons_inside_raw_answers(
    answer: Any, expected: tuple[str | None, str | None, str | None]
) -> None:
    record = read("LLM", {"output.value": answer})
    assert (record.response_id, record.response_model, record.finish_reason) == expected


def test_an_answer_put_together_from_chunks_was_streamed() -> None:
    chunk = {"generations": [[{"type": "ChatGenerationChunk", "text": "a", "message": {"kwargs": {}}}]]}
    asked = {"model": "gpt-4o", "stream": False, "streaming": False}
    record = read("LLM", {"llm.invocation_parameters": asked, "output.value": chunk})
    assert record.stream is True
    assert not record.parameters


def test_details_of_usage_inside_the_raw_answer() -> None:
    usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120, "input_token_details": {"cache_read": 64}}
    answer = {"generations": [[{"message": {"kwargs": {"usage_metadata": usage}}}]]}
    counts = {"llm.token_count.prompt": 100, "llm.token_count.completion": 20}
    record = read("LLM", {**counts, "output.value": answer})
    assert (record.usage.cache_read, record.usage.input_excludes_cache) == (64, False)
    other = read("LLM", {**counts, "llm.token_count.prompt": 164, "output.value": answer})
    assert other.usage.cache_read is None


def test_the_address_of_an_object_is_no_answer() -> None:
    assert read("LLM", {"output.value": "<groq.Stream object at 0x7f99231ce250>"}).output is None
    assert read("CHAIN", {"output.value": "<groq.Stream object at 0x7f99231ce250>"}).output_state in (None, MISSING)


@pytest.mark.parametrize(
    ("text", "body", "expected"),
    [
        (
            {"embedding.embeddings.0.embedding.text": "a", "embedding.embeddings.1.embedding.text": "b"},
            None,
            ["a", "b"],
        ),
        ({}, {"input": "a"}, ["a"]),
        ({}, {"input": ["a", "b"]}, ["a", "b"]),
        ({}, {"input": [1, 2, 3]}, ["[3 token ids]"]),
        ({}, {"input": [[1, 2], [3]]}, ["[2 token ids]", "[1 token ids]"]),
    ],
)
def test_what_was_embedded(text: dict[str, str], body: Any, expected: list[str]) -> None:
    attributes = {
        **text,
        "embedding.model_name": "text-embedding-3-small",
        "embedding.embeddings.0.embedding.vector": (0.1, 0.2),
    }
    record = read("EMBEDDING", {**attributes, **({"input.value": body} if body else {})})
    assert record.embedding_input == expected
    assert not record.attributes


def test_the_cache_is_part_of_the_prompt() -> None:
    counts = {
        "llm.token_count.prompt": 130,
        "llm.token_count.completion": 20,
        "llm.token_count.prompt_details.cache_read": 100,
    }
    record = read("LLM", {**counts, "llm.provider": "aws"}, scope="openinference.instrumentation.bedrock")
    assert (record.provider, record.usage.input_excludes_cache) == ("bedrock", False)
    impossible = read("LLM", {**counts, "llm.token_count.prompt": 30})
    assert impossible.usage.input_excludes_cache is True


def test_aggregated_counts_of_an_agent_are_noted_in_case_nobody_counts_its_calls() -> None:
    record = read(
        "AGENT", {"llm.token_count.prompt": 870, "llm.token_count.completion": 18, "llm.model_name": "gpt-4o"}
    )
    assert (record.kind, record.span_type, record.usage.input) == ("span", "agent", 870)
    assert record.response_model or record.request_model == "gpt-4o"


def test_reranker_and_retriever() -> None:
    record = read(
        "RERANKER",
        {
            "reranker.query": "weather",
            "reranker.input_documents.0.document.content": "a",
            "reranker.input_documents.1.document.content": "b",
            "reranker.output_documents.0.document.content": "b",
            "reranker.output_documents.0.document.score": 0.9,
            "reranker.output_documents.0.document.metadata": {"page": 1},
        },
    )
    assert record.input_state == {"query": "weather", "documents": [{"content": "a"}, {"content": "b"}]}
    assert record.output_state == [{"content": "b", "score": 0.9, "metadata": {"page": 1}}]


def test_a_tools_arguments_are_not_its_schema() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    assert read("TOOL", {"tool.name": "get_weather", "tool.parameters": schema}).input_state is MISSING
    assert read("TOOL", {"tool.name": "get_weather", "tool.parameters": {"city": "Paris"}}).input_state == {
        "city": "Paris"
    }


def test_handoffs_crews_and_agents_by_their_names() -> None:
    assert read("TOOL", name="handoff to Spanish agent").span_type == "handoff"
    crew = read(
        "CHAIN", name="Crew_e54d7fa4-b32b-40f8-a5d8-404ddff0bff1.kickoff", scope="openinference.instrumentation.crewai"
    )
    assert (crew.span_type, crew.name) == ("workflow", "Crew")
    agent = read("AGENT", {"graph.node.id": "Reporter"}, name="Reporter._execute_core")
    assert (agent.name, agent.agent_name) == ("Reporter", "Reporter")
    generated = read("AGENT", {"graph.node.id": "03be08dd022d6d86"}, name="Team.run")
    assert (generated.name, generated.agent_name) == ("Team", None)


def test_the_thread_that_was_taken_for_a_session_is_incidental() -> None:
    threaded = read("LLM", {"session.id": "thr-1", "metadata": {"thread_id": "thr-1", "plan": "pro"}})
    assert (threaded.identity.session, threaded.identity.incidental_session) == (None, "thr-1")
    explicit = read("LLM", {"session.id": "s-1", "metadata": {"thread_id": "thr-1", "session_id": "s-1"}})
    assert explicit.identity.session == "s-1"


def test_metadata_and_tags_are_the_users() -> None:
    record = read(
        "CHAIN",
        {
            "metadata": {"plan": "pro", "gen_ai.system": "x", "is_langchain_root": True},
            "tag.tags": ["seq:step:1", "beta"],
        },
    )
    assert (record.metadata, record.tags) == ({"plan": "pro"}, ["beta"])


def test_a_stream_by_its_first_token_by_its_name_and_by_its_request() -> None:
    told = read("LLM", first_token=True)
    assert told.stream
    assert told.time_to_first_token is not None
    assert read("LLM", name="AsyncGenerateContentStream").stream
    assert read("LLM", name="OpenAIChat.invoke_stream").stream
    asked = {"llm.invocation_parameters": {"model": "gpt-4o", "stream": False}}
    assert read("LLM", asked, name="ChatStreamliner").stream is False
    assert read("LLM", name="ChatCompletion").stream is None


@pytest.mark.parametrize(
    ("name", "asked"),
    [("SyncPage[Model]", {}), ("AsyncCursorPage[FileObject]", {"limit": 2}), ("str", {}),
     ("InputTokenCountResponse", {"model": "gpt-4o", "input": "Hi"})],
)  # fmt: skip
def test_what_asks_no_model_is_no_call(name: str, asked: dict[str, Any]) -> None:
    record = read("LLM", {"input.value": asked, "llm.invocation_parameters": asked}, name=name)
    assert (record.kind, record.noise) == ("span", True)


def test_speech_of_the_client() -> None:
    asked = {"model": "tts-1", "input": "Hello", "voice": "alloy"}
    sent = {"input.value": asked, "llm.invocation_parameters": asked}
    said = read(
        "LLM", {**sent, "output.value": "<openai.X object at 0x7f88df115df0>"}, name="HttpxBinaryResponseContent"
    )
    assert (said.kind, said.span_type, said.request_model) == ("span", "speech", "tts-1")
    assert (said.input_state, said.parameters, said.output_state) == ("Hello", {"voice": "alloy"}, MISSING)


def test_a_failed_call_only_requested_its_model() -> None:
    record = read("LLM", {"llm.model_name": "gpt-4o", "llm.invocation_parameters": {"model": "gpt-4o"}}, failed=True)
    assert (record.request_model, record.response_model) == ("gpt-4o", None)


def test_parameters_without_bookkeeping() -> None:
    given = {
        "model": "gpt-4o",
        "_type": "openai-chat",
        "temperature": 0,
        "stop": None,
        "tools": [],
        "metadata": {},
        "num_retries": 0,
    }
    record = read("LLM", {"llm.invocation_parameters": given})
    assert (record.request_model, record.parameters) == ("gpt-4o", {"temperature": 0})


def test_a_parameter_that_was_not_given_is_none() -> None:
    """Portkey: every parameter of the method stands there, as the object that marks what was left out."""
    omitted = "<openai.Omit object at 0x7f2ac3d48ad0>"
    tool = {"type": "function", "function": {"name": "weather"}}
    given = {
        "model": "gpt-4o-mini", "stream": omitted, "temperature": 0.2, "max_tokens": omitted, "store": "NOT_GIVEN",
        "kwargs": {"tools": [tool], "tool_choice": "auto"},
    }  # fmt: skip
    record = read(
        "LLM", {"llm.invocation_parameters": given, "input.value": given, "input.mime_type": "application/json"}
    )
    assert record.parameters == {"temperature": 0.2, "tool_choice": "auto"}
    assert record.tools == [tool]
    assert record.stream is None


SMOLAGENTS = {
    "role": "assistant",
    "content": "Sunny.",
    "raw": "ChatCompletion(id='chatcmpl-1', choices=[Choice(finish_reason='stop', index=0, "
    "message=ChatCompletionMessage(content='Sunny.', role='assistant'))], created=1700000000, model='gpt-4o-mini', "
    "usage=CompletionUsage(completion_tokens=11, prompt_tokens=41, total_tokens=52, "
    "completion_tokens_details=CompletionTokensDetails(reasoning_tokens=4), "
    "prompt_tokens_details=PromptTokensDetails(audio_tokens=None, cached_tokens=30)))",
    "token_usage": {"input_tokens": 41, "output_tokens": 11, "total_tokens": 52},
}
HAYSTACK = {
    "replies": [
        "ChatMessage(_role=<ChatRole.ASSISTANT: 'assistant'>, _content=[TextContent(text='Sunny.')], _name=None, "
        "_meta={'model': 'gpt-4o-mini', 'finish_reason': 'stop', 'completion_start_time': '2026-11-22T04:27:31', "
        "'usage': {'completion_tokens': 11, 'prompt_tokens': 41, 'completion_tokens_details': {'reasoning_tokens': 4}, "
        "'prompt_tokens_details': {'audio_tokens': None, 'cached_tokens': 30}}})"
    ]
}


@pytest.mark.parametrize(("answer", "streamed"), [(SMOLAGENTS, None), (HAYSTACK, True)])
def test_what_came_from_the_cache_stands_only_in_the_text_of_an_object(answer: Any, streamed: bool | None) -> None:
    counts = {"llm.token_count.prompt": 41, "llm.token_count.completion": 11, "llm.token_count.total": 52}
    record = read("LLM", {"llm.model_name": "gpt-4o-mini", **counts, "output.value": answer})
    usage = record.usage
    assert (usage.input, usage.output, usage.cache_read, usage.reasoning) == (41, 11, 30, 4)
    assert (record.finish_reason, record.stream) == ("stop", streamed)


def test_the_text_of_an_object_that_counts_otherwise_adds_nothing() -> None:
    record = read("LLM", {"llm.token_count.prompt": 99, "llm.token_count.completion": 11, "output.value": SMOLAGENTS})
    assert (record.usage.input, record.usage.cache_read) == (99, None)


# ---- BeeAI ----------------------------------------------------------------------------------------------------------


def beeai(attributes: dict[str, Any], name: str = "OpenAIChatModel", **how: Any) -> AISpan:
    return record_of(
        {"openinference.span.kind": "LLM", **attributes}, name=name, scope="openinference.instrumentation.beeai", **how
    )


@pytest.mark.parametrize("name", ["new_token", "error"])
def test_what_a_run_emits_is_no_call(name: str) -> None:
    record = beeai(
        {
            "input.value": json.dumps({"value": {"output": [{"role": "assistant", "content": [{"text": "Sunny "}]}]}}),
            "input.mime_type": "application/json",
            "metadata.id": "5f18f40e-e813-49a8-91f9-26216ff46d30",
            "metadata.path": f"backend.openai.chat.{name}",
            "metadata.trace.id": "cc288468-ca46-4c9c-b728-55da4a544e74",
            "metadata.trace.run_id": "cac5dcb8-db24-4afa-906e-2f0684ae9947",
        },
        name=name,
    )
    assert (record.kind, record.noise) == ("span", True)


def test_a_streamed_call_of_beeai() -> None:
    record = beeai(
        {
            "llm.model_name": "gpt-4o-mini",
            "llm.token_count.prompt": 41,
            "llm.token_count.completion": 11,
            "metadata.class_name": "OpenAIChatModel",
            "metadata.usage.cached_prompt_tokens": "30",
            "metadata.usage.cached_creation_tokens": "0",
            "output.value": "Sunny.",
        },
        events={
            "start (backend.openai.chat.start)": None,
            "new_token (backend.openai.chat.new_token)": None,
        },
    )
    assert (record.kind, record.stream) == ("generation", True)
    assert record.time_to_first_token is not None
    assert (record.usage.input, record.usage.cache_read, record.usage.cache_write) == (41, 30, 0)


def test_the_text_of_an_exception_is_no_answer() -> None:
    """The exception itself says less than what stands where the answer would."""
    record = beeai(
        {
            "llm.model_name": "gpt-4o-mini",
            "output.value": "ChatModelError(beeai_framework.backend.errors): Chat Model error\n"
            "  AuthenticationError(litellm.exceptions): litellm.AuthenticationError: Incorrect API key",
            "output.mime_type": "text/plain",
        },
        error="Chat Model error",
        events={
            "exception": {
                "exception.type": "beeai_framework.backend.errors.ChatModelError",
                "exception.message": "Chat Model error",
            }
        },
    )
    assert not record.output
    assert record.error is not None
    assert (record.error.type, record.error.status) == ("ChatModelError", 401)


def test_middleware_around_an_agent_is_no_agent() -> None:
    said = {"openinference.span.kind": "AGENT", "output.value": "null",
            "metadata": '{"lc_agent_name": "deep", "__handoff_destination": "x", "plan": "pro"}'}  # fmt: skip
    found = record_of(said, "PatchToolCallsMiddleware.before_agent", "openinference.instrumentation.langchain")
    assert (found.span_type, found.name) == ("chain", "PatchToolCallsMiddleware.before_agent")
    assert (found.output_state, found.metadata.get("plan")) == (None, "pro")
    assert "__handoff_destination" not in found.metadata


def test_vectors_of_a_model_that_makes_them_are_no_answer() -> None:
    said = {"input.value": '{"inputText": "Oslo"}', "llm.invocation_parameters": '{"inputText": "Oslo"}'}
    call = {"openinference.span.kind": "LLM", "llm.model_name": "titan-embed-text-v2:0", **said}
    found = record_of({**call, "output.value": '{"embedding": [0.1, 0.2], "inputTextTokenCount": 0}'})
    assert (found.kind, found.embedding_input, found.usage.input) == ("embedding", ["Oslo"], 0)
    assert (found.parameters, found.output) == ({}, None)
    assert record_of({**call, "output.value": '{"text": "Hello"}'}).kind == "generation"


def test_a_processor_that_puts_openinference_over_the_conventions() -> None:
    """Every agent's node has one name, messages stand in the input under flattened keys, and metadata repeats keys."""
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "weather",
        "openinference.span.kind": "AGENT",
    }
    assert (
        record_of({**agent, "graph.node.id": "strands_agent"}, "invoke_agent weather", "strands.telemetry.tracer").name
        == "weather"
    )
    cycle = {"gen_ai.operation.name": "execute_event_loop_cycle", "openinference.span.kind": "CHAIN", "event_loop.cycle_id": "c",
             "input.value": '{"messages": [{"message.role": "user", "message.content": "hi"}]}', "metadata": '{"event_loop.cycle_id": "c"}',
             "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"}  # fmt: skip
    found = record_of(cycle, "execute_event_loop_cycle", "strands.telemetry.tracer")
    assert (found.input_state, found.metadata, found.attributes) == ([{"role": "user", "content": "hi"}], {}, {})


@pytest.mark.parametrize(
    ("event", "expected"), [("AgentStart()", MISSING), ("Ask(topic='Paris')", "Ask(topic='Paris')")]
)
def test_a_workflow_of_llama_index_was_given_what_started_it(event: str, expected: Any) -> None:
    given = {"init_state": {"is_running": False, "workers": {}}, "start_event": event, "tags": {}}
    assert (
        read("CHAIN", {"input.value": given}, scope="openinference.instrumentation.llama_index").input_state == expected
    )


def test_what_a_team_of_autogen_is_made_of_is_no_property() -> None:
    team = {"team_id": "t", "participant_names": ["a"], "participant_descriptions": ["b"]}
    assert read("AGENT", team, scope="openinference.instrumentation.autogen_agentchat").attributes == {}
    assert read("AGENT", {"team_id": "t"}).attributes == {"team_id": "t"}
