"""What the real `google-genai` client gets from the model server."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.model_server import ModelServer

genai = pytest.importorskip("google.genai")
pytestmark = pytest.mark.instrumentor

_MODEL = "gemini-2.5-flash"


@pytest.fixture(scope="module")
def client(server: ModelServer) -> Any:
    return genai.Client(api_key="local", http_options={"base_url": server.url})


def test_an_answer_with_usage(client: Any) -> None:
    response = client.models.generate_content(model=_MODEL, contents="joke")
    assert response.text.startswith("Why do traces")
    assert response.candidates[0].finish_reason == "STOP"
    usage = response.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


def test_thoughts_are_counted_apart(client: Any) -> None:
    config = {"thinking_config": {"thinking_budget": 100}}
    usage = client.models.generate_content(model=_MODEL, contents="joke", config=config).usage_metadata
    parts = usage.prompt_token_count + usage.candidates_token_count + usage.thoughts_token_count
    assert usage.total_token_count == parts


def test_a_stream_adds_up(client: Any) -> None:
    pieces = client.models.generate_content_stream(model=_MODEL, contents="joke")
    assert "".join(piece.text for piece in pieces) == client.models.generate_content(model=_MODEL, contents="joke").text


def test_a_python_function_is_called_as_a_tool(client: Any) -> None:
    asked: list[str] = []

    def get_weather(city: str) -> str:
        """The weather of a city."""
        asked.append(city)
        return "21 °C"

    config = {"tools": [get_weather]}
    response = client.models.generate_content(model=_MODEL, contents="What is the weather in Paris?", config=config)
    assert asked == ["Paris"]
    assert "21 °C" in response.text


def test_errors_on_demand(client: Any) -> None:
    with pytest.raises(genai.errors.APIError) as caught:
        client.models.generate_content(model=_MODEL, contents="ERR429")
    assert caught.value.code == 429
