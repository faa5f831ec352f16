"""What the real `openai` client gets from the model server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from otel_posthog_ai.model_server import ModelServer

openai = pytest.importorskip("openai")
pytestmark = pytest.mark.instrumentor

_PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "", "parameters": _PARAMETERS}}]
_FLAT_TOOLS = [{"type": "function", "name": "get_weather", "description": "", "parameters": _PARAMETERS}]


@pytest.fixture(scope="module")
def client(server: ModelServer) -> Iterator[Any]:
    with openai.OpenAI(base_url=server.url + "/v1", api_key="local") as client:
        yield client


def _ask(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def test_a_chat_has_an_answer_a_dated_model_and_usage(client: Any) -> None:
    completion = client.chat.completions.create(model="gpt-4o-mini", messages=_ask("What is the capital of France?"))
    assert completion.choices[0].message.content == "The capital of France is Paris."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == "gpt-4o-mini-2024-07-18"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.usage.completion_tokens_details.reasoning_tokens == 0


def test_reasoning_models_report_reasoning_tokens_within_the_output(client: Any) -> None:
    usage = client.chat.completions.create(model="gpt-5-mini", messages=_ask("hello")).usage
    assert 0 < usage.completion_tokens_details.reasoning_tokens < usage.completion_tokens


def test_n_choices_are_counted_in_the_output(client: Any) -> None:
    one = client.chat.completions.create(model="gpt-4o", messages=_ask("joke"))
    three = client.chat.completions.create(model="gpt-4o", messages=_ask("joke"), n=3)
    assert [choice.index for choice in three.choices] == [0, 1, 2]
    assert three.usage.completion_tokens == 3 * one.usage.completion_tokens


def test_a_question_about_a_tool_calls_it_and_its_result_is_answered(client: Any) -> None:
    messages = _ask("What is the weather in Paris and in London?")
    first = client.chat.completions.create(model="gpt-4o", messages=messages, tools=_TOOLS)
    calls = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert [call.function.arguments for call in calls] == ['{"city": "Paris"}', '{"city": "London"}']
    assert len({call.id for call in calls}) == 2
    messages += [first.choices[0].message]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "21 °C"} for call in calls]
    second = client.chat.completions.create(model="gpt-4o", messages=messages, tools=_TOOLS)
    assert "21 °C" in second.choices[0].message.content
    assert 0 < second.usage.prompt_tokens_details.cached_tokens < second.usage.prompt_tokens


@pytest.mark.parametrize(
    ("choice", "parallel", "calls"),
    [("none", True, 0), ("required", True, 1), ({"type": "function", "function": {"name": "get_weather"}}, False, 1)],
)
def test_tool_choice_is_obeyed(client: Any, choice: Any, parallel: bool, calls: int) -> None:
    completion = client.chat.completions.create(
        model="gpt-4o", messages=_ask("hello"), tools=_TOOLS, tool_choice=choice, parallel_tool_calls=parallel
    )
    assert len(completion.choices[0].message.tool_calls or []) == calls


def test_a_stream_adds_up_to_the_whole_answer_and_ends_in_usage(client: Any) -> None:
    whole = client.chat.completions.create(model="gpt-4o", messages=_ask("joke"))
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o", messages=_ask("joke"), stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_without_include_usage_has_none(client: Any) -> None:
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=_ask("joke"), stream=True))
    assert all(chunk.usage is None for chunk in chunks)


def test_streamed_tool_calls_add_up(client: Any) -> None:
    messages = _ask("weather in Rome and in Oslo")
    with client.chat.completions.stream(model="gpt-4o", messages=messages, tools=_TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [call.function.arguments for call in message.tool_calls] == ['{"city": "Rome"}', '{"city": "Oslo"}']


def test_a_structured_answer_fits_its_schema(client: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    trip = pydantic.create_model("Trip", city=(str, ...), days=(int, ...), stops=(list[str], ...))
    completion = client.chat.completions.parse(
        model="gpt-4o", messages=_ask('Plan 3 days in "Paris"'), response_format=trip
    )
    assert completion.choices[0].message.parsed == trip(city="Paris", days=3, stops=["Paris"])


def test_max_tokens_cuts_the_answer(client: Any) -> None:
    completion = client.chat.completions.create(model="gpt-4o", messages=_ask("joke"), max_tokens=3)
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3


@pytest.mark.parametrize(
    ("mark", "error"),
    [("ERR401", "AuthenticationError"), ("ERR429", "RateLimitError"), ("ERR500", "InternalServerError")],
)
@pytest.mark.parametrize("place", ["text", "model"])
def test_errors_on_demand(client: Any, mark: str, error: str, place: str) -> None:
    model, text = ("gpt-4o", f"Fail with {mark}, please") if place == "text" else (mark, "hello")
    started = time.monotonic()
    with pytest.raises(getattr(openai, error)) as caught:
        client.chat.completions.create(model=model, messages=_ask(text))
    assert caught.value.status_code == int(mark[3:])
    assert time.monotonic() - started < 2, "retries should not wait"


def test_a_flaky_call_succeeds_on_the_clients_retry(client: Any, server: ModelServer) -> None:
    before = len(server.requests)
    client.chat.completions.create(model="gpt-4o", messages=_ask("FLAKY500 hello"))
    assert len(server.requests) - before == 2


def test_a_broken_stream_raises_after_some_pieces(client: Any) -> None:
    seen: list[Any] = []
    with pytest.raises(openai.APIError):
        seen.extend(client.chat.completions.create(model="gpt-4o", messages=_ask("ERRSTREAM tell me"), stream=True))


def test_an_abandoned_stream_prints_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with ModelServer(latency=0.01) as server, openai.OpenAI(base_url=server.url + "/v1", api_key="local") as client:
        stream = client.chat.completions.create(model="gpt-4o", messages=_ask("joke"), stream=True)
        next(iter(stream))
        stream.close()
        client.models.list()
        time.sleep(0.1)  # several events into the closed connection
    assert capfd.readouterr().err == ""


def test_responses_keep_the_conversation(client: Any) -> None:
    first = client.responses.create(
        model="gpt-5-mini",
        input="What is the weather in Paris?",
        instructions="Be brief.",
        tools=_FLAT_TOOLS,
        reasoning={"effort": "low", "summary": "auto"},
    )
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    output = {"type": "function_call_output", "call_id": first.output[1].call_id, "output": "21 °C"}
    second = client.responses.create(
        model="gpt-5-mini", previous_response_id=first.id, input=[output], tools=_FLAT_TOOLS
    )
    assert "21 °C" in second.output_text
    assert second.usage.input_tokens_details.cached_tokens > 0
    assert client.responses.retrieve(second.id).output_text == second.output_text


def test_a_conversation_grows(client: Any) -> None:
    conversation = client.conversations.create()
    usages = [
        client.responses.create(model="gpt-4o", input="joke", conversation=conversation.id).usage for _ in range(2)
    ]
    assert usages[1].input_tokens > usages[0].input_tokens


def test_streamed_responses_end_in_the_whole_response(client: Any) -> None:
    with client.responses.stream(
        model="gpt-5-mini",
        input="weather in Rome and in Oslo",
        tools=_FLAT_TOOLS,
        reasoning={"effort": "low", "summary": "auto"},
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert [item.type for item in final.output] == ["reasoning", "function_call", "function_call"]
    assert final.output[0].summary[0].text


def test_a_broken_response_stream_ends_in_an_error_event(client: Any) -> None:
    events = list(client.responses.create(model="gpt-4o", input="ERRSTREAM tell me a joke", stream=True))
    assert events[-1].type == "error"


def test_embeddings_are_the_same_for_the_same_text_in_both_encodings(client: Any) -> None:
    model = "text-embedding-3-small"
    packed = client.embeddings.create(model=model, input=["one", "two", "one"])
    plain = client.embeddings.create(model=model, input="one", encoding_format="float")
    assert packed.data[0].embedding == packed.data[2].embedding != packed.data[1].embedding
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert len(plain.data[0].embedding) == 1536
    assert len(client.embeddings.create(model=model, input="one", dimensions=8).data[0].embedding) == 8
    assert client.embeddings.create(model=model, input=[1, 2, 3]).usage.prompt_tokens == 3


def test_legacy_completions_and_models(client: Any) -> None:
    whole = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="joke")
    pieces = client.completions.create(model="gpt-3.5-turbo-instruct", prompt="joke", stream=True)
    assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text
    assert "gpt-4o-mini" in [model.id for model in client.models.list()]


def test_azure_names_the_model_in_the_path(server: ModelServer) -> None:
    with openai.AzureOpenAI(azure_endpoint=server.url, api_key="local", api_version="2024-10-21") as client:
        assert client.chat.completions.create(model="gpt-4o", messages=_ask("joke")).model == "gpt-4o-2024-08-06"


def test_the_async_client_and_parallel_requests(server: ModelServer) -> None:
    import asyncio

    async def ask_all() -> list[Any]:
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="local") as client:
            requests = (client.chat.completions.create(model="gpt-4o", messages=_ask("joke")) for _ in range(8))
            return await asyncio.gather(*requests)

    assert len({completion.id for completion in asyncio.run(ask_all())}) == 8
