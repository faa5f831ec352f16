"""What one event of two reports says: each field by itself."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from otel_posthog_ai import posthog_context
from tests.calls.told import Told
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, TOOL

ID = {"gen_ai.response.id": "r1"}
LLM = {"openinference.span.kind": "LLM"}


def words(text: str, role: str = "user") -> str:
    return f'[{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}]'


def merged(outer: dict[str, Any], inner: dict[str, Any], *, outer_scope: str = "framework") -> dict[str, Any]:
    """The properties of the one call; None takes an attribute of `CHAT` away, a `status` fails the span."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    said = [{key: value for key, value in {**CHAT, **given}.items() if value is not None} for given in (outer, inner)]
    errors = [attributes.pop("status", None) for attributes in said]
    with tracer_of(outer_scope).start_as_current_span("framework", attributes=said[0]) as around:
        span = tracer_of("client").start_span("client", attributes=said[1])
        for each, error in zip((around, span), errors, strict=True):
            if error is not None:
                each.set_status(StatusCode.ERROR, error)
        span.end()
    stages.leave()
    (event,) = stages.events
    properties: dict[str, Any] = event["properties"]
    return properties


CALL = '{"type":"tool_call","id":"c1","name":"search","arguments":{}}'
THOUGHT = '{"type":"reasoning","content":"hm"}'
SAID = '{"type":"text","content":"I look."}'
HI = '{"role":"user","parts":[{"type":"text","content":"hi"}]}'
NO_ID = '{"type":"tool_call","name":"search","arguments":{}}'
TEXT_AND_CALL: dict[str, Any] = {
    "role": "assistant",
    "content": "I look.",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}],
}
THOUGHT_AND_CALL = [
    {"type": "thinking", "thinking": "hm"},
    {"type": "function", "id": "c1", "function": {"name": "search", "arguments": "{}"}},
]

# The framework says, the client says -> the one event says (None: nothing).
FIELDS = {
    "one of them leaves out the parameters of a tool": (
        {"gen_ai.tool.definitions": '[{"type":"function","name":"search"},{"type":"function","name":"own"}]'},
        {"gen_ai.tool.definitions": '[{"type":"function","name":"search","parameters":{"type":"object"}}]'},
        {"$ai_tools": [
            {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "own"}},
        ]},
    ),
    "the client knows how the answer ended": (
        {"gen_ai.response.finish_reasons": ("end_turn",)}, {"gen_ai.response.finish_reasons": ("stop",)},
        {"$ai_stop_reason": "stop"},
    ),
    "what the client does not know, the framework may": (
        {"gen_ai.response.finish_reasons": ("stop",), "gen_ai.response.time_to_first_token": 0.5}, {},
        {"$ai_stop_reason": "stop", "$ai_time_to_first_token": 0.5},
    ),
    "the client saw the first token": (
        {"gen_ai.response.time_to_first_token": 0.7}, {"gen_ai.response.time_to_first_token": 0.5},
        {"$ai_time_to_first_token": 0.5},
    ),
    "who serves it was the client's to ask": (
        {"gen_ai.response.service_tier": "default"}, {"gen_ai.response.service_tier": "flex"},
        {"$ai_service_tier": "flex"},
    ),
    "the framework knows the conversation": (
        {"gen_ai.input.messages": words("hi")}, {"gen_ai.input.messages": words("rendered")},
        {"$ai_input": [{"role": "user", "content": "hi"}]},
    ),
    "parameters of both, the framework's first": (
        {"gen_ai.request.temperature": 0.5}, {"gen_ai.request.temperature": 0.9, "gen_ai.request.top_p": 0.1},
        {"$ai_model_parameters": {"temperature": 0.5, "top_p": 0.1}},
    ),
    "attributes of both, the framework's first": (
        {"acme.plan": "pro"}, {"acme.plan": "free", "acme.region": "eu"},
        {"acme.plan": "pro", "acme.region": "eu"},
    ),
    "asked for a stream by one": ({}, {"gen_ai.request.stream": True}, {"$ai_stream": True}),
    "asked for a stream by the other": ({"gen_ai.request.stream": True}, {}, {"$ai_stream": True}),
    "what a framework asked for may be streamed": (
        {"gen_ai.request.stream": False}, {"gen_ai.request.stream": True}, {"$ai_stream": True},
    ),
    "a stream of which the client saw only the end": (
        {"gen_ai.request.stream": True}, {"gen_ai.request.stream": False}, {"$ai_stream": True},
    ),
    "no stream, as the client says": ({}, {"gen_ai.request.stream": False}, {"$ai_stream": False}),
    "tags of both, each once": (
        {**LLM, "tag.tags": ("a", "b")}, {**LLM, "tag.tags": ("b", "c")}, {"tags": ["a", "b", "c"]},
    ),
    "who answers is the client's to know": (
        {"gen_ai.response.model": "gpt-4o-guess"}, {"gen_ai.response.model": "gpt-4o-2024-08-06"},
        {"$ai_model": "gpt-4o-2024-08-06"},
    ),
    "what was asked for, as the framework says": (
        {"gen_ai.request.model": "gpt-4o"}, {"gen_ai.request.model": "gpt-4o-2024-08-06"}, {"$ai_model": "gpt-4o"},
    ),
    "the answer's id, as the client says": ({}, ID, {"$ai_completion_id": "r1"}),
    "the answer's id, as the framework says": (ID, {}, {"$ai_completion_id": "r1"}),
    "the tools that only the client tells": (
        {}, {"gen_ai.tool.definitions": '[{"type":"function","name":"search"}]'},
        {"$ai_tools": [{"type": "function", "function": {"name": "search"}}]},
    ),
    "the client's cost": ({}, {"gen_ai.usage.cost": 0.25}, {"$ai_total_cost_usd": 0.25}),
    "the framework's cost": (
        {"gen_ai.usage.cost": 0.5}, {"gen_ai.usage.cost": 0.25}, {"$ai_total_cost_usd": 0.5},
    ),
    "the framework's cost in parts": (
        {"gen_ai.usage.input_cost": 0.5, "gen_ai.usage.output_cost": 0.5}, {"gen_ai.usage.cost": 0.25},
        {"$ai_total_cost_usd": 1.0},
    ),
    "a provider that is stated beats one that is told by the model's name": (
        {"gen_ai.provider.name": None}, {"gen_ai.provider.name": "azure.ai.openai"},
        {"$ai_provider": "azure-openai", "gen_ai.provider.name": "azure.ai.openai"},
    ),
    "the framework's provider": (
        {"gen_ai.provider.name": "azure.ai.openai"}, {}, {"$ai_provider": "azure-openai"},
    ),
    "the framework's provider, where the client states none": (
        {}, {"gen_ai.provider.name": None}, {"$ai_provider": "openai", "gen_ai.provider.name": "openai"},
    ),
    "the model that only the client names": ({"gen_ai.request.model": None}, {}, {"$ai_model": "gpt-4o"}),
    "who asks, as only the client says": ({}, {"session.id": "s-1"}, {"$ai_session_id": "s-1"}),
    "who asks, as the framework says": (
        {"session.id": "s-0"}, {"session.id": "s-1"}, {"$ai_session_id": "s-0"},
    ),
    "the client tells calls among thoughts": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{THOUGHT},{CALL}]}}]'},
        {"$ai_output_choices": [{"role": "assistant", "content": THOUGHT_AND_CALL}]},
    ),
    "the framework tells calls among thoughts": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{THOUGHT},{CALL}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"$ai_output_choices": [{"role": "assistant", "content": THOUGHT_AND_CALL}]},
    ),
    "the framework tells calls, the client the text beside them": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{SAID},{CALL}]}}]'},
        {"$ai_output_choices": [TEXT_AND_CALL]},
    ),
    "the client tells calls, the framework the text beside them": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{SAID}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"$ai_output_choices": [TEXT_AND_CALL]},
    ),
    "a conversation of one length, completed message by message": (
        {"gen_ai.input.messages": f'[{HI},{{"role":"assistant","parts":[{CALL}]}}]'},
        {"gen_ai.input.messages": f'[{HI},{{"role":"assistant","parts":[{SAID},{CALL}]}}]'},
        {"$ai_input": [{"role": "user", "content": "hi"}, TEXT_AND_CALL]},
    ),
    "a conversation that goes on in the client's": (
        {"gen_ai.input.messages": f"[{HI}]"},
        {"gen_ai.input.messages": f'[{HI},{{"role":"assistant","parts":[{SAID},{CALL}]}}]'},
        {"$ai_input": [{"role": "user", "content": "hi"}, TEXT_AND_CALL]},
    ),
    "a longer conversation that is another": (
        {"gen_ai.input.messages": f"[{HI}]"},
        {"gen_ai.input.messages": f'[{{"role":"assistant","parts":[{SAID}]}},{{"role":"assistant","parts":[{SAID}]}}]'},
        {"$ai_input": [{"role": "user", "content": "hi"}]},
    ),
    "a conversation that only the client tells": (
        {}, {"gen_ai.input.messages": f"[{HI}]"}, {"$ai_input": [{"role": "user", "content": "hi"}]},
    ),
    "two ids of a tool's call": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL.replace("c1", "c2")}]}}]'},
        {"$ai_output_choices": [{**TEXT_AND_CALL, "content": None}]},
    ),
    "the id of a tool's call that only the client tells": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{NO_ID}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"$ai_output_choices": [{**TEXT_AND_CALL, "content": None}]},
    ),
    "the id of a tool's call that only the framework tells": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{NO_ID}]}}]'},
        {"$ai_output_choices": [{**TEXT_AND_CALL, "content": None}]},
    ),
    "who tells more calls": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{NO_ID}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{CALL},{CALL.replace("c1", "c2")}]}}]'},
        {"$ai_output_choices": [{
            "role": "assistant", "content": None,
            "tool_calls": [{**TEXT_AND_CALL["tool_calls"][0], "id": call_id} for call_id in ("c1", "c2")],
        }]},
    ),
    "another role": (
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{SAID}]}}]'},
        {"gen_ai.output.messages": f'[{{"role":"tool","parts":[{SAID}]}},{{"role":"assistant","parts":[{CALL}]}}]'},
        {"$ai_output_choices": [{"role": "assistant", "content": "I look."}]},
    ),
    "an answer without a word": (
        {"gen_ai.output.messages": '[{"role":"assistant","parts":[]}]'},
        {"gen_ai.output.messages": f'[{{"role":"assistant","parts":[{SAID}]}}]'},
        {"$ai_output_choices": [{"role": "assistant", "content": "I look."}]},
    ),
    # ---- counts
    "details of the framework's, where both count the same": (
        {"gen_ai.usage.cache_read.input_tokens": 4}, {}, {"$ai_input_tokens": 10, "$ai_cache_read_input_tokens": 4},
    ),
    "no details of another count": (
        {**ID, "gen_ai.usage.input_tokens": 14, "gen_ai.usage.cache_read.input_tokens": 3}, ID,
        {"$ai_input_tokens": 10, "$ai_cache_read_input_tokens": None},
    ),
    "details of the framework's, which leaves out what came from the cache": (
        {"gen_ai.usage.input_tokens": 6, "gen_ai.usage.cache_read.input_tokens": 4}, {},
        {"$ai_input_tokens": 10, "$ai_cache_read_input_tokens": 4, "$ai_cache_reporting_exclusive": False},
    ),
    "details of the framework's, where the client leaves out what came from the cache": (
        {"gen_ai.usage.input_tokens": 14, "gen_ai.usage.cache_read.input_tokens": 4}, {},
        {"$ai_input_tokens": 10, "$ai_cache_read_input_tokens": 4, "$ai_cache_reporting_exclusive": True},
    ),
    "the counts of a stream with the provider's details, not an estimate": (
        {**ID, "gen_ai.request.stream": True, "gen_ai.usage.input_tokens": 19,
         "gen_ai.usage.reasoning.output_tokens": 0}, ID,
        {"$ai_input_tokens": 19, "$ai_output_tokens": 5},
    ),
    "the client's counts of what is no stream": (
        {**ID, "gen_ai.usage.input_tokens": 19, "gen_ai.usage.reasoning.output_tokens": 0}, ID,
        {"$ai_input_tokens": 10},
    ),
    "the framework's counts, where the client has none": (
        {}, {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None},
        {"$ai_input_tokens": 10, "$ai_output_tokens": 5},
    ),
    "the answer that only the framework counts": (
        {}, {"gen_ai.usage.output_tokens": None}, {"$ai_input_tokens": 10, "$ai_output_tokens": 5},
    ),
    "the question that only the framework counts": (
        {**ID, "gen_ai.usage.output_tokens": 4}, {**ID, "gen_ai.usage.input_tokens": None},
        {"$ai_input_tokens": 10, "$ai_output_tokens": 5},
    ),
    "other counts of one answer: the client's": (
        {**ID, "gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 6}, ID,
        {"$ai_input_tokens": 10, "$ai_output_tokens": 5},
    ),
    "a total of counts that were not taken": (
        {**ID, "gen_ai.usage.output_tokens": 6, "gen_ai.usage.total_tokens": 16}, ID, {"$ai_total_tokens": None},
    ),
    "first tokens that Anthropic's framework counts twice": (
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"},
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
         "gen_ai.usage.output_tokens": 6},
        {"$ai_output_tokens": 5},
    ),
    "twice as much is another count": (
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"},
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
         "gen_ai.usage.output_tokens": 10},
        {"$ai_output_tokens": 10},
    ),
    "nobody but Anthropic's counts them so": (
        ID, {**ID, "gen_ai.usage.output_tokens": 6}, {"$ai_output_tokens": 6},
    ),
    "a total of the counts that were taken": (
        {"gen_ai.usage.total_tokens": 15}, {}, {"$ai_total_tokens": 15},
    ),
    "the client's total": (
        {**ID, "gen_ai.usage.output_tokens": 6, "gen_ai.usage.total_tokens": 16},
        {**ID, "gen_ai.usage.total_tokens": 15}, {"$ai_total_tokens": 15},
    ),
    "the whole output of Anthropic's, whose client counts the first tokens twice": (
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"},
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
         "gen_ai.usage.output_tokens": 9, "gen_ai.usage.total_tokens": 19},
        {"$ai_output_tokens": 5, "$ai_total_tokens": None},
    ),
    "less than the other counts is no sum": (
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"},
        {**ID, "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5",
         "gen_ai.usage.output_tokens": 4},
        {"$ai_output_tokens": 4},
    ),
    "nothing counted by either": (
        {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None},
        {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None},
        {"$ai_input_tokens": None, "$ai_output_tokens": None},
    ),
    "an input of zero is a count": (
        {**ID, "gen_ai.usage.input_tokens": 7}, {**ID, "gen_ai.usage.input_tokens": 0}, {"$ai_input_tokens": 0},
    ),
    # ---- errors
    "given up, as only the client knows": (
        {}, {"error.type": "CancelledError", "status": "stopped"},
        {"$ai_stop_reason": "cancelled", "$ai_is_error": None},
    ),
    "given up, as only the framework knows": (
        {"error.type": "CancelledError", "status": "stopped"}, {},
        {"$ai_stop_reason": "cancelled", "$ai_is_error": None},
    ),
    "only the client failed": (
        {}, {"error.type": "RateLimitError", "status": "too fast"},
        {"$ai_is_error": True, "$ai_error": "RateLimitError: too fast", "$ai_http_status": 429},
    ),
    "the client knows the type": (
        {"status": "no"}, {"error.type": "RateLimitError", "status": "too fast"},
        {"$ai_error": "RateLimitError: no", "$ai_http_status": 429},
    ),
    "the framework knows the type": (
        {"error.type": "BadRequestError", "status": "no"}, {"error.type": "500", "status": "no"},
        {"$ai_error": "BadRequestError: no", "$ai_http_status": 500},
    ),
    "the framework's status, where the client has none": (
        {"error.type": "RateLimitError", "status": "no"}, {"status": "failed"},
        {"$ai_error": "RateLimitError: no", "$ai_http_status": 429},
    ),
    "only the client says why": (
        {"error.type": "RateLimitError", "status": ""}, {"error.type": "Error", "status": "too fast"},
        {"$ai_error": "RateLimitError: too fast"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", FIELDS)
def test_a_field_of_two_reports(row: str) -> None:
    outer, inner, expected = FIELDS[row]
    properties = merged(outer, inner)
    assert {key: properties.get(key) for key in expected} == expected


def test_reports_that_came_without_their_scopes_are_told_apart_by_their_conventions() -> None:
    told = Told()
    around = told.begin("", "framework", 0, {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"})
    told.span("", (1, 8), CHAT, around, "client")
    around.end(1_009 * 1_000_000)
    (event,) = told.events()
    assert event["$ai_span_name"] == "framework"
    assert not told.events("$ai_span") + told.events("$ai_trace")
    assert "otel.scope.name" not in event


def test_a_client_that_traces_itself_is_nearest_the_wire_whatever_lies_around_it() -> None:
    said = [{"gen_ai.response.finish_reasons": (reason,)} for reason in ("client's", "framework's")]
    assert merged(*said)["$ai_stop_reason"] == "framework's"
    assert merged(*said, outer_scope="openai_sdk")["$ai_stop_reason"] == "client's"


def test_who_is_nearest_the_wire_counts() -> None:
    said = [{**ID, "gen_ai.usage.input_tokens": count} for count in (11, 12)]
    assert merged(*said)["$ai_input_tokens"] == 12
    assert merged(*said, outer_scope="openai_sdk")["$ai_input_tokens"] == 11


def test_the_half_that_a_dialect_declares_is_nearer_the_wire() -> None:
    told = Told()
    asked = {"litellm.call_id": "c", "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
    around = told.begin("litellm", "litellm_request", 0, {**asked, "gen_ai.response.finish_reasons": ("stop",)})
    raw = {"llm.anthropic.messages": "[]", "llm.anthropic.model": "claude-sonnet-4-5"}
    told.span("litellm", (1, 9), {**raw, "llm.anthropic.stop_reason": "end_turn"}, around, "raw_gen_ai_request")
    around.end(1_010_000_000)
    (call,) = told.events()
    assert call["$ai_stop_reason"] == "end_turn"


@pytest.mark.parametrize("embeds", ["framework", "client", "both"])
def test_what_either_calls_an_embedding_is_one(embeds: str) -> None:
    """As far as the other knows of no answer."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    chat = {key: value for key, value in CHAT.items() if "output" not in key}
    embedding = {**chat, "gen_ai.operation.name": "embeddings"}
    with tracer_of("framework").start_as_current_span(
        "framework", attributes=chat if embeds == "client" else embedding
    ):
        tracer_of("client").start_span("client", attributes=chat if embeds == "framework" else embedding).end()
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_embedding"]


def test_it_took_from_the_first_start_to_the_last_end() -> None:
    """Two clocks: neither of both lies within the other."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    for scope, start, end in (("one", 0, 60), ("other", 40, 100)):
        span = tracer_of(scope).start_span(scope, attributes={**CHAT, **ID}, start_time=(1_000 + start) * 1_000_000)
        span.end((1_000 + end) * 1_000_000)
    stages.leave()
    (event,) = stages.events
    assert event["properties"]["$ai_latency"] == pytest.approx(0.1)


@pytest.mark.parametrize("private", ["framework", "client"])
def test_one_call_is_private_if_either_report_is(private: str) -> None:
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    said = {**CHAT, **ID, "gen_ai.input.messages": words("hi")}
    for scope, times in (("framework", (0, 100)), ("client", (10, 90))):
        with posthog_context(privacy_mode=scope == private):
            span = tracer_of(scope).start_span(scope, attributes=said, start_time=1_000 + times[0])
        span.end(1_000 + times[1])
    stages.leave()
    (event,) = stages.events
    assert "$ai_input" not in event["properties"]


@pytest.mark.parametrize("left", [False, True])
def test_what_only_the_account_of_a_call_states(left: bool) -> None:
    """Counts, cost, who answered. The call took no longer because of that; what has left stays as it is."""
    told = Told()
    agent = told.begin("app", "agent", -50, AGENT)
    asked = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.input.messages": words("hi")}
    told.span("app", (0, 100), {**asked, "gen_ai.usage.input_tokens": 10} if left else asked, agent)
    if left:
        told.stages.leave()
    used = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cost": 0.25}
    told.span("app", (105, 105), {"gen_ai.response.model": "gpt-4o-2024-08-06", **used}, agent)
    (call,) = told.events()
    assert call["$ai_latency"] == pytest.approx(0.1)
    assert call["$ai_input_tokens"] == 10
    expected = (None, None, "gpt-4o") if left else (5, 0.25, "gpt-4o-2024-08-06")
    assert (call.get("$ai_output_tokens"), call.get("$ai_total_cost_usd"), call["$ai_model"]) == expected


# ---- one run of a tool ---------------------------------------------------------------------------------------------

# The outer says, the inner says -> the events.
RUNS = {
    "states of both": (
        {"gen_ai.tool.call.arguments": '{"q":1}'}, {"gen_ai.tool.call.result": "found"},
        [{"$ai_input_state": {"q": 1}, "$ai_output_state": "found"}],
    ),
    "the outer's states first": (
        {"gen_ai.tool.call.result": "shown"}, {"gen_ai.tool.call.result": "found"}, [{"$ai_output_state": "shown"}],
    ),
    "attributes of both": (
        {"acme.plan": "pro"}, {"acme.plan": "free", "acme.region": "eu"},
        [{"acme.plan": "pro", "acme.region": "eu"}],
    ),
    "only the inner failed": (
        {}, {"error.type": "ToolError", "status": "no"}, [{"$ai_error": "ToolError: no", "$ai_is_error": True}],
    ),
    "the outer's error, and what only the inner knows of it": (
        {"status": "no"}, {"error.type": "503", "status": "nobody there"}, [{"$ai_error": "503: no"}],
    ),
    "one call's id": (
        {"gen_ai.tool.call.id": "c1"}, {"gen_ai.tool.call.id": "c1", "gen_ai.tool.name": "other"},
        [{"$ai_span_name": "search"}],
    ),
    "an id that one of both knows": ({"gen_ai.tool.call.id": "c1"}, {}, [{"$ai_span_name": "search"}]),
    "two calls' ids": (
        {"gen_ai.tool.call.id": "c1"}, {"gen_ai.tool.call.id": "c2", "gen_ai.tool.call.result": "found"}, [{}, {}],
    ),
    "another tool": ({}, {"gen_ai.tool.name": "other"}, [{"$ai_span_name": "search"}, {"$ai_span_name": "other"}]),
    "an agent in a tool": ({}, AGENT, [{"$ai_span_name": "search"}, {"$ai_span_name": "helper"}]),
}  # fmt: skip


@pytest.mark.parametrize("row", RUNS)
def test_a_tool_that_runs_in_a_tool(row: str) -> None:
    outer, inner, expected = RUNS[row]
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    spans = [{**TOOL, **outer}, inner if inner is AGENT else {**TOOL, **inner}]
    errors = [attributes.pop("status", None) for attributes in spans]
    with (
        tracer_of("app").start_as_current_span("agent", attributes=AGENT),
        tracer_of("framework").start_as_current_span("execute_tool", attributes=spans[0]) as around,
    ):
        span = tracer_of("client").start_span("execute_tool", attributes=spans[1])
        for each, error in zip((around, span), errors, strict=True):
            if error is not None:
                each.set_status(StatusCode.ERROR, error)
        span.end()
    stages.leave()
    tools = [event["properties"] for event in stages.events if event["event"] == "$ai_span"]
    assert [{key: each.get(key) for key in want} for each, want in zip(tools, expected, strict=True)] == expected


def test_a_run_that_is_told_by_its_id_around_one_that_is_told_by_its_name() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    told = ({**TOOL, "gen_ai.tool.call.id": "c1"}, {"gen_ai.tool.call.id": "c1"}, {"gen_ai.tool.name": "search"})
    opened = [tracer.start_as_current_span("agent", attributes=AGENT)]
    opened += [tracer.start_as_current_span("call_tool", attributes=each) for each in told]
    with ExitStack() as stack:
        for each in opened:
            stack.enter_context(each)
    stages.leave()
    assert [event["properties"]["$ai_span_name"] for event in stages.events if event["event"] == "$ai_span"] == [
        "search"
    ]


def test_what_lies_around_a_tool_is_for_whom_the_other_telling_of_it_names() -> None:
    told = Told()
    run = {**TOOL, "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": '{"city": "Paris"}'}
    agent = told.begin("app", "agent", 0, AGENT)
    told.span("app", (10, 40), run, agent)
    told.span("other", (10, 40), {**run, "enduser.id": "ada"})
    agent.end(1_050 * 1_000_000)
    told.stages.leave()
    owners = {event["properties"]["$ai_span_name"]: event["distinct_id"] for event in told.stages.events}
    assert owners == {"helper": "ada", "search": "ada"}
