"""OpenTelemetry's own GenAI conventions, current and deprecated names.

https://opentelemetry.io/docs/specs/semconv/gen-ai/ ; the constants of the semantic-conventions package are marked as
moved, so the names are kept here and a test compares them with the package where it has them.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.content_events import finish_reason_in, read_content_events, tool_result
from otel_posthog_ai.reading.embedding_texts import texts_of_messages
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kinds import OPERATION, REQUEST_TYPE_KEYS, weigh
from otel_posthog_ai.reading.messages import read_instructions, read_messages
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.streamed_pieces import whole_answer
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.usage_words import fill_by_words
from otel_posthog_ai.reading.values import (
    conversation,
    count,
    finish_reason,
    flag,
    identifier,
    is_list,
    json_text,
    number,
    parse_json,
    text,
)
from otel_posthog_ai.record import AISpan, Message

NAME = "gen_ai"
PREFIXES = ("gen_ai.",)
AI_SCOPES = (
    "opentelemetry.instrumentation.genai.",
    "opentelemetry.util.genai",
    "opentelemetry.instrumentation.google_genai",
    "opentelemetry.instrumentation.botocore.bedrock",
    "opentelemetry.instrumentation.openai_agents",
    "smolagents",
    "openlit",
    "agno",
    "dspy",
    "langwatch",
    "autogen",
    "semantic_kernel",
)
IDENTITY = IdentityKeys(
    incidental_user=("gen_ai.user", "gen_ai.request.user", "llm.user", "gen_ai.request.safety_identifier"),
    incidental_session=("gen_ai.conversation.id",),
)
PLUMBING = (
    "gen_ai.",
    "openai.",
    "openlit.",
    "autogen.",
    "vector_store.",
)
LABELS = {
    "autogen-core": "autogen-core (its own spans)",
    "openlit.instrumentation.openai": "openlit",
    "opentelemetry.util.genai.handler": "opentelemetry-util-genai",
}
# Frameworks that count all of the input, also where the provider leaves out what came from the cache.
SUMS_THE_INPUT = (".genai.langchain",)
# Steps whose input and output are data rather than a conversation.
DATA_STEPS = frozenset({"workflow", "chain", "task"})


def _messages_in(value: Any) -> Any:
    return read_messages(value, "user")


def _messages_out(value: Any) -> Any:
    return read_messages(whole_answer(parse_json(value)), "assistant")


FIELDS: Table = (
    Row("operation", (OPERATION,), text),
    Row("provider_original", ("gen_ai.provider.name", "gen_ai.system"), text),
    Row("request_model", ("gen_ai.request.model",), text),
    Row("response_model", ("gen_ai.response.model",), text),
    Row("response_id", ("gen_ai.response.id",), identifier),
    Row("finish_reason", ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"), finish_reason),
    Row("stream", ("gen_ai.request.stream", "gen_ai.is_streaming", "gen_ai.request.is_stream",
                   "gen_ai.request.streaming"), flag),
    # Conventions before this one, and engines that serve models, each have a word of their own.
    Row("time_to_first_token", ("gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk",
                                "gen_ai.response.time_to_first_token", "gen_ai.latency.time_to_first_token",
                                "gen_ai.streaming.time_to_first_token", "llm.time_to_first_token"), number),
    Row("usage.input", ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
                        "gen_ai.response.prompt_tokens"), count),
    Row("usage.output", ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
                         "gen_ai.response.completion_tokens"), count),
    Row("usage.total", ("gen_ai.usage.total_tokens",), count),
    Row("usage.cache_read", ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                             "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.input_tokens.cached",
                             "gen_ai.usage.cached_tokens", "gen_ai.usage.input_cached_tokens"), count),
    Row("usage.cache_write", ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens",
                              "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
                              "gen_ai.usage.details.cache_write_tokens"), count),
    Row("usage.cache_write_5m", ("gen_ai.usage.cache_creation.ephemeral_5m_input_tokens",), count),
    Row("usage.cache_write_1h", ("gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",), count),
    Row("usage.reasoning", ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
                            "gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.output_tokens.reasoning",
                            "gen_ai.usage.details.thoughts_tokens", "gen_ai.usage.thinking_tokens"), count),
    Row("usage.audio_input", ("gen_ai.usage.audio.input_tokens", "gen_ai.usage.details.input_audio_tokens"), count),
    Row("usage.audio_output", ("gen_ai.usage.audio.output_tokens", "gen_ai.usage.details.output_audio_tokens"), count),
    Row("usage.cache_read_audio", ("gen_ai.usage.audio.cache_read.input_tokens",), count),
    Row("usage.image_input", ("gen_ai.usage.image.input_tokens",), count),
    Row("usage.image_output", ("gen_ai.usage.image.output_tokens",), count),
    Row("usage.text_input", ("gen_ai.usage.text.input_tokens",), count),
    Row("cost.total", ("gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.cost.total_cost"), number),
    Row("cost.input", ("gen_ai.usage.input_cost", "gen_ai.cost.input_cost", "gen_ai.cost.prompt_cost"), number),
    Row("cost.output", ("gen_ai.usage.output_cost", "gen_ai.cost.output_cost", "gen_ai.cost.completion_cost"), number),
    # The later keys are those of instrumentors from before there was a convention.
    Row("input", ("gen_ai.input.messages", "gen_ai.prompt", "gen_ai.content.prompt"), _messages_in),
    Row("output", ("gen_ai.output.messages", "gen_ai.completion", "gen_ai.content.completion"), _messages_out),
    Row("instructions", ("gen_ai.system_instructions",), read_instructions),
    Row("tools", ("gen_ai.tool.definitions", "gen_ai.request.tools", "gen_ai.request.functions",
                  "llm.request.functions"), read_tools),
    Row("tool_name", ("gen_ai.tool.name",), text),
    Row("tool_call_id", ("gen_ai.tool.call.id",), identifier),
    Row("agent_name", ("gen_ai.agent.name",), text),
    Row("prompt_name", ("gen_ai.prompt.name",), text),
    Row("prompt_version", ("gen_ai.prompt.version",), text),
    Row("identity.incidental_session", ("gen_ai.conversation.id",), conversation),
    Row("identity.incidental_user", ("gen_ai.user", "gen_ai.request.user", "llm.user"), identifier),
    Row("service_tier", ("openai.response.service_tier", "gen_ai.openai.response.service_tier",
                         "gen_ai.response.service_tier"), text),
)  # fmt: skip

PARAMETERS: dict[str, str] = {
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.stop_sequences": "stop",
    "gen_ai.request.choice.count": "n",
    "gen_ai.request.candidate_count": "n",
    "gen_ai.request.encoding_formats": "encoding_formats",
    "gen_ai.request.reasoning_effort": "reasoning_effort",
    "gen_ai.request.reasoning.level": "reasoning_effort",
    "gen_ai.request.structured_output_schema": "response_format",
    "gen_ai.embeddings.dimension.count": "dimensions",
    "gen_ai.openai.request.seed": "seed",
    "gen_ai.openai.request.service_tier": "service_tier",
    "gen_ai.openai.request.response_format": "response_format",
    "openai.request.service_tier": "service_tier",
}
# A client saw the answer come in pieces; a server's time to the first token says nothing of that.
CHUNKS = ("gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk")
OUTPUT_TYPE = "gen_ai.output.type"
FIRST_TOKEN = "gen_ai.server.time_to_first_token"
_RARE = (OUTPUT_TYPE, FIRST_TOKEN)
PROVIDER_METADATA: dict[str, str] = {
    "openai.api.type": "api_type",
    "openai.response.system_fingerprint": "system_fingerprint",
    "gen_ai.openai.response.system_fingerprint": "system_fingerprint",
    "gen_ai.openai.system_fingerprint": "system_fingerprint",
}


def recognises(source: Source) -> bool:
    return any(key.startswith("gen_ai.") and key not in NOT_MARKING for key in source.attributes)


# Stamped on every span of a request by some set-ups; a span with only these is not AI.
NOT_MARKING = frozenset({"gen_ai.conversation.id", "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.workflow.name"})


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    fill_by_words(record, source)
    fill_parameters(record, PARAMETERS, source, parameter)
    if (number(record.parameters.get("max_tokens")) or 1) < 0:  # written by some for a limit that was not set
        del record.parameters["max_tokens"]
    if record.stream is None and source.has(*CHUNKS):
        record.stream = True
    if record.usage.input_excludes_cache is None and source.scope.endswith(SUMS_THE_INPUT):
        record.usage.input_excludes_cache = False
    if source.shape.present(_RARE):
        _read_output_type(record, source)
        _read_first_token(record, source)
    for key in source.shape.present(PROVIDER_METADATA):
        value = source.take(key)
        if value is not None:
            record.provider_metadata.setdefault(PROVIDER_METADATA[key], value)
    _classify(record, source)
    _read_server(record, source)
    _read_kind(record, source)
    read_content_events(record, source)
    if record.kind == "span":
        _states_from_messages(record)
    elif record.kind == "embedding":
        record.embedding_input = record.embedding_input or texts_of_messages(record.input)
    if record.tool_call_id and record.kind == "generation":
        _read_call_ids(record)
    if record.kind == "generation" and record.finish_reason is None:
        record.finish_reason = finish_reason_in(source.attributes.get("gen_ai.output.messages"))


def _read_call_ids(record: AISpan) -> None:
    """The ids that results will name, where the answer has only those of its items (`fc_…`)."""
    calls = [call for message in record.output or () for call in message.get("tool_calls") or ()]
    stated = [each.strip() for each in (record.tool_call_id or "").split(",")]
    if len(stated) == len(calls):
        for call, call_id in zip(calls, stated, strict=True):
            if call_id and str(call.get("id", "fc_")).startswith("fc_"):
                call["id"] = call_id


def parameter(value: Any) -> Any:
    """A request parameter: numbers in text as numbers, JSON text parsed."""
    if value is None or value == "" or (is_list(value) and not value):
        return None
    if is_list(value):
        return list(value)
    found = number(value) if isinstance(value, str) else None
    return parse_json(value) if found is None else found


def _read_output_type(record: AISpan, source: Source) -> None:
    """The requested kind of output, where it is another than the usual text."""
    kind = text(source.take(OUTPUT_TYPE))
    if kind is not None and kind != "text":
        record.parameters.setdefault("response_format", kind)


def _read_first_token(record: AISpan, source: Source) -> None:
    """The server's time (seconds) says when the stream began; on other calls some write how long the whole took."""
    seconds = number(source.take(FIRST_TOKEN))
    if record.time_to_first_token is None and record.stream and seconds is not None and seconds > 0:
        record.time_to_first_token = seconds


def _classify(record: AISpan, source: Source) -> None:
    weigh(record, source, ("span", "tool") if record.tool_name is not None else None)
    for key in REQUEST_TYPE_KEYS:
        source.take(key)
    if record.span_type == "agent" and record.parent_id is None and record.operation == "create_agent":
        record.noise = True  # an agent that was only made, outside of everything: nobody ran it yet


def _read_server(record: AISpan, source: Source) -> None:
    address = source.take("server.address")
    if not isinstance(address, str) or not address or record.kind == "span":
        return
    port = number(source.take("server.port"))
    if record.base_url is None:
        if "://" in address:
            record.base_url = address
        else:
            record.base_url = f"https://{address}" if port in (None, 443) else f"http://{address}:{port}"


def _read_kind(record: AISpan, source: Source) -> None:
    if record.span_type == "tool":
        record.name = record.name or record.tool_name
        _state(record, "input_state", source, "gen_ai.tool.call.arguments", "gen_ai.tool.arguments")
        result = source.first("gen_ai.tool.call.result", "gen_ai.tool.result")
        if result is not None and unset(record.output_state):
            record.output_state = tool_result(result)
    elif record.span_type == "agent":
        record.name = record.name or record.agent_name
    elif record.span_type == "workflow":
        record.name = record.name or text(source.take("gen_ai.workflow.name"))
    elif record.span_type == "retriever":
        _state(record, "input_state", source, "gen_ai.retrieval.query.text", "gen_ai.retrieval.query")
        _state(record, "output_state", source, "gen_ai.retrieval.documents")
    source.take("gen_ai.workflow.name")


def _state(record: AISpan, field: str, source: Source, *keys: str) -> None:
    value = source.first(*keys)
    if value is not None and unset(getattr(record, field)):
        setattr(record, field, state(value))


def state(value: Any) -> Any:
    """An input or output of a step: JSON text parsed, a quoted text unquoted, other text as text."""
    if isinstance(value, str):
        return json_text(value) if value.lstrip()[:1] in ("{", "[", '"') else value
    return list(value) if is_list(value) else value


def _states_from_messages(record: AISpan) -> None:
    """An agent, workflow or chain that recorded messages has them as its states."""
    if record.input and unset(record.input_state):
        record.input_state = _only_data(record, record.input)
    if record.output and unset(record.output_state):
        record.output_state = _only_data(record, record.output)


def _only_data(record: AISpan, messages: list[Message]) -> Any:
    """A step passes data on: a single message that is nothing but JSON is that data."""
    content = messages[0].get("content") if len(messages) == 1 and record.span_type in DATA_STEPS else None
    found = parse_json(content)
    return messages if found is None or isinstance(found, str) or is_list(content) else found
