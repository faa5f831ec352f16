"""Functions that vendors' decorators trace: what the golden recordings do not show."""

from __future__ import annotations

import pytest

from .test_gen_ai import read, record


@pytest.mark.parametrize(
    ("scope", "said", "span_type"),
    [
        ("orq_ai_sdk.traced.decorators", {"type": "eval"}, "evaluator"),
        ("orq_ai_sdk.traced.decorators", {"type": "function"}, "custom"),
        ("patronus.sdk", {}, "custom"),
        ("patronus.sdk", {"pat.span.type": "eval"}, "evaluator"),
        ("atla_insights", {}, "custom"),
        ("fiddler.otel.tracer", {}, "custom"),
        ("galileo-tracer", {}, "custom"),
        ("galileo-tracer", {"db.operation": "search", "gen_ai.system": "galileo-otel"}, "retriever"),
        ("promptlayer.promptlayer_mixins", {"node_type": "PROMPT_TEMPLATE"}, "prompt"),
        ("promptlayer.promptlayer_mixins", {"function_input": "{'args': (), 'kwargs': {}}"}, None),
    ],
)
def test_steps(scope: str, said: dict[str, str], span_type: str | None) -> None:
    found = record(said, scope=scope)
    assert (found.kind, found.span_type) == ("span", span_type)


@pytest.mark.parametrize(
    "stamped",
    [
        {"atla.sdk.version": "0.0.41", "atla.metadata": '{"plan": "pro"}'},
        {"promptlayer.prompt.name": "greet", "promptlayer.prompt.version": "3"},
        {"galileo.session.id": "s1", "galileo.project.name": "p"},
        {"fiddler.session.user.plan": "pro"},
        {"type": "tool", "input": "1", "output": "2"},
    ],
)
def test_ordinary_spans_that_their_processors_stamped_stay_ordinary(stamped: dict[str, str]) -> None:
    assert read({"http.request.method": "GET", **stamped}, scope="my.app") is None


def test_metadata_of_a_trace_reaches_the_call_that_is_its_root() -> None:
    found = record({"gen_ai.operation.name": "chat", "atla.metadata": '{"plan": "pro", "seats": "0"}'})
    assert found.trace_metadata == {"plan": "pro", "seats": "0"}


def test_the_prompt_of_a_call() -> None:
    prompt = {"promptlayer.prompt.name": "greet", "promptlayer.prompt.version": "3", "node_type": "LLM_CALL"}
    found = record({"gen_ai.operation.name": "chat", **prompt})
    assert (found.prompt_name, found.prompt_version) == ("greet", "3")
    assert found.attributes == {}


def test_a_client_that_handed_out_a_stream_says_what_it_asked() -> None:
    asked = "{'args': (), 'kwargs': {'model': 'gpt-4o-mini', 'messages': [{'role': 'user', 'content': \"it's\"}]}}"
    given = {"provider": "openai", "function_name": "openai.chat.completions.create", "function_input": asked}
    answer = {"function_output": "<generator object stream at 0x7f00>"}
    found = record({**given, **answer}, name="openai.chat.completions.create", scope="promptlayer.promptlayer_mixins")
    assert (found.kind, found.provider, found.request_model) == ("generation", "openai", "gpt-4o-mini")
    assert found.input == [{"role": "user", "content": "it's"}]
    assert not found.output
