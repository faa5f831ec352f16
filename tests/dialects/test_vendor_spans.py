"""MLflow and Braintrust, which write one JSON object per field."""

from __future__ import annotations

import json

import pytest

from .test_gen_ai import read, record

MESSAGES = [{"role": "user", "content": "Hi"}]
ANSWER = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-08-06",
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
}


def test_a_chat_of_mlflow() -> None:
    found = record(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.traceRequestId": '"tr-1"',
            "mlflow.spanInputs": json.dumps({"model": "gpt-4o", "messages": MESSAGES, "temperature": 0.5}),
            "mlflow.spanOutputs": json.dumps(ANSWER),
            "mlflow.chat.tokenUsage": '{"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}',
        },
        scope="mlflow",
    )
    assert (found.kind, found.request_model, found.response_model) == ("generation", "gpt-4o", "gpt-4o-2024-08-06")
    assert (found.response_id, found.finish_reason, found.parameters) == ("chatcmpl-1", "stop", {"temperature": 0.5})
    assert (found.input, found.output) == (MESSAGES, [{"role": "assistant", "content": "Hello"}])
    assert (found.usage.input, found.usage.output, found.usage.total) == (5, 2, 7)
    assert not found.attributes


def test_a_call_of_braintrust() -> None:
    found = record(
        {
            "braintrust.span_attributes": '{"type": "llm"}',
            "braintrust.input_json": json.dumps(MESSAGES),
            "braintrust.output_json": json.dumps([{"role": "assistant", "content": "Hello"}]),
            "braintrust.metadata": '{"model": "gpt-4o", "provider": "openai", "temperature": 0, "plan": "pro"}',
            "braintrust.metrics": '{"prompt_tokens": 5, "completion_tokens": 2, "time_to_first_token": 0.25}',
            "braintrust.tags": ("beta",),
        },
    )
    assert (found.kind, found.request_model, found.provider) == ("generation", "gpt-4o", "openai")
    assert (found.parameters, found.metadata, found.tags) == ({"temperature": 0}, {"plan": "pro"}, ["beta"])
    assert (found.input, found.output) == (MESSAGES, [{"role": "assistant", "content": "Hello"}])
    assert (found.usage.input, found.usage.output, found.time_to_first_token) == (5, 2, 0.25)


def test_what_braintrusts_users_say_of_the_call_of_an_instrumentor() -> None:
    said = {"braintrust.metadata": '{"plan": "pro", "user_id": "u1"}', "braintrust.tags": ("beta",)}
    found = record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", **said})
    assert (found.kind, found.metadata["plan"], found.tags) == ("generation", "pro", ["beta"])
    assert found.identity.user == "u1"
    assert read({"http.request.method": "POST", **said}) is None


@pytest.mark.parametrize(
    ("stated", "expected"), [("TOOL", "tool"), ("RETRIEVER", "retriever"), ("PARSER", "chain"), ("UNKNOWN", "custom")]
)
def test_steps(stated: str, expected: str) -> None:
    found = record(
        {
            "mlflow.spanType": json.dumps(stated),
            "mlflow.spanInputs": '{"city": "Paris"}',
            "mlflow.spanOutputs": '"sunny"',
        },
        name="step",
    )
    assert (found.kind, found.span_type, found.input_state, found.output_state) == (
        "span",
        expected,
        {"city": "Paris"},
        "sunny",
    )


def test_what_a_collector_adds_makes_no_span_ai() -> None:
    assert read({"braintrust.parent": "project_name:x", "http.request.method": "GET"}) is None


def test_what_braintrust_has_in_an_attribute_for_each_entry() -> None:
    found = record(
        {
            "braintrust.span_attributes.type": "llm",
            "braintrust.input": "Hi",
            "braintrust.output": "Hello",
            "braintrust.metadata.model": "gpt-4o",
            "braintrust.metadata.user_id": "u1",
            "braintrust.metadata.plan": "pro",
            "braintrust.metrics.prompt_tokens": 5,
            "braintrust.metrics.completion_tokens": 0,
        }
    )
    assert (found.kind, found.request_model, found.identity.user) == ("generation", "gpt-4o", "u1")
    assert (found.usage.input, found.usage.output, found.metadata["plan"]) == (5, 0, "pro")
    judged = record({"braintrust.span_attributes.type": "score", "braintrust.input": "Hi"})
    assert (judged.kind, judged.span_type) == ("span", "evaluator")


def test_whose_trace_it_is_by_deepeval_on_the_call_of_an_instrumentor() -> None:
    said = {
        "confident.trace.user_id": "u1",
        "confident.trace.thread_id": "s1",
        "confident.trace.name": "support",
        "confident.trace.tags": ("beta",),
        "confident.trace.metadata": '{"plan": "pro"}',
    }
    found = record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", **said})
    assert (found.kind, found.identity.user, found.identity.session) == ("generation", "u1", "s1")
    assert (found.trace_name, found.tags, found.metadata) == ("support", ["beta"], {"plan": "pro"})
    assert read({"http.request.method": "POST", **said}) is None


def test_a_step_of_deepeval_needs_no_type() -> None:
    found = record({"confident.span.input": "Hi", "confident.span.output": "Hello", "confident.trace.tags": ("beta",)})
    assert (found.kind, found.input_state, found.output_state, found.tags) == ("span", "Hi", "Hello", ["beta"])


@pytest.mark.parametrize(
    "scores",
    [
        {"braintrust.scores": '{"ok": 1, "exact": 0, "skipped": null}'},
        {"braintrust.scores.ok": 1, "braintrust.scores.exact": 0.0},
    ],
)
def test_scores_of_braintrust(scores: dict[str, object]) -> None:
    found = record({"braintrust.span_attributes.type": "score", "braintrust.input": "Hi", **scores})
    assert [(each.name, each.score) for each in found.evaluations] == [("ok", 1), ("exact", 0)]
    assert not found.attributes
