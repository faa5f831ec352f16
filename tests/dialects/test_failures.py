"""Why a step failed, by every shape that instrumentors leave it in; and who serves a model."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.reading.failures import plain_message
from otel_posthog_ai.reading.providers import priced_provider, provider_of_model

from .test_gen_ai import CALL, read, record


@pytest.mark.parametrize(
    ("error_type", "message", "status"),
    [
        ("RateLimitError", "slow down", 429),
        ("OpenAIRateLimitError", "slow down", 429),
        ("FileNotFoundError", "no such file", None),
        ("429", None, 429),
        ("<class 'openai.AuthenticationError'>", "no", 401),
        ("APIStatusError", "Error code: 503 - {'error': {}}", 503),
        ("ApiError", "headers: {'date': 'Sat'}, status_code: 429, body: {}", 429),
        ("SDKError", "API error occurred: Status 400. Body: {}", 400),
        ("ResponseError", "model not found (status code: 404)", 404),
        ("ClientError", "429 RESOURCE_EXHAUSTED. {'error': {'code': 429}}", 429),
        ("ClientError", "An error occurred (ThrottlingException) when calling the Converse operation: slow", 429),
        ("ClientError", "An error occurred (ValidationException) when calling the Converse operation: bad", 400),
        ("InternalServerError", '{"error": {"message": "overloaded", "code": 500}}', 500),
        ("ValueError", "expected 404 things, not 3", None),
        ("APIConnectionError", "Connection error.", None),
        ("APIError", "<Response [429 Too Many Requests]>", 429),
    ],
)
def test_status(error_type: str, message: str | None, status: int | None) -> None:
    record = read({**CALL, "error.type": error_type}, error=message or "")
    assert record is not None
    assert record.error is not None
    assert record.error.status == status


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("{'message': 'Tool failed', 'data': {'tool_name': 't', 'error': 'down'}}", "Tool failed: down"),
        ('{"error": {"message": "bad", "code": 429}}', "bad"),
        ("{'error': 'bad'}", "{'error': 'bad'}"),
        ("{not an object", "{not an object"),
        ("Error code: 429 - {'error': {'message': 'slow'}}", "Error code: 429 - {'error': {'message': 'slow'}}"),
    ],
)
def test_objects_as_messages(said: str, plain: str) -> None:
    assert plain_message(said) == plain


@pytest.mark.parametrize(
    ("attributes", "events", "error"),
    [
        ({}, {"exception": {"exception.type": "GraphInterrupt", "exception.message": "wait"}}, "GraphInterrupt"),
        ({"error.type": "asyncio.exceptions.CancelledError"}, None, ""),
        ({}, {"exception": {"exception.type": "pydantic_ai.exceptions.CallDeferred"}}, "CallDeferred: "),
        ({}, {"exception": {"exception.type": "pydantic_ai.exceptions.ApprovalRequired"}}, ""),
        ({}, {"exception": {"exception.type": "langgraph.errors.GraphDrained"}}, ""),
        ({"error.type": "_OTHER"}, None, "abandoned stream"),
    ],
)
def test_stopped_on_purpose_is_no_error(attributes: dict[str, Any], events: Any, error: str) -> None:
    record = read({**CALL, **attributes}, events=events, error=error)
    assert record is not None
    assert (record.cancelled, record.error) == (True, None)


@pytest.mark.parametrize(
    ("error_type", "said", "kind", "status"),
    [
        ("Exception", "RateLimitError('Error code: 429 - slow down')", "RateLimitError", 429),
        (None, 'Exception: AuthenticationError("Error code: 401")', "AuthenticationError", 401),
        ("ValueError", "NotFoundError('x')", "ValueError", 404),
    ],
)
def test_the_class_inside_an_error_that_names_none(error_type: Any, said: str, kind: str, status: int) -> None:
    stated = {"error.type": error_type} if error_type is not None else {}
    record = read({**CALL, **stated}, error=said)
    assert record is not None
    assert record.error is not None
    assert (record.error.type, record.error.status) == (kind, status)


@pytest.mark.parametrize(
    ("name", "provider"),
    [("az.ai.openai", "azure-openai"), ("MistralAI", "mistral"), ("TogetherAI", "together"),
     ("Anthropic", "anthropic"), ("gcp.gen_ai", "gemini"),
     ("cohere_chat", "cohere"), ("langgraph", None), (" ", None), ("Some Provider", "some provider")],
)  # fmt: skip
def test_providers_as_they_are_priced(name: str, provider: str | None) -> None:
    assert priced_provider(name) == provider


@pytest.mark.parametrize(
    ("model", "provider"),
    [("openai/gpt-4o", "openai"), ("gpt-4o-mini", "openai"), ("text-embedding-004", "gemini"), ("o4-mini", "openai"),
     ("text-embedding-3-small", "openai"), ("claude-sonnet-4-5", "anthropic"), ("groq/llama-3.3", "groq"),
     ("us.anthropic.claude-sonnet-4-5-v1:0", "bedrock"), ("openrouter/anthropic/claude-3", "openrouter"),
     ("mixtral-8x7b", "mistral"), ("my-own-model", None), ("ollama-of-mine", None)],
)  # fmt: skip
def test_provider_that_a_model_gives_away(model: str, provider: str | None) -> None:
    assert provider_of_model(model) == provider


TRACE = """Traceback (most recent call last):
  File "agno/models/openai/chat.py", line 419, in invoke
    raise self._make_status_error_from_response(err.response) from None
openai.RateLimitError: Error code: 429 - {'error': {'message': 'Slow down'}}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "agno/models/openai/chat.py", line 450, in invoke
    response = client.chat.completions.create(**request)
  openai.ConflictError: no line of what was raised begins with a space
%s

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "app.py", line 1, in <module>
agno.exceptions.ModelProviderError: Incorrect API key"""


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key'}}", 401),
        ("openai.APIConnectionError: Connection error.", None),  # what was handled before is not why this one failed
    ],
)
def test_the_status_of_what_a_frameworks_error_was_raised_from(cause: str, status: int | None) -> None:
    raised = {
        "exception.type": "agno.exceptions.ModelProviderError",
        "exception.message": "Incorrect API key",
        "exception.stacktrace": TRACE % cause,
    }
    record = read(CALL, events={"exception": raised}, error="ModelProviderError: Incorrect API key")
    assert record is not None
    assert record.error is not None
    assert (record.error.type, record.error.status) == ("ModelProviderError", status)
    assert record.error.message == "Incorrect API key"


@pytest.mark.parametrize(
    ("word", "said"), [("function_calls", "tool_calls"), ("tool_call", "tool_calls"), ("stop", "stop")]
)
def test_finish_reasons_in_a_frameworks_words(word: str, said: str) -> None:
    record = read({**CALL, "gen_ai.provider.name": "openai", "gen_ai.response.finish_reasons": [word]})
    assert record is not None
    assert record.finish_reason == said


def test_the_client_that_raised_the_error_names_the_provider() -> None:
    events = {"exception": {"exception.type": "openai.RateLimitError", "exception.message": "slow down"}}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": "[]"}
    assert record(chat, events=events, error="slow down").provider == "openai"
    named = record({**chat, "gen_ai.request.model": "deepseek-chat"}, events=events, error="slow down")
    assert named.provider == "deepseek"


def test_a_status_under_a_vendors_own_key() -> None:
    found = read({**CALL, "acme.http.status_code": 429, "acme.response_statusCode": 200}, error="slow down")
    assert found is not None
    assert found.error is not None
    assert found.error.status == 429


REFUSED = {"exception": {"exception.type": "openai.RateLimitError", "exception.message": "Error code: 429 - slow down"}}


def test_a_call_that_came_to_nothing_failed_by_its_exception_whatever_its_status() -> None:
    failed = record(CALL, events=REFUSED)
    assert failed.error is not None
    assert (failed.error.type, failed.error.status) == ("RateLimitError", 429)


@pytest.mark.parametrize(
    "outcome",
    [
        {"gen_ai.usage.output_tokens": 3},
        {"gen_ai.response.id": "chatcmpl-1"},
        {"gen_ai.response.finish_reasons": ["stop"]},
        {"gen_ai.completion": "Hello"},
    ],
)
def test_an_exception_on_the_way_to_an_answer_is_no_failure(outcome: dict[str, Any]) -> None:
    assert record({**CALL, **outcome}, events=REFUSED).error is None


STEP = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "search",
    "gen_ai.tool.call.arguments": '{"q": "x"}',
}


def test_a_step_that_gave_nothing_back_failed_by_its_exception() -> None:
    """LangSmith's exporter sets the status of a run that still runs to OK, which stays."""
    failed = record(STEP, events=REFUSED)
    assert failed.error is not None
    assert failed.error.status == 429
    assert record({**STEP, "gen_ai.tool.call.result": "found"}, events=REFUSED).error is None


def test_an_exception_in_a_step_is_no_failure_unless_it_says_so() -> None:
    found = record({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}, events=REFUSED)
    assert found.error is None


@pytest.mark.parametrize(("raised", "kind"), [("no rooms", "ValueError"), ("no local variable 'output'", None)])
def test_what_a_vendor_says_of_a_failure_has_the_type_of_the_same_exception_only(raised: str, kind: str | None) -> None:
    events = {"exception": {"exception.type": "ValueError", "exception.message": raised}}
    found = record(
        {"humanloop.file.type": "tool", "humanloop.log.error": "no rooms"},
        scope="humanloop.sdk",
        events=events,
        error=f"ValueError: {raised}",
    )
    assert found.error is not None
    assert (found.error.type, found.error.message) == (kind, "no rooms")


@pytest.mark.parametrize("said", ["unknown", "UNKNOWN", ["none"], "null"])
def test_a_word_for_nothing_is_no_finish_reason(said: Any) -> None:
    assert record({**CALL, "gen_ai.response.finish_reasons": said}).finish_reason is None


def test_a_type_that_stands_for_the_message_is_said_once() -> None:
    found = record({**CALL, "error.type": "ValueError"}, error="ValueError").error
    assert found is not None
    assert (found.type, found.message) == ("ValueError", None)
