"""Monocle: what the golden recordings do not show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_posthog_ai.record import AISpan, Kind

from .test_gen_ai import record

SCOPE = "monocle_apptrace"
MODEL: dict[str, Any] = {"entity.2.type": "model.llm.gpt-4o-mini", "entity.2.name": "gpt-4o-mini"}


def _call(said: str = "inference", **events: dict[str, Any]) -> AISpan:
    attributes = {"span.type": said, "entity.1.type": "inference.azure_openai", **MODEL}
    names = {"given": "data.input", "result": "data.output", "metadata": "metadata"}
    return record(attributes, scope=SCOPE, events={names[name]: value for name, value in events.items()})


@pytest.mark.parametrize(
    ("said", "kind"),
    [("inference", "generation"), ("inference.framework", "generation"), ("embedding", "embedding"),
     ("agentic.turn", "span"), ("something.new", "span")],
)  # fmt: skip
def test_kinds(said: str, kind: Kind) -> None:
    assert record({"span.type": said}, scope=SCOPE).kind == kind


@pytest.mark.parametrize("said", ["inference.modelapi", "http.send", "http.process"])
def test_what_only_repeats_the_call_above_or_asks_a_server_is_noise(said: str) -> None:
    assert record({"span.type": said}, scope=SCOPE).noise


def test_a_vector_store_that_embeds_asks_an_embedding_model() -> None:
    embedder = {"entity.1.type": "model.embedding.text-embedding-3-small", "entity.1.name": "text-embedding-3-small"}
    found = record({"span.type": "inference", **embedder}, scope=SCOPE)
    assert (found.kind, found.request_model) == ("embedding", "text-embedding-3-small")


def test_provider_and_counts_where_zero_is_a_count() -> None:
    found = _call(metadata={"prompt_tokens": 0, "completion_tokens": 7, "total_tokens": 7})
    assert (found.provider, found.usage.input, found.usage.output) == ("azure-openai", 0, 7)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"human": "Hi"}, {"role": "user", "content": "Hi"}),
        ({"ai": "Hello"}, {"role": "assistant", "content": "Hello"}),
        ({"tool": '{"c": 21}'}, {"role": "tool", "content": '{"c": 21}'}),
        ({"call_id": "c1", "output": "21"}, {"role": "tool", "tool_call_id": "c1", "content": "21"}),
        ({"city": "Paris"}, {"role": "user", "content": '{"city":"Paris"}'}),
    ],
)
def test_what_was_said(entry: dict[str, Any], message: dict[str, Any]) -> None:
    assert _call(given={"input": [json.dumps(entry)]}).input == [message]


@pytest.mark.parametrize(
    "entry",
    [
        {"assistant": [{"tool_id": "c1", "tool_name": "look", "tool_arguments": '{"q": 1}'}]},
        {"assistant": [json.dumps({"tool_id": "c1", "tool_function": "look", "tool_arguments": '{"q": 1}'})]},
        {"tools": [{"tool_id": "c1", "tool_name": "look", "tool_arguments": '{"q": 1}'}]},
        {"ai": {"name": "look", "args": {"q": 1}, "id": "c1", "type": "tool_call"}},
        {"ai": json.dumps([{"name": "look", "args": {"q": 1}, "id": "c1", "type": "tool_call"}])},
    ],
)
def test_calls_of_tools_in_every_spelling(entry: dict[str, Any]) -> None:
    output = _call(result={"response": json.dumps(entry)}).output
    assert output is not None
    (call,) = output[0]["tool_calls"]
    assert (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) == ("c1", "look", {"q": 1})


def test_scopes_are_the_users_words_but_for_its_own() -> None:
    scopes = {"scope.plan": "pro", "scope.agentic.turn": "0x1", "scope.user_id": "u1", "scope.agentic.session": "s1"}
    found = record({"span.type": "custom", **scopes}, scope=SCOPE)
    assert found.metadata.get("plan") == "pro"
    assert "agentic.turn" not in found.metadata
    assert (found.identity.user, found.identity.session) == ("u1", "s1")
