"""Steps of frameworks that trace themselves, where recordings do not show them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.dialects.spans import read_span
from tests.traced import Traced

from .test_gen_ai import read, record, spans_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [("graphiti.add_episode", ("workflow", "add_episode")), ("graphiti.search", ("retriever", "search")),
     ("graphiti.llm.generate", ("task", "llm.generate"))],
)  # fmt: skip
def test_graphiti_tells_numbers(name: str, expected: tuple[str, str]) -> None:
    found = record({"episode.uuid": "e-1", "node.count": 3, "llm.provider": "openai"}, name, "graphiti")
    assert (found.span_type, found.name) == expected
    assert found.output_state == {"episode.uuid": "e-1", "node.count": 3}
    assert not found.attributes


def test_an_own_session_of_an_agent_is_only_its_own(traced: Traced) -> None:
    agent = {"openinference.span.kind": "AGENT", "session.id": "own", "input.value": "hi"}
    tracer = traced.provider.get_tracer("openinference.instrumentation.claude_agent_sdk")
    with (
        traced.tracer.start_as_current_span("request", attributes={"session.id": "users"}),
        tracer.start_as_current_span("ClaudeAgentSDK.query", attributes=agent),
    ):
        pass
    [event] = traced.events().values()
    assert event["properties"]["$ai_session_id"] == "users"


@pytest.mark.parametrize(
    ("attributes", "noise"),
    [({"ag2.span.type": "usage", "gen_ai.usage.input_tokens": 3, "gen_ai.response.model": "m"}, True),
     ({"ag2.span.type": "llm", "gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}, False)],
)  # fmt: skip
def test_accounts_of_ag2_are_no_steps(attributes: dict[str, Any], noise: bool) -> None:
    assert record(attributes, scope="opentelemetry.instrumentation.ag2").noise is noise


@pytest.mark.parametrize("kind", ["compaction", "aggregation"])
def test_what_ag2_asks_between_turns_is_a_call(kind: str) -> None:
    used = {
        "ag2.span.type": "usage",
        "ag2.usage.kind": kind,
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 1,
    }
    found = record(
        {**used, "gen_ai.response.model": "gpt-4o"}, f"record_usage {kind}", "opentelemetry.instrumentation.ag2"
    )
    assert (found.kind, found.noise, found.usage.input, found.account) == ("generation", False, 3, True)


def test_a_network_of_agents_of_ag2() -> None:
    scope = "opentelemetry.instrumentation.ag2"
    envelope = {"ag2.span.type": "envelope", "ag2.network.channel_id": "ch-1", "ag2.network.sender_id": "a-1"}
    found = record(envelope, "network.envelope text", scope)
    assert (found.span_type, found.noise, found.attributes) == ("chain", False, {})
    assert found.identity.incidental_session == "ch-1"
    for life in ("channel", "agent_lifetime", "agent_event"):
        assert record({"ag2.span.type": life, "gen_ai.agent.name": "a"}, life, scope).noise
    asked = {"ag2.span.type": "human_input", "ag2.human_input.prompt": "Book?", "ag2.human_input.response": "yes"}
    waited = record({**asked, "gen_ai.operation.name": "await_human_input"}, "await_human_input guide", scope)
    assert (waited.span_type, waited.input_state, waited.output_state) == ("task", "Book?", "yes")


def test_a_run_of_upsonic_repeats_what_its_calls_counted() -> None:
    said = {
        "upsonic.agent.name": "guide",
        "langfuse.trace.name": "Hi, I am",
        "upsonic.input": "Hi, I am Ada",
        "user.id": "u1",
    }
    found = record({**said, "gen_ai.usage.input_tokens": 149, "upsonic.total_cost": 0.1}, "agent.run", "upsonic")
    assert (found.kind, found.span_type, found.name, found.trace_name) == ("span", "agent", "guide", None)
    assert (found.input_state, found.identity.user, found.usage.input) == ("Hi, I am Ada", "u1", None)
    assert not found.attributes


def test_a_tool_of_upsonic() -> None:
    said = {"upsonic.tool.name": "get_weather", "upsonic.tool.call_id": "call_1", "upsonic.tool.success": True}
    found = record({**said, "langfuse.observation.input": '{"city": "Paris"}'}, "tool.execute", "upsonic")
    assert (found.span_type, found.name, found.tool_call_id) == ("tool", "get_weather", "call_1")
    assert (found.input_state, found.attributes) == ({"city": "Paris"}, {})


def test_the_pipeline_of_upsonic_is_bookkeeping() -> None:
    assert read({"upsonic.step.name": "cache_check"}, "pipeline.step.cache_check", "upsonic") is None


@pytest.mark.parametrize(
    ("name", "scope", "expected"),
    [("Agent: 'guide' generate", "agents.llm_decorator", ("agent", "guide", "guide")),
     ("Routing: 'it's me' structured", "agents.workflow.router_agent", ("workflow", "it's me", "it's me")),
     ("MCP Tool: files-read", "mcp.mcp_aggregator", ("tool", "read", None))],
)  # fmt: skip
def test_fast_agent_says_what_runs_in_names(name: str, scope: str, expected: tuple[str, str, str | None]) -> None:
    said = {"tool_name": "read", "server_name": "files", "namespaced_tool_name": "files-read"}
    found = record(said if expected[0] == "tool" else {}, name, f"fast_agent.{scope}")
    assert (found.span_type, found.name, found.agent_name) == expected
    assert found.attributes == ({"server_name": "files"} if expected[0] == "tool" else {})


def test_other_spans_of_an_app_are_none_of_them() -> None:
    def work(provider: Any) -> None:
        for name in ("search", "conversation", "turn", "call", "guard"):
            provider.get_tracer("app").start_span(name, attributes={"http.request.method": "GET"}).end()

    assert [read_span(span) for span in spans_of(work)] == [None] * 5


def test_a_call_of_cognee_is_asked_by_arguments() -> None:
    call = {"cognee.span.category": "generation", "langfuse.observation.type": "generation",
            "gen_ai.system": "litellm-native", "gen_ai.request.model": "openai/gpt-4o"}  # fmt: skip
    given = '{"text_input": "Who?", "system_prompt": "Be brief.", "response_model": null}'
    found = record({**call, "langfuse.observation.input": given}, "cognee.observe.acreate", "cognee")
    assert found.input == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]
    assert found.provider_original is None
    vectors = {
        "cognee.span.category": "embeddings",
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "text-e",
    }
    assert record(vectors, "cognee.observe.embed_text", "cognee").kind == "embedding"


def test_swarms_tells_a_request_and_a_reply() -> None:
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "openai/gpt-4o",
        "swarms.name": "guide",
        "swarms.loop": 1,
    }
    bodies = {
        "swarms.request": '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0.5}',
        "swarms.response": '{"id": "c-1", "object": "chat.completion", "model": "gpt-4o", "choices": [{"index": 0, '
        '"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}]}',
    }
    counts = {"swarms.usage.input_tokens": 9, "swarms.usage.output_tokens": 2, "swarms.usage.cached_tokens": 4}
    found = record({**call, **bodies, **counts}, "Agent.llm_call", "swarms")
    assert found.input == [{"role": "user", "content": "Hi"}]
    assert found.output == [{"role": "assistant", "content": "Hello"}]
    assert (found.usage.input, found.usage.output, found.usage.cache_read, found.response_id) == (9, 2, 4, "c-1")
    assert not found.attributes


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [("Agent.run", {"gen_ai.operation.name": "agent", "swarms.name": "guide"}, ("agent", "guide", False)),
     ("SequentialWorkflow.run", {"swarms.name": "flow"}, ("workflow", "flow", False)),
     ("Agent.init", {"swarms.config": "{}"}, ("task", None, True)),
     ("Agent.llm_error", {"swarms.error.message": "no"}, ("task", None, True))],
)  # fmt: skip
def test_steps_of_swarms(name: str, attributes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = {"swarms.input.task": "hi", "swarms.inputs": '{"task": "hi", "img": null}', "swarms.output": "bye"}
    found = record({**attributes, **told}, name, "swarms")
    assert (found.span_type, found.name, found.noise) == expected
    assert (found.input_state, found.output_state, found.attributes) == ("hi", "bye", {})


def test_a_tool_of_mcp_agent_is_told_at_every_method_on_the_way() -> None:
    result = {"result.isError": False, "result.content.0.type": "text", "result.content.0.text": "sunny"}
    called = {
        "gen_ai.agent.name": "weather",
        "gen_ai.tool.name": "get_weather",
        "arguments.city": "Paris",
        "initialized": True,
    }
    asked = {"gen_ai.agent.name": "weather", "request.method": "tools/call", "request.params.name": "get_weather",
             "request.params.arguments.city": "Paris"}  # fmt: skip
    run = {"gen_ai.tool.call.id": "c", "gen_ai.tool.name": "get_weather", "tool_args": '{"city": "Paris"}'}
    for name, said in (("Agent.weather.call_tool", called), ("OpenAIAugmentedLLM.weather.call_tool", asked),
                       ("OpenAIAugmentedLLM.weather.execute_tool_call", run)):  # fmt: skip
        found = record({**said, **result}, name, "my_app")
        assert (found.span_type, found.name, found.input_state, found.output_state) == (
            "tool", "get_weather", {"city": "Paris"}, "sunny",
        )  # fmt: skip
        assert (found.attributes, found.error) == ({}, None)
    failed = record({**called, **result, "result.isError": True}, "Agent.weather.call_tool", "my_app")
    assert failed.error is not None
    assert failed.error.message == "sunny"


def test_a_run_of_mcp_agent() -> None:
    said = {"gen_ai.agent.name": "weather", "message.content": "Hi", "request_params.max_iterations": 10,
            "finish_reason": "stop", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 137,
            "response.0.role": "assistant", "available_tools": ("get_weather",),
            "system_prompt": "Be brief."}  # fmt: skip
    found = record(said, "OpenAIAugmentedLLM.weather.generate", "my_app")
    assert (found.kind, found.span_type, found.name, found.input_state) == ("span", "agent", "weather", "Hi")
    assert not found.attributes
    handed_on = {"gen_ai.agent.name": "weather", "gen_ai.request.model": "gpt-4o", "response": "Hello"}
    around = record(handed_on, "OpenAIAugmentedLLM.weather.generate_str", "my_app")
    assert (around.span_type, around.name, around.output_state) == ("workflow", "weather", "Hello")
    assert read({"gen_ai.agent.name": "weather", "force": False}, "Agent.weather.initialize", "my_app") is None


def test_steps_that_openlit_does_not_know_are_no_agents() -> None:
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "openai"}
    scope = "openlit.instrumentation.openai_agents"
    assert record(said, "invoke_agent", scope).noise
    assert not record(said, "invoke_agent", scope, error="it broke").noise
    agent = record({**said, "gen_ai.agent.name": "guide"}, "invoke_agent guide", scope)
    assert (agent.span_type, agent.noise) == ("agent", False)
