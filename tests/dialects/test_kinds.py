"""What a span is, where several conventions on it disagree or none says it outright."""

from __future__ import annotations

from typing import Any

import pytest

from .test_gen_ai import read, record

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 14,
}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up"}
COUNTED = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 14}
ASKED = {"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai"}

FOREIGN_MARKS: dict[str, dict[str, Any]] = {
    "a prompt of Langfuse": {"langfuse.observation.prompt.name": "support"},
    "the first token of Langfuse": {"langfuse.observation.completion_start_time": '"2026-01-01T00:00:00Z"'},
    "metadata of Langfuse": {"langfuse.observation.metadata.plan": "pro"},
    "Langfuse's default type": {"langfuse.observation.type": "span"},
    "no kind of MLflow": {"mlflow.spanType": "null"},
    "MLflow's default kind": {"mlflow.spanType": '"UNKNOWN"'},
    "OpenInference's chain": {"openinference.span.kind": "CHAIN"},
    "OpenInference's tool": {"openinference.span.kind": "TOOL"},
}


@pytest.mark.parametrize("mark", FOREIGN_MARKS.values(), ids=FOREIGN_MARKS)
def test_a_foreign_mark_hides_no_call(mark: dict[str, Any]) -> None:
    found = record({**CHAT, **mark})
    assert (found.kind, found.span_type, found.request_model) == ("generation", None, "gpt-4o")


@pytest.mark.parametrize("mark", list(FOREIGN_MARKS.values())[:6], ids=list(FOREIGN_MARKS)[:6])
@pytest.mark.parametrize(("attributes", "expected"), [(AGENT, "agent"), (TOOL, "tool")])
def test_nor_what_a_step_is(attributes: dict[str, Any], mark: dict[str, Any], expected: str) -> None:
    found = record({**attributes, **mark})
    assert (found.kind, found.span_type, found.name) == (
        "span",
        expected,
        "guide" if expected == "agent" else "look_up",
    )


def test_the_remark_itself_is_read() -> None:
    found = record({**CHAT, "langfuse.observation.prompt.name": "support", "langfuse.observation.prompt.version": 3})
    assert (found.prompt_name, found.prompt_version) == ("support", 3)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({**CHAT, "openinference.span.kind": "EMBEDDING", "gen_ai.operation.name": "embeddings"}, "embedding"),
        ({"openinference.span.kind": "LLM", "gen_ai.operation.name": "embeddings"}, "embedding"),
        ({"openinference.span.kind": "LLM", "llm.model_name": "text-embedding-3-small"}, "embedding"),
        ({**CHAT, "gen_ai.request.model": "voyage-3"}, "embedding"),
        ({**CHAT, "gen_ai.request.model": "cohere/embed-english-v3.0"}, "embedding"),
        ({**CHAT, "gen_ai.completion.0.content": "yes", "gen_ai.request.model": "my-embedded-llm"}, "generation"),
        ({"gen_ai.request.type": "chat", "gen_ai.request.model": "gpt-4o"}, "generation"),
        ({"gen_ai.request.type": "embedding", "gen_ai.request.model": "m"}, "embedding"),
        (COUNTED, "generation"),
        ({**COUNTED, "langfuse.observation.type": "span"}, "generation"),
        ({**COUNTED, "gen_ai.agent.name": "guide"}, "span"),
        ({**COUNTED, **AGENT, "openinference.span.kind": "AGENT"}, "span"),
        (ASKED, "span"),
    ],
)
def test_what_tells_a_call(attributes: dict[str, Any], expected: str) -> None:
    assert record(attributes).kind == expected


def test_a_failed_request_of_a_model_is_a_call() -> None:
    assert record(ASKED, error="refused").kind == "generation"
    assert record({"gen_ai.request.model": "gpt-4o"}, error="refused").kind == "span"
    assert record({**ASKED, **AGENT}, error="refused").kind == "span"


def test_the_texts_of_an_embedding_that_was_recorded_as_a_chat() -> None:
    messages = '[{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]'
    found = record({**CHAT, "gen_ai.request.model": "text-embedding-3-small", "gen_ai.input.messages": messages})
    assert found.embedding_input == ["a", "b"]


def test_a_request_that_a_processor_stamped_is_none() -> None:
    http = {"http.method": "POST", "http.url": "https://api.openai.com/v1/chat/completions"}
    stamped = {**http, "openinference.span.kind": "CHAIN", "graph.node.id": "chain_1", "metadata": "{}"}
    assert read(stamped, scope="opentelemetry.instrumentation.httpx") is None
    told = {**stamped, "input.value": "hi"}
    assert read(told, scope="opentelemetry.instrumentation.fastapi") is not None


def test_what_only_the_name_tells_of_a_call_that_lost_its_first_attributes() -> None:
    messages = {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]'}
    found = record(messages, name="chat gpt-4o", error="refused")
    assert (found.kind, found.request_model, found.provider) == ("generation", "gpt-4o", "openai")
    assert record(messages, name="chat with the customer", error="refused").kind == "span"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("openai.responses.create", "generation"), ("client.embeddings.create", "embedding"), ("models.list", "span")],
)
def test_an_operation_that_is_named_as_the_method_of_a_client(operation: str, expected: str) -> None:
    assert record({"gen_ai.operation.name": operation, "gen_ai.request.model": "m"}).kind == expected


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("count_tokens claude", {"gen_ai.operation.name": "count_tokens"}),
        ("anthropic.messages.count_tokens", {}),
        ("responses", {"gen_ai.operation.name": "responses.input_tokens.count"}),
        ("google.CountTokens", {}),
        ("openai.models.list", {}),
        ("files.create", {}),
        ("request", {"url.path": "/v1/models"}),
        ("request", {"url.path": "/v1/messages/count_tokens"}),
    ],
)
def test_what_asks_no_model_is_no_call(name: str, attributes: dict[str, Any]) -> None:
    found = record({**COUNTED, **ASKED, **attributes}, name=name)
    assert (found.kind, found.noise) == ("span", True)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1beta/models/gemini-2.5-flash:generateContent"])
def test_requests_of_a_model_are_calls(path: str) -> None:
    assert record({**COUNTED, "url.path": path}, name="models").kind == "generation"


@pytest.mark.parametrize(
    ("name", "attributes", "kind"),
    [
        ("bedrock.completion", ASKED, "generation"),
        ("ollama.chat", ASKED, "generation"),
        ("completion", ASKED, "span"),
        ("bedrock.send", ASKED, "span"),
        ("guide.chat", {**ASKED, "gen_ai.agent.name": "guide"}, "span"),
        ("bedrock.completion", {"gen_ai.provider.name": "aws.bedrock"}, "span"),
    ],
)
def test_a_provider_and_what_it_was_asked_for_name_a_call(name: str, attributes: dict[str, Any], kind: str) -> None:
    assert record(attributes, name).kind == kind
