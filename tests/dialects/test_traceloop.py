"""What recordings do not show of OpenLLMetry, in both generations, and of the vector stores and servers it traces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.record import MISSING

from .test_gen_ai import read

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai"}


def known(attributes: dict[str, Any], **how: Any) -> AISpan:
    record = read(attributes, **how)
    assert record is not None
    return record


def step(kind: str, given: Any = None, taken: Any = None, **more: Any) -> AISpan:
    states = {"traceloop.entity.input": given, "traceloop.entity.output": taken}
    written = {key: json.dumps(value) for key, value in states.items() if value is not None}
    return known({"traceloop.span.kind": kind, "traceloop.entity.name": "step", **written, **more})


# ---- which spans ----------------------------------------------------------------------------------------------------


def test_stamped_by_the_sdk_is_not_ai() -> None:
    stamped = {
        "traceloop.workflow.name": "flow",
        "traceloop.entity.path": "a.b",
        "traceloop.association.properties.user_id": "u",
        "gen_ai.agent.name": "helper",
        "http.request.method": "GET",
    }
    assert read(stamped, name="GET") is None


def test_association_properties_of_a_call() -> None:
    properties = {"traceloop.association.properties.user_id": "u-1", "traceloop.association.properties.plan": "pro"}
    record = known({**CALL, **properties})
    assert record.identity.user == "u-1"
    assert record.metadata["plan"] == "pro"
    assert not record.attributes


@pytest.mark.parametrize(
    ("stamp", "kind"),
    [
        ({"gen_ai.request.model": "ibm/granite", "gen_ai.prompt.0.user": "hi"}, "generation"),
        ({}, "span"),  # a client that was set up carries the type of a call, and nothing of one
    ],
)
def test_request_type_alone_makes_no_call(stamp: dict[str, Any], kind: str) -> None:
    record = known({"gen_ai.system": "Watsonx", "llm.request.type": "completion", **stamp})
    assert (record.kind, record.noise) == (kind, kind == "span")


def test_name_of_a_prompt_is_no_flattened_prompt() -> None:
    record = known(
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "A", "gen_ai.prompt.name": "greeting"}
    )
    assert (record.dialect, record.span_type, record.prompt_name) == ("gen_ai", "agent", "greeting")


def test_prompt_under_the_name_of_its_role() -> None:
    prompt = {"gen_ai.prompt.0.user": "Why?", "gen_ai.completion.0.content": "So."}
    record = known({"llm.request.type": "completion", "gen_ai.request.model": "m", **prompt})
    assert record.input == [{"role": "user", "content": "Why?"}]
    assert record.output == [{"role": "assistant", "content": "So."}]


# ---- flattened messages ---------------------------------------------------------------------------------------------


def test_structured_answer_stays_text() -> None:
    answer = '{"city": "Paris"}'
    record = known({**CALL, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "x",
                    "gen_ai.completion.0.content": answer})  # fmt: skip
    assert record.output == [{"role": "assistant", "content": answer}]


def test_flattened_parts_and_calls() -> None:
    attributes = {
        "llm.request.type": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content.0.type": "text",
        "gen_ai.prompt.0.content.0.text": "What?",
        "gen_ai.prompt.1.role": "tool",
        "gen_ai.prompt.1.tool_call_id": "c1",
        "gen_ai.prompt.1.content": "sunny",
        "gen_ai.completion.0.finish_reason": "tool_calls",
        "gen_ai.completion.0.tool_calls.0.function.name": "f",
        "gen_ai.completion.0.tool_calls.0.function.arguments": "{}",
        "gen_ai.completion.0.tool_calls.0.id": "c2",
    }
    record = known(attributes)
    assert record.input == [
        {"role": "user", "content": "What?"},
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    assert record.output is not None
    call = {"id": "c2", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert record.output[0]["tool_calls"] == [call]
    assert record.finish_reason == "tool_calls"


def test_token_ids_are_counted() -> None:
    prompts = {"gen_ai.prompt.0.content": "[1, 2, 3]", "gen_ai.prompt.1.content": "hello"}
    record = known({"llm.request.type": "embedding", "gen_ai.request.model": "m", **prompts})
    assert (record.kind, record.embedding_input) == ("embedding", ["[3 token ids]", "hello"])


def test_zeros_in_both_places_are_unknown() -> None:
    record = known(
        {**CALL, "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0, "llm.usage.total_tokens": 0}
    )
    assert (record.usage.input, record.usage.output, record.usage.total) == (None, None, None)


@pytest.mark.parametrize(
    ("provider", "reason", "expected"),
    [
        ("openai", "tool_call", "tool_calls"),
        ("anthropic", "tool_call", "tool_use"),
        ("anthropic", "length", "max_tokens"),
        ("anthropic", "stop", "stop"),
        ("aws.bedrock", "tool_call", "tool_call"),
    ],
)
def test_finish_reason_in_the_words_of_the_provider(provider: str, reason: str, expected: str) -> None:
    attributes = {**CALL, "gen_ai.provider.name": provider, "gen_ai.is_streaming": False}
    assert known({**attributes, "gen_ai.response.finish_reasons": [reason]}).finish_reason == expected


# ---- steps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"inputs": {"q": "x"}, "tags": [], "metadata": {}, "kwargs": {}}, {"q": "x"}),
        (
            {"input_str": "{'city': 'Paris'}", "tags": [], "metadata": {}, "inputs": None, "kwargs": {}},
            {"city": "Paris"},
        ),
        ({"input_str": "Paris", "tags": [], "metadata": {}, "inputs": {"city": "P"}, "kwargs": {}}, {"city": "P"}),
        ({"args": ["Weather?"], "kwargs": {}}, "Weather?"),
        ({"args": [], "kwargs": {"a": 0}}, {"a": 0}),
        ({"args": [1], "kwargs": {"a": 0}}, {"args": [1], "kwargs": {"a": 0}}),
        ({"query": "x", "strict": False}, {"query": "x", "strict": False}),
        ({"inputs": 0, "outputs": 1}, {"inputs": 0, "outputs": 1}),
        ("text", "text"),
        ([0.25] * 300, "[300 numbers]"),
    ],
)
def test_envelopes(given: Any, state: Any) -> None:
    assert step("task", given).input_state == state


def test_metadata_and_tags_beside_the_inputs() -> None:
    metadata = {"user_id": "u-1", "session_id": "s-1", "plan": "pro"}
    given = {"inputs": 1, "tags": ["seq:step:1", "prod"], "metadata": metadata, "kwargs": {"run_type": "prompt"}}
    record = step("task", given)
    assert (record.identity.user, record.identity.session) == ("u-1", "s-1")
    assert (record.tags, record.span_type) == (["prod"], "prompt")
    assert record.metadata["plan"] == "pro"


def test_result_of_a_tool_is_the_users_own() -> None:
    result = {"tool_name": "hammer", "price": 3}
    record = step("tool", {"args": [], "kwargs": {"query": "x"}}, result)
    assert (record.name, record.input_state, record.output_state) == ("step", {"query": "x"}, result)


def test_state_that_was_cut_stays_text() -> None:
    cut = '{"inputs": {"messages": [{"role": "us'
    assert step("workflow", None, None, **{"traceloop.entity.input": cut}).input_state == cut


def test_step_with_the_operation_of_a_model_is_none() -> None:
    record = step(
        "task", {"texts": ["a"]}, **{"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "unknown"}
    )
    assert (record.kind, record.span_type) == ("span", "task")


def test_embedding_of_an_index() -> None:
    record = step(
        "task", {"texts": ["a", "b"]}, **{"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "m-1"}
    )
    assert (record.kind, record.embedding_input) == ("embedding", ["a", "b"])


def test_handoff_names_where_it_leads() -> None:
    kind = {"traceloop.span.kind": "handoff", "gen_ai.handoff.from_agent": "A"}
    assert known({**kind, "gen_ai.handoff.to_agent": "B"}).name == "handoff to B"
    assert known({**kind, "gen_ai.handoff.to_agent": "unknown"}).name == "handoff from A"


def test_endpoint_of_sagemaker_is_a_call() -> None:
    bodies = {
        "traceloop.entity.input": json.dumps({"inputs": "Why?", "parameters": {"temperature": 1}}),
        "traceloop.entity.output": json.dumps([{"generated_text": "So."}]),
    }
    record = known(
        {"gen_ai.system": "AWS", "gen_ai.request.model": "my-endpoint", **bodies}, name="sagemaker.completion"
    )
    assert (record.kind, record.request_model) == ("generation", "my-endpoint")
    assert record.input == [{"role": "user", "content": "Why?"}]
    assert record.output == [{"role": "assistant", "content": "So."}]


# ---- vector stores --------------------------------------------------------------------------------------------------


def test_search_is_a_retrieval_with_its_hits() -> None:
    hit = {"db.query.result.id": "7", "db.query.result.distance": 0.5, "db.query.result.document": "Paris is sunny"}
    attributes = {"db.system": "chroma", "db.operation": "query", "db.chroma.query.n_results": 3}
    record = known(attributes, name="chroma.query", events={"db.query.result": hit})
    assert (record.span_type, record.input_state) == ("retriever", {"n_results": 3})
    assert record.output_state == [{"id": "7", "distance": 0.5, "document": "Paris is sunny"}]


def test_filling_a_collection_alone_is_noise() -> None:
    assert known({"qdrant.upsert.collection_name": "docs"}, name="qdrant.upsert").noise


# ---- MCP ------------------------------------------------------------------------------------------------------------


def test_tool_of_a_server_by_the_conventions() -> None:
    attributes = {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.arguments": '{"city": "Paris"}',
        "gen_ai.tool.call.result": '{"content": [{"type": "text", "text": "sunny"}], "isError": false}',
    }
    record = known(attributes, name="tools/call get_weather")
    assert (record.span_type, record.name, record.tool_name) == ("mcp", "get_weather", "get_weather")
    assert (record.input_state, record.output_state) == ({"city": "Paris"}, "sunny")


@pytest.mark.parametrize(
    ("method", "noise"),
    [("initialize", True), ("ping", True), ("tools/list", True), ("notifications/initialized", True),
     ("resources/read", False), ("prompts/get", False), ("sampling/createMessage", False)],
)  # fmt: skip
def test_the_protocol_itself_is_noise(method: str, noise: bool) -> None:
    record = known({"mcp.method.name": method}, name=f"MCP send {method}", scope="mcp-python-sdk")
    assert (record.noise, record.input_state) == (noise, MISSING)


# ---- Replicate and Mistral ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["Sunny", " day"], ["Sunny day"]),
        (["https://a/1.png", "https://a/2.png"], ["https://a/1.png", "https://a/2.png"]),
    ],
)
def test_the_pieces_of_an_answer_are_one_answer(pieces: list[str], said: list[str]) -> None:
    record = known(
        {
            "gen_ai.system": "Replicate",
            "llm.request.type": "completion",
            "gen_ai.request.model": "unknown",
            "gen_ai.prompt.0.user": "Weather?",
            **{f"gen_ai.completion.{index}.content": piece for index, piece in enumerate(pieces)},
        },
        name="replicate.run",
        scope="opentelemetry.instrumentation.replicate",
    )
    assert [message["content"] for message in record.output or ()] == said
    assert (record.kind, record.request_model) == ("generation", None)


def test_an_error_that_mistrals_client_notes() -> None:
    """Its span ends without a status."""
    record = known(
        {
            "http.request.method": "POST",
            "http.url": "https://api.mistral.ai/v1/chat/completions",
            "gen_ai.request.model": "mistral-small-latest",
            "http.response.status_code": 429,
            "mistral_ai.error.type": "rate_limited",
            "mistral_ai.error.message": "Rate limit exceeded",
            "mistral_ai.error.code": "1300",
        },
        name="chat_completion_v1_chat_completions_post",
        scope="mistralai_sdk_tracer",
    )
    assert record.error is not None
    assert (record.error.type, record.error.message, record.error.status) == (
        "rate_limited", "Rate limit exceeded", 429,
    )  # fmt: skip
    assert not record.attributes


# ---- Gemini ---------------------------------------------------------------------------------------------------------

GEMINI = {
    "gen_ai.system": "Google",
    "llm.request.type": "completion",
    "gen_ai.request.model": "gemini-2.5-flash",
    "gen_ai.usage.input_tokens": 41,
    "gen_ai.usage.output_tokens": 11,
    "gen_ai.usage.cache_read.input_tokens": 30,
}


@pytest.mark.parametrize(
    ("stated", "reasoning"),
    [
        ({"llm.usage.total_tokens": 72}, 20),
        ({"llm.usage.total_tokens": 52}, None),
        ({}, None),
        ({"llm.usage.total_tokens": 72, "gen_ai.request.model": "gemini-2.0-flash"}, None),  # it does not think
        ({"llm.usage.total_tokens": 72, "gen_ai.usage.reasoning_tokens": 7}, 7),
    ],
)
def test_thoughts_that_only_the_total_counts(stated: dict[str, Any], reasoning: int | None) -> None:
    record = known({**GEMINI, **stated}, scope="opentelemetry.instrumentation.google_generativeai")
    assert (record.usage.output, record.usage.reasoning) == (11, reasoning)


@pytest.mark.parametrize(
    ("scope", "provider"),
    [
        ("opentelemetry.instrumentation.vertexai", "vertex-ai"),
        ("opentelemetry.instrumentation.google_generativeai", "gemini"),
    ],
)
def test_vertex_ai_is_told_by_its_instrumentor(scope: str, provider: str) -> None:
    assert known(GEMINI, scope=scope).provider == provider


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("accounts/fireworks/models/llama-v3", "accounts/fireworks/models/llama-v3"),
        ("projects/p/locations/us-central1/endpoints/7", "projects/p/locations/us-central1/endpoints/7"),
    ],
)
def test_a_model_among_googles_resources(name: str, model: str) -> None:
    assert known({**GEMINI, "gen_ai.request.model": name}).request_model == model


def test_what_raindrop_says_of_a_tool() -> None:
    found = step("tool", {"args": [{"city": "Paris"}]}, **{"traceloop.association.properties.convo_id": "c-1"})
    assert (found.span_type, found.input_state) == ("tool", {"city": "Paris"})
    assert found.identity.incidental_session == "c-1"
