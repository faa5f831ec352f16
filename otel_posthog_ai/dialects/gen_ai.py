"""OpenTelemetry's own GenAI conventions, current and deprecated names.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_ID,
    GEN_AI_AGENT_NAME,
    GEN_AI_CONVERSATION_ID,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_REALTIME_SESSION_ID,
    GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    GEN_AI_SERVER_TIME_TO_FIRST_TOKEN,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_USER,
    GEN_AI_WORKFLOW_NAME,
)
from otel_posthog_ai.attribute_names.traceloop import LLM_USER
from otel_posthog_ai.reading.answer_attributes import answer_of
from otel_posthog_ai.reading.content_events import finish_reason_in, read_content_events, tool_result
from otel_posthog_ai.reading.embedding_texts import texts_of_messages
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kinds import REQUEST_TYPE_KEYS, weigh
from otel_posthog_ai.reading.message_layout import with_ids_of_results
from otel_posthog_ai.reading.quoted_conversations import unquoted
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import fill, fill_parameters, unset
from otel_posthog_ai.reading.usage_words import fill_by_words, fill_from_events
from otel_posthog_ai.reading.values import (
    is_list,
    json_text,
    number,
    parse_json,
    text,
)
from otel_posthog_ai.record import AISpan, Message

from .gen_ai_fields import FIELDS, PARAMETERS, PROVIDER_METADATA

NAME = "gen_ai"
PREFIXES = ("gen_ai.",)
SIGNS = Signs(keys_begin=("gen_ai.",))
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
    # LoongSuite's names, in the namespace of the conventions: the app states them.
    user=("gen_ai.user.id",),
    session=("gen_ai.session.id",),
    incidental_user=(GEN_AI_USER, "gen_ai.request.user", LLM_USER, "gen_ai.request.safety_identifier"),
    incidental_session=(GEN_AI_CONVERSATION_ID, GEN_AI_REALTIME_SESSION_ID),
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


# A client saw the answer come in pieces; a server's time to the first token says nothing of that.
CHUNKS = (GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, "gen_ai.client.operation.time_to_first_chunk")
OUTPUT_TYPE = "gen_ai.output.type"
MEMORY_QUERY = "gen_ai.memory.query.text"
MEMORY_RECORDS = "gen_ai.memory.records"
_GUARDRAIL = "gen_ai.guardrail."
_TEXTS, _CALLS = "gen_ai.response.text", "gen_ai.response.tool_calls"


def recognises(source: Source) -> bool:
    return any(key.startswith("gen_ai.") and key not in NOT_MARKING for key in source.attributes)


# Stamped on every span of a request by some set-ups; a span with only these is not AI.
NOT_MARKING = frozenset(
    {GEN_AI_CONVERSATION_ID, GEN_AI_AGENT_NAME, GEN_AI_AGENT_ID, GEN_AI_WORKFLOW_NAME, "gen_ai.agent.description",
     "gen_ai.agent.version", "gen_ai.agent.type"}
)  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    fill_by_words(record, source)
    fill_from_events(record, source)
    for read_what_is_there in source.shape.once(_readers_for):
        read_what_is_there(record, source)
    if "max_tokens" in record.parameters:
        _drop_no_limit(record)
    if record.usage.input_excludes_cache is None and source.scope.endswith(SUMS_THE_INPUT):
        record.usage.input_excludes_cache = False
    _classify(record, source)
    _read_server(record, source)
    _read_kind(record, source)
    read_content_events(record, source)
    if record.kind == "span":
        _states_from_messages(record)
    elif record.kind == "generation":
        record.input = with_ids_of_results(unquoted(record.input))
    else:
        record.embedding_input = record.embedding_input or texts_of_messages(record.input)
    if record.tool_call_id and record.kind == "generation":
        _read_call_ids(record)
    if record.kind == "generation" and record.finish_reason is None:
        record.finish_reason = finish_reason_in(source.attributes.get(GEN_AI_OUTPUT_MESSAGES))


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
    if isinstance(value, (int, float)):
        return value
    if value is None or value == "" or (is_list(value) and not value):
        return None
    if is_list(value):
        return list(value)
    found = number(value) if isinstance(value, str) else None
    return parse_json(value) if found is None else found


def _read_parameters(record: AISpan, source: Source) -> None:
    fill_parameters(record, PARAMETERS, source, parameter)


def _drop_no_limit(record: AISpan) -> None:
    """Less than nothing is written by some for a limit that was not set."""
    if (number(record.parameters["max_tokens"]) or 1) < 0:
        del record.parameters["max_tokens"]


def _read_chunks(record: AISpan, source: Source) -> None:
    if record.stream is None and source.has(*CHUNKS):
        record.stream = True


def _read_answer(record: AISpan, source: Source) -> None:
    if not record.output:
        record.output = answer_of(source.take(_TEXTS), source.take(_CALLS))


def _read_provider_metadata(record: AISpan, source: Source) -> None:
    for key in source.shape.present(PROVIDER_METADATA):
        value = source.take(key)
        if value is not None:
            record.provider_metadata.setdefault(PROVIDER_METADATA[key], value)


def _read_output_type(record: AISpan, source: Source) -> None:
    """The requested kind of output, where it is another than the usual text."""
    kind = text(source.take(OUTPUT_TYPE))
    if kind is not None and kind != "text":
        record.parameters.setdefault("response_format", kind)


def _read_first_token(record: AISpan, source: Source) -> None:
    """The server's time (seconds) says when the stream began; on other calls some write how long the whole took."""
    seconds = number(source.take(GEN_AI_SERVER_TIME_TO_FIRST_TOKEN))
    if record.time_to_first_token is None and record.stream and seconds is not None and seconds > 0:
        record.time_to_first_token = seconds


_Reader = Callable[[AISpan, Source], None]
# What only some spans have: the keys of which one has to be there, and who reads them.
_READERS: tuple[tuple[frozenset[str], _Reader], ...] = (
    (frozenset(PARAMETERS), _read_parameters),
    (frozenset(CHUNKS), _read_chunks),
    (frozenset({OUTPUT_TYPE}), _read_output_type),
    (frozenset({GEN_AI_SERVER_TIME_TO_FIRST_TOKEN}), _read_first_token),
    (frozenset({_TEXTS, _CALLS}), _read_answer),
    (frozenset(PROVIDER_METADATA), _read_provider_metadata),
)


def _readers_for(keys: tuple[str, ...]) -> tuple[_Reader, ...]:
    """The readers that find something on a span with these keys."""
    return tuple(reader for names, reader in _READERS if not names.isdisjoint(keys))


def _classify(record: AISpan, source: Source) -> None:
    weigh(record, source, ("span", "tool") if _is_of_a_tool(record) else None)
    for key in source.shape.present(REQUEST_TYPE_KEYS):
        source.take(key)
    if record.span_type == "agent" and record.parent_id is None and record.operation == "create_agent":
        record.noise = True  # an agent that was only made, outside of everything: nobody ran it yet


def _is_of_a_tool(record: AISpan) -> bool:
    """Whether a tool is named, or one of its runs where no model is: on an answer the id is that of a call in it."""
    has_model = record.request_model is not None or record.response_model is not None
    return record.tool_name is not None or (record.tool_call_id is not None and not has_model)


def _read_server(record: AISpan, source: Source) -> None:
    address = source.take(SERVER_ADDRESS)
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
        _state(record, "input_state", source, GEN_AI_TOOL_CALL_ARGUMENTS, "gen_ai.tool.arguments", "gen_ai.tool.input")
        result = source.first(GEN_AI_TOOL_CALL_RESULT, "gen_ai.tool.result", "gen_ai.tool.output")
        if result is not None and unset(record.output_state):
            record.output_state = tool_result(result)
    elif record.span_type == "agent":
        record.name = record.name or record.agent_name
    elif record.span_type == "workflow":
        named_as_agent = record.agent_name if record.operation == "invoke_workflow" else None
        record.name = record.name or text(source.take(GEN_AI_WORKFLOW_NAME)) or named_as_agent
    elif record.span_type == "retriever":
        _state(record, "input_state", source, "gen_ai.retrieval.query.text", "gen_ai.retrieval.query", MEMORY_QUERY)
        _state(record, "output_state", source, "gen_ai.retrieval.documents", MEMORY_RECORDS)
    elif record.span_type == "guardrail":
        _read_guardrail(record, source)
    elif record.span_type == "custom":
        _state(record, "input_state", source, MEMORY_RECORDS)  # what is written to a memory
    source.take(GEN_AI_WORKFLOW_NAME)


def _read_guardrail(record: AISpan, source: Source) -> None:
    """What a guardrail found, in the words of the service that was asked."""
    record.name = record.name or text(source.take(f"{_GUARDRAIL}component.name"))
    kind, value, reason = (source.take(f"{_GUARDRAIL}result.{key}") for key in ("type", "value", "reason"))
    found = {text(kind) or "result": value, "reason": reason}
    said = {key: each for key, each in found.items() if each is not None}
    if said and unset(record.output_state):
        record.output_state = said


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
