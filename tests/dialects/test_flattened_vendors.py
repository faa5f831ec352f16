"""Agenta, Basalt, Humanloop, Paid, Scorecard, Splunk AO: what their golden recordings do not show."""

from __future__ import annotations

import pytest

from .test_gen_ai import read, record

OPENAI = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}


def test_lists_that_agenta_flattened_are_lists_again() -> None:
    found = record(
        {
            "ag.type.node": "TASK",
            "ag.data.inputs.cities.0": "Paris",
            "ag.data.inputs.cities.1": "Rome",
            "ag.data.inputs.limits": '@ag.type=json:{"most": 3}',
            "ag.data.outputs.0.city": "Paris",
            "ag.data.outputs.2.city": "Rome",
        },
        scope="agenta.tracer",
    )
    assert found.input_state == {"cities": ["Paris", "Rome"], "limits": {"most": 3}}
    assert found.output_state == {"0": {"city": "Paris"}, "2": {"city": "Rome"}}  # an object with numbers for keys


def test_keys_that_name_no_object_and_keys_without_end_lose_nothing() -> None:
    deep = ".".join("a" * 3_000)
    given = {"ag.data.inputs.q": "Hi", "ag.data.inputs.q.of": "Ada", f"ag.data.outputs.{deep}": 0}
    found = record({"ag.type.node": "TASK", **given}, scope="agenta.tracer")
    assert found.input_state == {"q": "Hi", "q.of": "Ada"}
    inner, levels = found.output_state, 0
    while isinstance(inner, dict):
        (inner,) = inner.values()
        levels += 1
    assert (inner, levels) == (0, 65)


@pytest.mark.parametrize(("said", "kind", "span_type"), [("EMBEDDING", "embedding", None), ("odd", "span", "custom")])
def test_kinds_of_agenta(said: str, kind: str, span_type: str | None) -> None:
    found = record({"ag.type.node": said, "ag.data.inputs.q": "Hi"}, scope="agenta.tracer")
    assert (found.kind, found.span_type) == (kind, span_type)


def test_what_agenta_stamps_on_others_makes_no_ai_span() -> None:
    assert read({"ag.refs.application.id": "1", "http.request.method": "GET"}, scope="httpx") is None


def test_the_customer_whom_paid_bills_is_the_user_of_any_span() -> None:
    stamp = {"paid.sdk.version": "python-1.12.0", "external_customer_id": "c1", "metadata.plan": "pro"}
    found = record({**OPENAI, **stamp}, name="paid.trace.chat gpt-4o-mini", scope="other")
    assert (found.identity.user, found.metadata, found.span_name) == ("c1", {"plan": "pro"}, "chat gpt-4o-mini")
    assert not found.attributes
    assert read(stamp, name="paid.trace.GET", scope="httpx") is None


def test_the_prompt_of_a_call_by_basalt_and_by_humanloop() -> None:
    basalt = record({**OPENAI, "basalt.prompt.slug": "greet", "basalt.prompt.version": "3"})
    assert (basalt.prompt_name, basalt.prompt_version) == ("greet", "3")
    humanloop = record({**OPENAI, "humanloop.file.type": "prompt", "humanloop.file.path": "demo/greet"})
    assert (humanloop.kind, humanloop.prompt_name) == ("generation", "demo/greet")
    assert not basalt.attributes
    assert not humanloop.attributes


def test_zeros_of_scorecard_are_no_counts() -> None:
    found = record(
        {**OPENAI, "gen_ai.usage.prompt_tokens": 0, "gen_ai.usage.completion_tokens": 7, "gen_ai.usage.total_tokens": 7,
         "gen_ai.response.id": "unknown", "gen_ai.response.model": "unknown"},
        scope="scorecard-llm",
    )  # fmt: skip
    assert (found.usage.input, found.usage.output, found.usage.total) == (None, 7, None)
    assert (found.response_id, found.response_model) == (None, None)


def test_what_splunk_ao_copies_or_expects_is_no_property() -> None:
    stamp = {"splunk_ao.dataset.output": "sunny", "splunk_ao.input.messages": "[]", "splunk_ao.session.id": "s1"}
    written = {"splunk_ao.metadata": '{"plan": "pro"}', "splunk_ao.tags": ["beta"]}
    found = record({**OPENAI, **stamp, **written}, scope="splunk-ao-tracer")
    assert (found.metadata, found.tags, found.identity.session) == ({"plan": "pro"}, ["beta"], "s1")
    assert not found.attributes
    assert not record({**OPENAI, **stamp}, scope="other").attributes


def test_user_and_session_in_the_namespace_of_the_conventions() -> None:
    found = record({**OPENAI, "gen_ai.user.id": "u1", "gen_ai.session.id": "s1", "gen_ai.conversation.id": "c1"})
    assert (found.identity.user, found.identity.session) == ("u1", "s1")
