"""What the real `anthropic` client gets from the model server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otel_posthog_ai.model_server import ModelServer

anthropic = pytest.importorskip("anthropic")
pytestmark = pytest.mark.instrumentor

_MODEL = "claude-opus-4-1"
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOLS = [{"name": "get_weather", "description": "", "input_schema": _SCHEMA}]
_SYSTEM = [{"type": "text", "text": "Be brief. " * 40, "cache_control": {"type": "ephemeral"}}]
_THINKING = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture(scope="module")
def client(server: ModelServer) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=server.url, api_key="local") as client:
        yield client


def _ask(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def test_a_tool_is_used_after_thinking_and_the_cache_is_written_then_read(client: Any) -> None:
    messages = _ask("What is the weather in Paris?")
    settings: dict[str, Any] = {"model": _MODEL, "max_tokens": 2000, "system": _SYSTEM, "tools": _TOOLS}
    first = client.messages.create(messages=messages, thinking=_THINKING, **settings)
    assert [block.type for block in first.content] == ["thinking", "tool_use"]
    assert first.content[1].input == {"city": "Paris"}
    assert first.stop_reason == "tool_use"
    assert first.usage.cache_creation_input_tokens > 0
    assert first.usage.cache_read_input_tokens == 0
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "21 °C"}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(messages=messages, **settings)
    assert "21 °C" in second.content[0].text
    assert second.stop_reason == "end_turn"
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens


def test_a_stream_adds_up_to_the_whole_message(client: Any) -> None:
    request: dict[str, Any] = {"model": _MODEL, "max_tokens": 2000, "messages": _ask("weather in Rome and in Oslo")}
    with client.messages.stream(tools=_TOOLS, thinking=_THINKING, **request) as stream:
        final = stream.get_final_message()
    whole = client.messages.create(tools=_TOOLS, thinking=_THINKING, **request)
    assert [block.type for block in final.content] == ["thinking", "tool_use", "tool_use"]
    assert [block.input for block in final.content[1:]] == [block.input for block in whole.content[1:]]
    assert final.usage.output_tokens == whole.usage.output_tokens


def test_streamed_text(client: Any) -> None:
    with client.messages.stream(model=_MODEL, max_tokens=200, messages=_ask("joke")) as stream:
        text = "".join(stream.text_stream)
    assert text == client.messages.create(model=_MODEL, max_tokens=200, messages=_ask("joke")).content[0].text


def test_max_tokens_cuts_the_answer(client: Any) -> None:
    assert client.messages.create(model=_MODEL, max_tokens=3, messages=_ask("joke")).stop_reason == "max_tokens"


@pytest.mark.parametrize(
    ("mark", "error"),
    [("ERR401", "AuthenticationError"), ("ERR429", "RateLimitError"), ("ERR529", "APIStatusError")],
)
def test_errors_on_demand(client: Any, mark: str, error: str) -> None:
    with pytest.raises(getattr(anthropic, error)) as caught:
        client.messages.create(model=_MODEL, max_tokens=10, messages=_ask(mark))
    assert caught.value.status_code == int(mark[3:])


def test_a_broken_stream_raises(client: Any) -> None:
    with (
        pytest.raises(anthropic.APIStatusError),
        client.messages.stream(model=_MODEL, max_tokens=99, messages=_ask("ERRSTREAM tell me a joke")) as stream,
    ):
        stream.get_final_message()


def test_tokens_can_be_counted(client: Any) -> None:
    assert client.messages.count_tokens(model=_MODEL, messages=_ask("hello")).input_tokens > 0
