"""Pydantic AI, instrumentation versions 1 to 6: agent runs, model requests, tools and embeddings.

Version 1 writes the conversation as a list of events, later ones as messages; names of agents and tools moved from keys
of its own to those of the GenAI conventions. What it shares with those is left to `gen_ai.py`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_NAME,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_TOOL_NAME,
)
from otel_posthog_ai.attribute_names.logfire import OPERATION_COST
from otel_posthog_ai.reading.content_events import read_event_list
from otel_posthog_ai.reading.messages import message_text, read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import is_list, is_mapping, items, mapping, number, text
from otel_posthog_ai.record import MISSING, AISpan, Message

from .gen_ai import state

NAME = "pydantic_ai"
SCOPE = "pydantic-ai"
SCOPES = (SCOPE,)
PREFIXES = ("pydantic_ai.", "model_request_parameters", "all_messages_events")
SIGNS = Signs(scopes=(SCOPE,), keys=("pydantic_ai.all_messages", "model_request_parameters", "all_messages_events"))
AI_SCOPES = (SCOPE,)
PLUMBING = (
    "pydantic_ai.",
    "all_messages",
    "all_messages_",
    "model_request_parameters",
    "model_name",
    "agent_name",
    "final_result",
    OPERATION_COST,
    "logfire.",
)
LABELS = {"pydantic-ai": "pydantic-ai (its own spans)"}
FRAMEWORK = "pydantic-ai"

FIELDS: Table = (
    Row("agent_name", (GEN_AI_AGENT_NAME, "agent_name"), text),
    Row("cost.total", (OPERATION_COST,), number),
)
# Lists of definitions inside `model_request_parameters`.
TOOL_LISTS = ("function_tools", "output_tools")
# A failed attempt on the way to the model that answered: a model call of its own, without an operation.
ATTEMPT = "pydantic_ai.model_request.attempt"


def read(record: AISpan, source: Source) -> None:
    record.framework = record.framework or FRAMEWORK  # Upsonic's calls are written by a copy of its code
    # What came from the cache is inside the input, whoever the provider was.
    record.usage.input_excludes_cache = False
    fill(record, FIELDS, source)
    if source.has(GEN_AI_TOOL_NAME):
        _read_tool(record, source)
    elif _is_agent(source):
        _read_agent(record, source)
    elif source.has("model_request_parameters", GEN_AI_OPERATION_NAME) or source.has(ATTEMPT):
        _read_request(record, source)
    else:
        # `running tools`, `waiting for … concurrency`: bookkeeping around the steps.
        record.noise = True


def _is_agent(source: Source) -> bool:
    if source.attributes.get(GEN_AI_OPERATION_NAME) == "invoke_agent":
        return True
    return source.has("pydantic_ai.all_messages", "all_messages_events", "final_result") or (
        source.has("agent_name", "model_name") and not source.has(GEN_AI_OPERATION_NAME)
    )


def _read_tool(record: AISpan, source: Source) -> None:
    record.kind, record.span_type = "span", "tool"
    arguments = source.first(GEN_AI_TOOL_CALL_ARGUMENTS, "tool_arguments")
    if arguments is not None:
        record.input_state = state(arguments)
    result = source.first(GEN_AI_TOOL_CALL_RESULT, "tool_response")
    if result is not None:
        record.output_state = state(result)


def _read_request(record: AISpan, source: Source) -> None:
    if source.has(ATTEMPT):
        record.kind = "generation"
        record.operation = record.operation or "chat"
    said = read_event_list(source.take("events"))
    record.input = record.input or said.inputs or None
    record.output = record.output or said.outputs or None
    record.finish_reason = record.finish_reason or said.finish_reason
    inputs = items(source.take("inputs"))
    if inputs:
        record.embedding_input = [each for each in inputs if isinstance(each, str)] or None
    _read_parameters(record, mapping(source.take("model_request_parameters")))


def _read_parameters(record: AISpan, parameters: dict[str, Any] | None) -> None:
    if not parameters:
        return
    if not record.tools:
        definitions = [each for key in TOOL_LISTS for each in parameters.get(key) or () if is_mapping(each)]
        record.tools = read_tools([{k: v for k, v in each.items() if k != "kind"} for each in definitions])
    schema = parameters.get("output_object")
    if parameters.get("output_mode") == "native" and is_mapping(schema) and schema.get("json_schema") is not None:
        form = {"name": schema.get("name") or "output", "schema": schema["json_schema"]}
        record.parameters.setdefault("response_format", {"type": "json_schema", "json_schema": form})
    if parameters.get("thinking") is not None:
        record.parameters.setdefault("thinking", parameters["thinking"])


def _read_agent(record: AISpan, source: Source) -> None:
    record.kind, record.span_type = "span", "agent"
    record.name = record.agent_name
    conversation = _conversation(source)
    begins = number(source.take("pydantic_ai.new_message_index")) or 0
    if record.input_state is MISSING:
        asked = next((message for message in conversation[int(begins) :] if message["role"] == "user"), None)
        asked = asked or next((message for message in conversation if message["role"] == "user"), None)
        if asked is not None:
            record.input_state = asked["content"] if isinstance(asked["content"], str) else [asked]
    result = source.take("final_result")
    if result is not None:
        record.output_state = state(result)
    elif unset(record.output_state):
        _output_from(record, conversation)
    # The run repeats the messages of its requests: they are its states, not its own.
    source.used.update((GEN_AI_INPUT_MESSAGES, GEN_AI_OUTPUT_MESSAGES, GEN_AI_SYSTEM_INSTRUCTIONS))
    metadata = mapping(source.take("metadata"))
    if metadata:
        record.metadata.update(metadata)


def _conversation(source: Source) -> list[Message]:
    messages = read_messages(source.first("pydantic_ai.all_messages", "all_messages"), "user")
    if messages is not None:
        source.used.add("all_messages_events")
        return messages
    said = read_event_list(source.take("all_messages_events"))
    return [*said.inputs, *said.outputs]


def _output_from(record: AISpan, conversation: list[Message]) -> None:
    """A run without a result ends in what was said last, where that says anything."""
    last = conversation[-1] if conversation else None
    if last is None or last["role"] in ("user", "system"):
        return
    content = last["content"]
    if isinstance(content, str) and content and not last.get("tool_calls"):
        record.output_state = content
    elif last.get("tool_calls") or (is_list(content) and (message_text(last) or content)):
        record.output_state = [last]


__all__ = ["NAME", "PREFIXES", "SCOPES", "SIGNS", "read"]
