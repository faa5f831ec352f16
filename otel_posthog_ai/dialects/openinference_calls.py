"""Calls of models in OpenInference: flattened messages and counts, and what only the raw request and answer say."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.openinference import (
    EMBEDDING_MODEL_NAME,
    EMBEDDING_TEXT,
    INPUT_VALUE,
    LLM_FINISH_REASON,
    LLM_INPUT_MESSAGES,
    LLM_INVOCATION_PARAMETERS,
    LLM_MODEL_NAME,
    LLM_OUTPUT_MESSAGES,
    LLM_PROMPTS,
    LLM_PROVIDER,
    LLM_SYSTEM,
    LLM_TOKEN_COUNT_COMPLETION,
    LLM_TOKEN_COUNT_PROMPT,
    LLM_TOOLS,
    OUTPUT_VALUE,
    TOOL_JSON_SCHEMA,
)
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.bodies import is_data, read_given, read_result
from otel_posthog_ai.reading.content_events import FIRST_TOKEN_EVENTS
from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.failures import is_error_text
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.providers import priced_provider
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import metadata_of
from otel_posthog_ai.reading.values import (
    count,
    finish_reason,
    flag,
    is_mapping,
    mapping,
    number,
    object_of,
    parse_json,
    text,
    texts,
)
from otel_posthog_ai.record import AISpan, Failure, Message

from .openinference_messages import flattened_messages, flattened_texts

CALL_FIELDS: Table = (
    Row("provider_original", (LLM_PROVIDER, LLM_SYSTEM, "embedding.provider"), text),
    Row("request_model", ("llm.request.model_name",), text),
    Row("response_model", ("llm.response.model_name",), text),
    Row("finish_reason", (LLM_FINISH_REASON, "llm.finish_reasons"), finish_reason),
    Row("usage.input", (LLM_TOKEN_COUNT_PROMPT,), count),
    Row("usage.output", (LLM_TOKEN_COUNT_COMPLETION,), count),
    Row("usage.total", ("llm.token_count.total",), count),
    Row("usage.cache_read", ("llm.token_count.prompt_details.cache_read",
                             "llm.token_count.prompt_details.cache_input",
                             "metadata.usage.cached_prompt_tokens"), count),
    Row("usage.cache_write", ("llm.token_count.prompt_details.cache_write",
                              "metadata.usage.cached_creation_tokens"), count),
    Row("usage.reasoning", ("llm.token_count.completion_details.reasoning",), count),
    Row("usage.audio_input", ("llm.token_count.prompt_details.audio",), count),
    Row("usage.audio_output", ("llm.token_count.completion_details.audio",), count),
    Row("cost.input", ("llm.cost.prompt",), number),
    Row("cost.output", ("llm.cost.completion",), number),
    Row("cost.total", ("llm.cost.total",), number),
)  # fmt: skip
# What frameworks add to the parameters of a call, and what stands elsewhere.
NO_PARAMETERS = frozenset(
    {
        "model", "model_name", "model_id", "modelId", "_type", "messages", "input", "contents", "prompt", "tools",
        "functions", "instructions", "system", "stream", "id", "object", "created_at", "created", "status", "error",
        "incomplete_details",
        "usage", "output", "user", "num_retries", "max_retries", "timeout", "streaming",
        "model_kwargs", "default_request_timeout", "base_url", "api_base", "extra_headers",
        "extra_body", "extra_query", "completed_at", "context_window", "num_output", "is_chat_model",
        "is_function_calling_model", "system_role", "inputText", "texts",
    }
)  # fmt: skip
_STREAM_NAME = pattern(r"(?:^|[._a-z])a?[Ss]tream(?:_|$)|Stream$")
# What is to be embedded, as providers call it in their requests.
_EMBEDDED = ("input", "inputText", "texts")
_EMBEDDING_SETTINGS = ("model", "dimensions", "encoding_format")


def read_call(record: AISpan, source: Source) -> None:
    """Fill what a span that is a call of a model, or an embedding, says of it."""
    read_counts(record, source)
    _read_parameters(record, source)
    _read_stream(record, source)
    if record.kind == "embedding":
        _read_embedding(record, source)
    else:
        _read_messages(record, source)
    _read_bodies(record, source)
    _read_cache_counting(record)


def read_counts(record: AISpan, source: Source) -> None:
    """Fill provider, models, tokens and cost, which may also stand on a run whose calls are traced nowhere."""
    fill(record, CALL_FIELDS, source)
    _read_models(record, source)


def _read_models(record: AISpan, source: Source) -> None:
    """The one name that older spans have is the answer's, where there is one."""
    parameters = _invocation(source)
    named = text(source.first(LLM_MODEL_NAME, EMBEDDING_MODEL_NAME))
    requested = text(parameters.get("model")) or text(parameters.get("model_name")) or text(parameters.get("model_id"))
    record.request_model = record.request_model or requested
    if record.kind == "generation" and record.response_model is None:
        # The raw answer knows its model better than an instrumentor that noted only the requested one.
        answer = parse_json(source.attributes.get(OUTPUT_VALUE))
        if not is_data(answer):
            read_raw_answer(record, answer)
    if record.request_model is None:
        record.request_model = named
    elif record.response_model is None and not source.status_error:
        record.response_model = named
    refined = text(metadata_of(source.attributes.get("metadata")).get("ls_provider"))
    if refined is not None and record.provider is None:
        record.provider = priced_provider(refined)


def _invocation(source: Source) -> dict[str, Any]:
    """The parameters; what a Python method takes besides its own it calls `kwargs`."""
    found = dict(mapping(source.first(LLM_INVOCATION_PARAMETERS, "embedding.invocation_parameters")) or {})
    return {**object_of(found.pop("kwargs", None)), **found}


def _read_parameters(record: AISpan, source: Source) -> None:
    parameters = _invocation(source)
    if record.stream is None:
        record.stream = flag(parameters.get("stream"))
    if record.base_url is None:
        record.base_url = text(parameters.get("base_url")) or text(parameters.get("api_base"))
    for name, value in parameters.items():
        if name not in NO_PARAMETERS and value is not None and value != "" and value != {} and value != []:
            record.parameters.setdefault(name, value)
    definitions: list[Any] = []
    for flat in source.indexed(LLM_TOOLS).values():
        schema = parse_json(flat.get(TOOL_JSON_SCHEMA))
        if schema is None:
            schema = {key.removeprefix("tool."): value for key, value in flat.items()}
        definitions.append(schema)
    if not record.tools:
        record.tools = read_tools(definitions or source.take(LLM_TOOLS))
    if not record.tools:
        record.tools = read_tools(parameters.get("tools") or parameters.get("functions"))


def _read_stream(record: AISpan, source: Source) -> None:
    first = next((event for event in source.events if _is_token(event.name)), None)
    if first is not None:
        if record.time_to_first_token is None and first.time_ns >= record.start_ns:
            record.time_to_first_token = (first.time_ns - record.start_ns) / 1e9
        if not record.stream:
            record.stream = True
    elif record.stream is None and _STREAM_NAME.search(source.name):
        record.stream = True


def _is_token(event: str) -> bool:
    return event in FIRST_TOKEN_EVENTS or event.startswith("new_token (")


def _read_messages(record: AISpan, source: Source) -> None:
    if unset(record.input):
        record.input = flattened_messages(source, LLM_INPUT_MESSAGES, "user")
    if unset(record.input):
        prompts = flattened_texts(source, LLM_PROMPTS, "prompt.text") or texts(source.take(LLM_PROMPTS)) or []
        record.input = [{"role": "user", "content": each} for each in prompts] or None
    if unset(record.output):
        record.output = flattened_messages(source, LLM_OUTPUT_MESSAGES, "assistant")
    if unset(record.output):
        choices = flattened_texts(source, "llm.choices", "completion.text")
        record.output = [{"role": "assistant", "content": each} for each in choices] or None
    if unset(record.output):
        call = mapping(source.take("llm.function_call"))
        if call and text(call.get("name")):
            record.output = raw_output([{"role": "assistant", "content": None, "function_call": call}])


def _read_embedding(record: AISpan, source: Source) -> None:
    if record.embedding_input is None:
        record.embedding_input = flattened_texts(source, "embedding.embeddings", EMBEDDING_TEXT) or None
    body = parse_json(source.attributes.get(INPUT_VALUE))
    if record.embedding_input is None and body is not None:
        asked = next((body[key] for key in _EMBEDDED if key in body), body) if is_mapping(body) else body
        record.embedding_input = embedding_texts(asked)


def _read_bodies(record: AISpan, source: Source) -> None:
    """What only the raw request and answer say."""
    answer = parse_json(source.take(OUTPUT_VALUE))
    if source.status_error and is_error_text(answer, source):
        record.error, answer = Failure(message=answer), None
    request = parse_json(source.take(INPUT_VALUE))
    if record.kind == "generation":
        _fill_gaps(record, source, request, answer)
        read_result(record, answer)
        read_given(record, request)
    else:
        if is_mapping(answer):
            read_raw_answer(record, {key: value for key, value in answer.items() if key != "data"})
            if record.usage.input is None:
                record.usage.input = count(answer.get("inputTextTokenCount"))  # Titan's, on Bedrock
        if is_mapping(request):
            read_request(record, {key: request[key] for key in _EMBEDDING_SETTINGS if key in request})
    record.instructions = record.instructions if unset(record.input) or _adds(record) else None


def _fill_gaps(record: AISpan, source: Source, request: Any, answer: Any) -> None:
    """The raw messages where the flattened ones lack a text (a list of parts, in JavaScript) or the id of a call."""
    written = len(source.indexed(LLM_INPUT_MESSAGES))
    if written and (record.input is None or len(record.input) < written):
        given = read_messages(request, "user")
        if given is not None and len(given) >= written:
            record.input = given
    if _calls_without_id(record.output):
        said = raw_output(answer)
        if said and len(said) == len(record.output or ()) and not _calls_without_id(said):
            record.output = said


def _calls_without_id(messages: list[Message] | None) -> bool:
    return any(not call.get("id") for message in messages or () for call in message.get("tool_calls") or ())


def _adds(record: AISpan) -> bool:
    """Whether the instructions of the request are not among the messages already."""
    return not any(message["role"] in ("system", "developer") for message in record.input or ())


def _read_cache_counting(record: AISpan) -> None:
    """The convention counts the cache as part of the prompt."""
    usage = record.usage
    if usage.input_excludes_cache is None and usage.input is not None and usage.cache_read is not None:
        usage.input_excludes_cache = usage.cache_read + (usage.cache_write or 0) > usage.input
