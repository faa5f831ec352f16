"""Vendors that nobody wrote a table for are read by the words of their keys, and ordinary spans stay ordinary."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.semconv import _incubating

from otel_posthog_ai.dialects import ORDER, first_look
from otel_posthog_ai.reading.marks import MARKS_AI
from otel_posthog_ai.reading.vendor_values import opened
from otel_posthog_ai.reading.vendor_words import states_kind, vendors_in
from tests.traced import Traced

from .test_gen_ai import read, record

BELONGS = {"acme.user_id": "ada@example.com", "acme.session_id": "s-1", "acme.metadata.plan": "pro"}


def test_a_tool() -> None:
    found = record(
        {
            "acme.span.type": "TOOL",
            "acme.span.input": '{"city": "Paris"}',
            "acme.span.output": '{"temp": 21}',
            "acme.tags": ("beta",),
            "acme.sdk.version": "1.2",
            **BELONGS,
        },
        name="look_up",
    )
    assert (found.kind, found.span_type, found.name, found.tool_name) == ("span", "tool", "look_up", "look_up")
    assert (found.input_state, found.output_state) == ({"city": "Paris"}, {"temp": 21})
    assert (found.identity.user, found.identity.session) == ("ada@example.com", "s-1")
    assert (found.metadata, found.tags, found.attributes) == ({"plan": "pro"}, ["beta"], {})


SPELLINGS: dict[str, tuple[dict[str, Any], str]] = {
    "span.kind": ({"acme.span.kind": "agent", "acme.input": "hi"}, "agent"),
    "spanKind": ({"acme.spanKind": "AGENT", "acme.spanInput": "hi"}, "agent"),
    "span_kind": ({"acme.span_kind": "retriever", "acme.input": "hi"}, "retriever"),
    "an enum's text": ({"acme.span.kind": "SpanKindValues.GUARDRAIL", "acme.input": "hi"}, "guardrail"),
    "JSON text": ({"acme.span.type": '"WORKFLOW"', "acme.inputs": "hi"}, "workflow"),
    "an object": ({"acme.span_type": '{"type": "task"}', "acme.input": "hi"}, "task"),
    "event_type": ({"acme_event_type": "chain", "acme_inputs.question": "hi"}, "chain"),
    "below the input's own key": ({"acme.span.type": "tool", "acme.tool.input": "hi"}, "tool"),
    "bare input": ({"acme.span.type": "tool", "input": "hi"}, "tool"),
    "no kind, but data": ({"acme.span.type": "DEFAULT", "acme.span.input": "hi"}, "custom"),
    "only a user": ({"acme.span.type": "agent", "acme.customer_identifier": "u"}, "agent"),
    "what it did in plain words": ({"acme.span.type": "tool", "tool.output": "hi"}, "tool"),
    "a name alone": ({"acme.span.type": "agent", "acme.agent_name": "helper"}, "agent"),
    "a function of a user": ({"acme.span.type": "function", "acme.user_id": "u"}, "custom"),
    "no namespace": ({"span.type": "agent", "output": "hi"}, "agent"),
    "a second key": ({"acme.span.type": "SPAN", "acme.entity.type": "workflow", "acme.output": "hi"}, "workflow"),
}


@pytest.mark.parametrize(("attributes", "span_type"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_a_step(attributes: dict[str, Any], span_type: str) -> None:
    found = record(attributes)
    assert (found.kind, found.span_type) == ("span", span_type)


def test_an_input_that_was_flattened() -> None:
    found = record(
        {
            "acme_event_type": "tool",
            "acme_inputs.city": "Paris",
            "acme_inputs.unit.name": "celsius",
            "acme_outputs.result.temp": 21,
            "acme_metadata.plan": "pro",
        }
    )
    assert found.input_state == {"city": "Paris", "unit": {"name": "celsius"}}
    assert (found.output_state, found.metadata) == ({"temp": 21}, {"plan": "pro"})


def test_a_call_of_a_model() -> None:
    found = record(
        {
            "acme.span.type": "llm",
            "acme.input": '[{"role": "user", "content": "Hi"}]',
            "acme.output": '{"role": "assistant", "content": "Hello"}',
            "acme.llm.model": "gpt-4o",
            "acme.llm.provider": "openai",
            "acme.llm.params": '{"temperature": 0.5}',
            "acme.usage.input_tokens": 5,
            "acme.usage.output_tokens": 2,
            "acme.usage.cache_read_input_tokens": 3,
        }
    )
    assert (found.kind, found.request_model, found.provider) == ("generation", "gpt-4o", "openai")
    assert found.input == [{"role": "user", "content": "Hi"}]
    assert found.output == [{"role": "assistant", "content": "Hello"}]
    assert (found.usage.input, found.usage.output, found.parameters) == (5, 2, {"temperature": 0.5})


def test_an_envelope_that_names_its_type() -> None:
    found = record({"acme.span.type": "tool", "acme.input": '{"type": "json", "value": {"city": "Paris"}}'})
    assert found.input_state == {"city": "Paris"}


def test_envelopes_without_end_stay_closed() -> None:
    found: Any = {"city": "Paris"}
    for _ in range(5_000):
        found = {"type": "json", "value": found}
    assert opened(found).keys() == {"type", "value"}


def test_a_name_that_ends_with_the_kind() -> None:
    found = record({"acme.span.kind": "agent", "acme.agent.input": "hi"}, name="helper.agent")
    assert (found.name, found.agent_name) == ("helper", "helper")


def test_a_failure_that_only_the_vendor_tells() -> None:
    found = record({"acme.span.type": "tool", "acme.input": "hi", "acme.entity.error": "no rooms"})
    assert found.error is not None
    assert found.error.message == "no rooms"
    assert record({"acme.span.type": "tool", "acme.input": "hi", "acme.error": False}).error is None
    structured = record({"acme.span.type": "llm", "acme.input": "hi", "acme.error": '{"code": 429, "message": "slow"}'})
    assert structured.error is not None
    assert "slow" in (structured.error.message or "")


@pytest.mark.parametrize(("level", "failed"), [("ERROR", True), ("WARNING", False), ("DEFAULT", False)])
def test_a_status_message_is_a_failure_at_the_level_of_errors(level: str, failed: bool) -> None:
    step = {"acme.observation.type": "tool", "acme.observation.input": "hi", "acme.observation.level": level}
    found = record({**step, "acme.observation.status_message": "no rooms"})
    assert (found.error.message if found.error is not None else None) == ("no rooms" if failed else None)


def test_whose_it_is_on_calls_of_other_conventions() -> None:
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    found = record({**chat, "acme.span.type": "LLM", "acme.input": "again", **BELONGS})
    assert (found.kind, found.identity.user, found.metadata) == ("generation", "ada@example.com", {"plan": "pro"})
    assert not found.attributes


def test_a_step_is_the_parent_of_what_runs_below_it(traced: Traced) -> None:
    step = {"acme.span.type": "agent", "acme.input": "hi", **BELONGS}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    with traced.tracer.start_as_current_span("helper", attributes=step):
        traced.tracer.start_span("call", attributes=chat).end()
    events = traced.events()
    assert events["trace:helper"]["event"] == "$ai_trace"
    assert {event["distinct_id"] for event in events.values()} == {"ada@example.com"}
    assert {event["properties"]["$ai_session_id"] for event in events.values()} == {"s-1"}
    assert {event["properties"]["plan"] for event in events.values()} == {"pro"}


# ---- what is ordinary stays so ---------------------------------------------------------------------------------------

ORDINARY: dict[str, dict[str, Any]] = {
    "a kind alone": {"acme.span.type": "tool"},
    "a kind of any span": {"span.type": "task", "input": "x"},
    "a client's span": {"span.kind": "client", "output": "x"},
    "a bare kind alone": {"span.type": "tool"},
    "a function of nobody": {"acme.span.type": "function", "acme.version": "1"},
    "a word that is none": {"acme.span.type": "batch", "acme.user_id": "ada"},
    "an agent of flesh and blood": {"support.type": "agent", "support.user_id": "ada", "support.tags": ("vip",)},
    "a job of a queue": {"jobs.task.type": "task", "jobs.user_id": "ada"},
    "a namespace of a convention": {"workflow.type": "agent", "workflow.input": "x", "workflow.output": "y"},
    "a kind of another namespace": {"acme.span.type": "tool", "shop.input": "x"},
    "counts are no input": {"acme.span.type": "tool", "acme.input.count": 3},
    "a namespace that is a word": {"content.span.type": 7, "content": "x", "content.input": "x"},
    "nothing but signs": {"_.-": "x", "": "y", "acme.span.type": "batch"},
    "no text": {"acme.span.type": 7, "acme.input": "x"},
}


@pytest.mark.parametrize("attributes", ORDINARY.values(), ids=ORDINARY)
def test_what_says_too_little_is_no_step(attributes: dict[str, Any]) -> None:
    assert read(attributes) is None


RECORDED = json.loads(Path(__file__).with_name("ordinary_spans.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("span", RECORDED, ids=lambda span: f"{span['scope']} {span['name']}")
@pytest.mark.parametrize("scope", ["its own", "somebody.elses.tracer"])
def test_spans_of_opentelemetrys_instrumentors_are_ordinary(span: dict[str, Any], scope: str) -> None:
    """Requests, databases, queues, clouds, as the instrumentors of opentelemetry-python-contrib recorded them."""
    attributes = {key: tuple(value) if isinstance(value, list) else value for key, value in span["attributes"].items()}
    assert read(attributes, span["name"], span["scope"] if scope == "its own" else scope) is None


def conventions() -> dict[str, list[str]]:
    """Every attribute of the semantic conventions, by the module that lists it."""
    found: dict[str, list[str]] = {}
    package = import_module(f"{_incubating.__name__}.attributes")
    for module in pkgutil.iter_modules(package.__path__):
        names = vars(import_module(f"{package.__name__}.{module.name}"))
        found[module.name] = [value for key, value in names.items() if key.isupper() and isinstance(value, str)]
    return found


@pytest.mark.parametrize(("module", "keys"), conventions().items(), ids=conventions())
def test_no_attribute_of_the_semantic_conventions_is_a_vendors(module: str, keys: list[str]) -> None:
    assert [key for key in keys if states_kind(key)] == []
    assert vendors_in(tuple(keys)) == ()


def test_it_is_asked_last() -> None:
    assert ORDER[-1] == "unlisted_vendors"


def test_the_first_look_agrees() -> None:
    from .test_gen_ai import spans_of

    def looks(attributes: dict[str, Any]) -> int:
        [span] = spans_of(lambda provider: provider.get_tracer("app").start_span("s", attributes=attributes).end())
        return first_look(span)

    assert all(looks(attributes) == MARKS_AI for attributes, _ in SPELLINGS.values())
    assert all(looks(attributes) != MARKS_AI for attributes in ORDINARY.values())


def test_counts_that_are_called_counts_of_tokens() -> None:
    found = record(
        {
            "acme.span.type": "llm", "acme.span.input": "Hi", "acme.llm.model": "gpt-4o",
            "acme.llm.input_token_count": 12, "acme.llm.output_token_count": 0,
            "acme.llm.cached_input_token_count": 4,
        }
    )  # fmt: skip
    assert (found.usage.input, found.usage.output) == (12, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"acme.user_id": "ada-7"}, {"acme.user.id": "ada-7"}, {"acme.userId": "ada-7"}, {"acme.user": "ada-7"},
        {"acme.user": '{"id": "ada-7", "email": "ada@example.com"}'}, {"acme.distinct_id": "ada-7"},
        {"acme.trace.user_email": "ada-7"},
        {"acme.metadata": '{"user_id": "ada-7"}'}, {"acme.metadata.userId": "ada-7"},
    ],
)  # fmt: skip
def test_who_the_user_is(said: dict[str, Any]) -> None:
    found = record({"acme.span.type": "agent", "acme.input": "hi", **said})
    assert found.identity.user == "ada-7"


@pytest.mark.parametrize(
    "said",
    [{"acme.session_id": "chat-9"}, {"acme.session": "chat-9"}, {"acme.conversationId": "chat-9"},
     {"acme.metadata": '{"session_id": "chat-9"}'}],
)  # fmt: skip
def test_which_session_it_is(said: dict[str, Any]) -> None:
    found = record({"acme.span.type": "agent", "acme.input": "hi", **said})
    assert found.identity.session == "chat-9"


@pytest.mark.parametrize(
    ("said", "user", "session"),
    [
        ({"acme.trace.user_id": "ada-7"}, "ada-7", None),
        ({"acme.user_id": "ada-7", "acme.session_id": "chat-9"}, "ada-7", "chat-9"),
        ({"acme.user.id": "ada-7", "acme.tags": ["a"]}, "ada-7", None),
        ({"acme.user": "ada-7", "acme.metadata": '{"session_id": "chat-9"}'}, "ada-7", "chat-9"),
        ({"acme.user": "ada-7", "acme.metadata.session_id": "chat-9"}, "ada-7", "chat-9"),
    ],
)
def test_a_vendor_says_whose_the_calls_of_others_are(said: dict[str, Any], user: str, session: str | None) -> None:
    found = record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", **said})
    assert (found.identity.user, found.identity.session) == (user, session)
    assert not found.attributes.keys() & said.keys()


def test_a_vendor_says_what_the_user_wrote_of_the_calls_of_others() -> None:
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    found = record({**call, "acme.user_id": "ada-7", "acme.metadata.plan": "pro", "acme.env": "prod"})
    assert (found.metadata, found.attributes) == ({"plan": "pro"}, {"acme.env": "prod"})
    assert record({**call, "shop.metadata.plan": "pro"}).attributes == {"shop.metadata.plan": "pro"}


def test_a_vendor_says_the_kind_of_a_step_whose_data_stand_in_the_words_of_a_convention() -> None:
    said = {"gen_ai.input.messages": '{"city":"Paris"}', "gen_ai.output.messages": '{"temp": 21}'}
    found = record({"acme.observation.type": "tool", **said}, name="get_weather")
    assert (found.span_type, found.tool_name) == ("tool", "get_weather")
    assert record({"acme.observation.type": "span", **said}).span_type is None


def test_an_apps_own_word_counts_where_nobody_else_says_it() -> None:
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "shop.user_id": "ada-7"}
    alone = record(call)
    assert (alone.identity.user, alone.identity.incidental_user) == (None, "ada-7")
    assert alone.attributes["shop.user_id"] == "ada-7"
    assert record({**call, "user.id": "bob"}).identity.user == "bob"


@pytest.mark.parametrize(
    "key", ["acme.parent_session_id", "http.user_id", "app.user.id", "user.session.id", "llm.prompt_last_user"]
)
def test_what_names_no_user_of_the_call(key: str) -> None:
    found = record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", key: "x-1"}).identity
    assert (found.incidental_user, found.incidental_session) == (None, None)


def test_bare_words_for_it_count_where_nobody_else_says_it() -> None:
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    alone = record({**call, "user_id": "ada-7", "session_id": "chat-9"})
    assert (alone.identity.user, alone.identity.session) == (None, None)
    assert (alone.identity.incidental_user, alone.identity.incidental_session) == ("ada-7", "chat-9")
    assert record({**call, "user_id": "unknown"}).identity.incidental_user is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"acme.span.type": "tool", "acme.workflow.name": "plan", "acme.entity.name": "get_weather"}, "get_weather"),
        ({"acme.span.type": "tool", "acme.tool.name": "get_weather"}, "get_weather"),
        ({"acme.span.type": "tool", "acme.agent.name": "planner", "acme.tool_name": "get_weather"}, "get_weather"),
        ({"acme.span.type": "agent", "acme.agent_name": "planner", "acme.tool.name": "get_weather"}, "planner"),
        ({"acme.span.type": "task", "acme.span.name": "plan"}, "plan"),
        ({"acme.span.type": "task"}, None),
    ],
)
def test_the_name_of_a_step(said: dict[str, Any], name: str | None) -> None:
    assert record({"acme.input": "hi", **said}).name == name


# ---- data in a namespace that is called as the scope -----------------------------------------------------------------

AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "plain": {"acme.input": '{"q": "hi"}', "acme.output": "bye"},
    "below the kind": {"acme.agent.input": '{"q": "hi"}', "acme.agent.output": "bye"},
    "values": {"acme.input.value": '{"q": "hi"}', "acme.outputs.text": "bye"},
}


@pytest.mark.parametrize("scope", ["acme", "Acme.sdk.agents", "acme-sdk"])
@pytest.mark.parametrize("said", OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_an_instrumentor_keeps_data_under_its_own_name(said: dict[str, Any], scope: str) -> None:
    found = record({**AGENT, **said}, scope=scope)
    assert (found.input_state, found.output_state, found.attributes) == ({"q": "hi"}, "bye", {})


def test_a_call_whose_data_stands_under_the_scopes_name() -> None:
    found = record({**CHAT, "acme_ai.input": "hi", "acme_ai.output": "bye"}, scope="acme-ai")
    assert found.input == [{"role": "user", "content": "hi"}]
    assert found.output == [{"role": "assistant", "content": "bye"}]


def test_counts_of_a_call_that_stand_under_the_scopes_name() -> None:
    counts = {"acme.usage.input_tokens": 9, "acme.usage.output_tokens": 0, "acme.tokens_used": 9}
    found = record({**CHAT, **counts}, scope="acme")
    assert (found.usage.input, found.usage.output, found.attributes) == (9, 0, {"acme.tokens_used": 9})
    counted = record({**CHAT, **counts, "gen_ai.usage.input_tokens": 4}, scope="acme")
    assert (counted.usage.input, counted.usage.output) == (4, None)
    assert record({**AGENT, "acme.tokens_used": 9}, scope="acme").attributes == {"acme.tokens_used": 9}
    nested = record({**CHAT, "acme.tokens.input": 9, "acme.tokens.output": 2}, scope="acme")
    assert (nested.input, nested.output, nested.usage.input, nested.usage.output) == (None, None, 9, 2)


def test_data_of_another_namespace_stays_where_it_is() -> None:
    other = {"shop.input": "x", "acme.cache.result": "hit", "acme.tool.input.count": 3}
    found = record({**AGENT, **other}, scope="acme")
    assert found.attributes == other
    assert "acme.input" not in record({**AGENT, "acme.input": "", "shop.tier": "pro"}, scope="acme").attributes
    spoken = record(
        {**AGENT, "gen_ai.input.messages": '[{"role": "user", "content": "hi"}]', "acme.input": "x"}, "", "acme"
    )
    assert spoken.input_state == [{"role": "user", "content": "hi"}]
