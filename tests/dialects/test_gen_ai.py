"""What recordings do not show of the GenAI conventions and of the dialects that build on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.record import MISSING

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def spans_of(work: Callable[[trace.TracerProvider], None], limits: SpanLimits | None = None) -> list[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, span_limits=limits)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    work(provider)
    return list(memory.get_finished_spans())


def read(
    attributes: Mapping[str, Any], name: str = "span", scope: str = "app", events: Mapping[str, Any] | None = None,
    error: str | None = None, lasting_ns: int = 1_000_000,
) -> AISpan | None:  # fmt: skip
    def work(provider: trace.TracerProvider) -> None:
        span = provider.get_tracer(scope).start_span(name, Context(), attributes=attributes, start_time=10**18)
        for event, values in (events or {}).items():
            span.add_event(event, values)
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(10**18 + lasting_ns)

    return read_span(spans_of(work)[0])


def record(*arguments: Any, **options: Any) -> AISpan:
    found = read(*arguments, **options)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("told", "lasting_ms", "seconds"), [(33.3, 45, 0.0333), (33.3, 45_000, 33.3), (0.5, 45, 0.5), (2_000, 45, 2_000)]
)
def test_a_first_token_after_the_end_was_told_in_milliseconds(told: float, lasting_ms: int, seconds: float) -> None:
    said = {**CALL, "gen_ai.response.time_to_first_token": told}
    assert record(said, lasting_ns=lasting_ms * 1_000_000).time_to_first_token == pytest.approx(seconds)


# ---- which spans, and of what kind -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "kind", "span_type"),
    [
        ("chat", "generation", None), ("generate_content", "generation", None), ("text_completion", "generation", None),
        ("embeddings", "embedding", None), ("invoke_agent", "span", "agent"), ("execute_tool", "span", "tool"),
        ("invoke_workflow", "span", "workflow"), ("retrieval", "span", "retriever"), ("plan", "span", "task"),
        ("search_memory", "span", "retriever"), ("upsert_memory", "span", "custom"),
        ("apply_guardrail", "span", "guardrail"), ("realtime_inference", "generation", None),
        ("something_new", "generation", None),
    ],
)  # fmt: skip
def test_kind_by_operation(operation: str, kind: str, span_type: str | None) -> None:
    found = record({**CALL, "gen_ai.operation.name": operation, "gen_ai.usage.input_tokens": 3})
    assert (found.kind, found.span_type) == (kind, span_type)


def test_an_answer_that_is_fetched_again_is_no_second_call() -> None:
    answer = '[{"role": "assistant", "parts": [{"type": "text", "content": "Ho"}], "finish_reason": "stop"}]'
    found = record(
        {"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "resp_1", "gen_ai.response.model": "gpt-4o",
         "gen_ai.response.status": "completed", "gen_ai.output.messages": answer}
    )  # fmt: skip
    assert (found.kind, found.noise) == ("span", False)
    assert found.output_state == [{"role": "assistant", "content": "Ho"}]


def test_a_realtime_answer_without_counts_is_a_call_of_its_session() -> None:
    found = record({**CALL, "gen_ai.operation.name": "realtime_inference", "gen_ai.realtime_session.id": "sess_1"})
    assert (found.kind, found.identity.incidental_session) == ("generation", "sess_1")


REMEMBERED = '[{"id": "m1", "content": "likes tea", "score": 0.9}]'


@pytest.mark.parametrize(
    ("attributes", "states"),
    [
        ({"gen_ai.operation.name": "search_memory", "gen_ai.memory.query.text": "drinks",
          "gen_ai.memory.records": REMEMBERED}, ("drinks", [{"id": "m1", "content": "likes tea", "score": 0.9}])),
        ({"gen_ai.operation.name": "create_memory", "gen_ai.memory.records": REMEMBERED},
         ([{"id": "m1", "content": "likes tea", "score": 0.9}], MISSING)),
        ({"gen_ai.operation.name": "apply_guardrail", "gen_ai.guardrail.result.type": "action",
          "gen_ai.guardrail.result.value": "NONE"}, (MISSING, {"action": "NONE"})),
        ({"gen_ai.operation.name": "apply_guardrail", "gen_ai.guardrail.result.type": "severity",
          "gen_ai.guardrail.result.value": "0", "gen_ai.guardrail.result.reason": "harmless"},
         (MISSING, {"severity": "0", "reason": "harmless"})),
        ({"gen_ai.operation.name": "apply_guardrail"}, (MISSING, MISSING)),
    ],
)  # fmt: skip
def test_what_a_memory_and_a_guardrail_took_and_gave(attributes: dict[str, Any], states: tuple[Any, Any]) -> None:
    found = record(attributes)
    assert (found.input_state, found.output_state) == states


def test_a_workflow_that_is_named_as_an_agent() -> None:
    attributes = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.agent.name": "research"}
    assert record(attributes, name="invoke_workflow research").name == "research"


def test_a_step_that_names_only_the_run_of_a_tool_is_the_tools() -> None:
    assert record({"gen_ai.tool.call.id": "call_1"}).span_type == "tool"
    answer = {"gen_ai.tool.call.id": "call_1", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "chatcmpl-1"}
    assert record(answer).kind == "generation"


def test_a_span_with_only_a_conversation_is_not_ai() -> None:
    assert read({"gen_ai.conversation.id": "c", "user.id": "u"}) is None


def test_an_agent_that_was_only_made_is_noise() -> None:
    assert record({"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "a"}).noise


# ---- counts, times, parameters -----------------------------------------------------------------------------------


def test_zero_is_a_count_and_absent_is_none() -> None:
    usage = record({**CALL, "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 0}).usage
    assert (usage.input, usage.output, usage.reasoning) == (5, 0, None)


@pytest.mark.parametrize(("stream", "expected"), [(True, 0.25), (False, None)])
def test_the_servers_first_token_counts_only_in_streams(stream: bool, expected: float | None) -> None:
    found = record({**CALL, "gen_ai.request.stream": stream, "gen_ai.server.time_to_first_token": 0.25})
    assert found.time_to_first_token == expected


def test_a_limit_that_was_not_set_is_no_parameter() -> None:
    assert "max_tokens" not in record({**CALL, "gen_ai.request.max_tokens": -1}).parameters


def test_structured_output_is_a_response_format() -> None:
    assert record({**CALL, "gen_ai.output.type": "json"}).parameters == {"response_format": "json"}
    assert record({**CALL, "gen_ai.output.type": "text"}).parameters == {}


@pytest.mark.parametrize("value", ["stop", ("stop",), '["stop"]', '"stop"', "FinishReason.stop"])
def test_finish_reasons_of_every_form(value: Any) -> None:
    assert record({**CALL, "gen_ai.response.finish_reasons": value}).finish_reason == "stop"


@pytest.mark.parametrize("value", ["None", ("",), '["null"]', "FinishReason.FINISH_REASON_UNSPECIFIED"])
def test_no_finish_reason_of_any_form(value: Any) -> None:
    assert record({**CALL, "gen_ai.response.finish_reasons": value}).finish_reason is None


def test_an_abandoned_stream_is_cancelled_and_no_error() -> None:
    found = record({**CALL, "gen_ai.request.stream": True, "gen_ai.response.finish_reasons": ("error",)})
    assert (found.cancelled, found.error, found.finish_reason) == (True, None, None)
    answered = record({**CALL, "gen_ai.request.stream": True, "gen_ai.response.finish_reasons": ("error",),
                       "gen_ai.usage.output_tokens": 4})  # fmt: skip
    assert (answered.cancelled, answered.finish_reason) == (False, "error")


# ---- content -----------------------------------------------------------------------------------------------------


def test_a_step_that_passes_data_has_the_data_as_its_state() -> None:
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": '{"q": "Weather?"}'}]}])
    workflow = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.input.messages": messages}
    assert record(workflow).input_state == {"q": "Weather?"}
    agent = record({"gen_ai.operation.name": "invoke_agent", "gen_ai.input.messages": messages})
    assert agent.input_state == [{"role": "user", "content": '{"q": "Weather?"}'}]


def test_text_that_only_looks_like_json_stays_the_users_text() -> None:
    for text in ("[1, 2, 3]", '{"city": "Paris"}', "[not json"):
        found = record(CALL, events={"gen_ai.user.message": {"content": text}})
        assert found.input == [{"role": "user", "content": text}]


def test_events_and_attributes_of_one_call_do_not_double() -> None:
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}])
    found = record({**CALL, "gen_ai.input.messages": messages}, events={"gen_ai.user.message": {"content": "Hi"}})
    assert found.input == [{"role": "user", "content": "Hi"}]


def test_an_event_for_each_message_by_its_number() -> None:
    told = [
        ("gen_ai.prompt.system", {"gen_ai.prompt.role": "system", "gen_ai.prompt.content": "Be brief."}),
        ("gen_ai.prompt.0", {"gen_ai.prompt.role": "user", "gen_ai.prompt.content": "Hi"}),
        ("gen_ai.completion.0", {"gen_ai.completion.role": "assistant", "gen_ai.completion.content": "Hello"}),
    ]

    def work(provider: trace.TracerProvider) -> None:
        with provider.get_tracer("app").start_as_current_span("chat", attributes=CALL) as span:
            for name, attributes in (*told, *told):  # genai-otel-instrument writes the rows of an async call twice
                span.add_event(name, attributes)

    found = read_span(spans_of(work)[0])
    assert found is not None
    assert found.input == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert found.output == [{"role": "assistant", "content": "Hello"}]


def test_an_event_for_each_text_that_was_embedded() -> None:
    events = {f"gen_ai.embedding.{number}": {"gen_ai.embedding.content": text} for number, text in enumerate("ab")}
    found = record({"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "m"}, events=events)
    assert found.embedding_input == ["a", "b"]


def _said(*calls: str, results: tuple[str, ...]) -> AISpan:
    parts = [{"type": "tool_call", "id": call, "name": "look", "arguments": {}} for call in calls]
    answers = [{"type": "tool_call_response", "id": result, "response": "sunny"} for result in results]
    messages = [{"role": "assistant", "parts": parts}, *({"role": "tool", "parts": [each]} for each in answers)]
    return record({**CALL, "gen_ai.input.messages": json.dumps(messages)})


@pytest.mark.parametrize(
    ("calls", "results", "expected"),
    [
        (("fc_1",), ("call_1",), ["call_1"]),
        (("fc_1", "fc_2"), ("call_1", "call_2"), ["call_1", "call_2"]),
        (("fc_1", "fc_2"), ("call_1",), ["fc_1", "fc_2"]),
        (("call_1", "fc_2"), ("call_1", "call_2"), ["call_1", "fc_2"]),
        (("fc_1",), ("",), ["fc_1"]),
    ],
)
def test_calls_that_have_ids_of_items_alone_get_those_of_their_results(
    calls: tuple[str, ...], results: tuple[str, ...], expected: list[str]
) -> None:
    asked = (_said(*calls, results=results).input or [])[0]
    assert [call["id"] for call in asked["tool_calls"]] == expected


def test_a_provider_that_is_only_said_to_be_compatible_is_told_from_the_model() -> None:
    found = record({**CALL, "gen_ai.request.model": "gpt-4o-mini", "gen_ai.provider.name": "openai_compatible"})
    assert found.provider == "openai"


def test_a_result_recorded_twice_is_one_evaluation() -> None:
    result = {"gen_ai.evaluation.name": "Relevance", "gen_ai.evaluation.score.value": 4.0}
    found = record({**CALL, "gen_ai.response.id": "r"}, events={"gen_ai.evaluation.result": result})
    (evaluation,) = found.evaluations
    assert (evaluation.name, evaluation.score) == ("Relevance", 4)


# ---- frameworks of their own -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "excluded"),
    [((30, 20, 50, 0), None), ((130, 20, 150, 100), False), ((300, 20, 420, 100), True), ((30, 20, 50, 100), True)],
)
def test_strands_tells_by_the_total_how_it_counts(counts: tuple[int, int, int, int], excluded: bool | None) -> None:
    keys = ("input_tokens", "output_tokens", "total_tokens", "cache_read.input_tokens")
    usage = {f"gen_ai.usage.{key}": value for key, value in zip(keys, counts, strict=True)}
    found = record({**CALL, **usage, "gen_ai.server.time_to_first_token": 120}, scope="strands.telemetry.tracer")
    assert found.usage.input_excludes_cache is excluded
    assert found.time_to_first_token == 0.12


def test_a_call_of_the_first_adk_is_read_from_its_request_and_answer() -> None:
    request = {
        "model": "gemini-2.5-flash",
        "config": {"system_instruction": "be brief", "temperature": 0.5,
                   "tools": [{"function_declarations": [{"name": "f", "description": "d"}]}]},
        "contents": [{"role": "user", "parts": [{"text": "Weather?"}]}],
    }  # fmt: skip
    answer = {
        "content": {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"city": "Paris"}}}]},
        "finish_reason": "STOP",
        "usage_metadata": {"prompt_token_count": 30, "candidates_token_count": 20, "thoughts_token_count": 48,
                           "total_token_count": 98},
    }  # fmt: skip
    found = record(
        {"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash",
         "gcp.vertex.agent.llm_request": json.dumps(request), "gcp.vertex.agent.llm_response": json.dumps(answer),
         "gcp.vertex.agent.session_id": "s"},
        name="call_llm", scope="gcp.vertex.agent",
    )  # fmt: skip
    assert found.kind == "generation"
    assert found.input == [{"role": "user", "content": "Weather?"}]
    assert found.instructions == "be brief"
    assert found.output is not None
    assert found.output[0]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"city":"Paris"}'}
    assert found.tools is not None
    assert found.tools[0]["function"]["name"] == "f"
    assert (found.usage.input, found.usage.output, found.usage.reasoning, found.finish_reason) == (30, 20, 48, "STOP")
    assert found.usage.output_excludes_reasoning
    assert found.identity.incidental_session == "s"


def test_adk_placeholders_are_no_states() -> None:
    found = record(
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gcp.vertex.agent.tool_call_args": "{}",
         "gcp.vertex.agent.tool_response": '{"w": 1}', "gcp.vertex.agent.llm_request": "{}"},
        scope="gcp.vertex.agent",
    )  # fmt: skip
    assert (found.kind, found.span_type, found.input_state, found.output_state) == ("span", "tool", MISSING, {"w": 1})


def test_pydantic_ai_gathering_of_tools_is_noise() -> None:
    assert record({"tools": ("f",), "logfire.msg": "running 1 tool"}, name="running tools", scope="pydantic-ai").noise


def test_a_failed_attempt_of_pydantic_ai_is_a_call_of_its_own() -> None:
    found = record(
        {"gen_ai.request.model": "m", "gen_ai.system": "openai", "pydantic_ai.model_request.attempt": 0},
        name="model request attempt m", scope="pydantic-ai", error="boom",
    )  # fmt: skip
    assert (found.kind, found.error is not None) == ("generation", True)


def test_first_version_of_logfires_requests_is_read_from_the_bodies() -> None:
    request = {"messages": [{"role": "user", "content": "Hi"}], "model": "gpt-4o", "temperature": 0.5}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    response = {"message": {"role": "assistant", "content": "Ho"}, "usage": usage}
    found = record(
        {**CALL, "request_data": json.dumps(request), "response_data": json.dumps(response),
         "logfire.msg": "Chat Completion with 'gpt-4o'", "logfire.span_type": "span"},
        name="Chat Completion with {request_data[model]!r}", scope="logfire.openai",
    )  # fmt: skip
    assert found.input == [{"role": "user", "content": "Hi"}]
    assert found.output == [{"role": "assistant", "content": "Ho"}]
    assert (found.usage.input, found.usage.output, found.usage.cache_read) == (3, 2, 1)
    assert (found.name, found.parameters, found.pair_key) == (
        "Chat Completion with 'gpt-4o'",
        {"temperature": 0.5},
        None,
    )


def test_a_failed_step_of_an_agent_keeps_the_error_out_of_its_name() -> None:
    error = {"message": "Error in agent run", "data": {"error": "Error code: 429 - slow down"}}
    found = record(
        {"name": "A", "error": json.dumps(error),
         "logfire.msg_template": "Chat completion with {gen_ai.request.model!r}",
         "logfire.msg": "Chat completion with 'm' failed: Error in agent run", "gen_ai.request.model": "m"},
        scope="logfire.openai_agents", error="",
    )  # fmt: skip
    assert found.name == "Chat completion with 'm'"
    assert found.error is not None
    assert (found.error.status, found.error.message) == (429, "Error in agent run: Error code: 429 - slow down")


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "openai/gpt-4o", "gpt-4o"), ("openai", "openai/gpt-4o:responses", "gpt-4o"),
        ("openrouter", "openai/gpt-4o", "openai/gpt-4o"), ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"),
        (None, "openai/gpt-4o", "openai/gpt-4o"), ("openrouter", "x/y:free", "x/y:free"),
    ],
)  # fmt: skip
def test_a_model_is_named_without_the_provider_that_serves_it(provider: str | None, model: str, expected: str) -> None:
    stated = {"gen_ai.provider.name": provider} if provider is not None else {}
    assert record({**CALL, **stated, "gen_ai.request.model": model}).request_model == expected
