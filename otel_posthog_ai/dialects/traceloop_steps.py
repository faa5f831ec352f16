"""Steps as OpenLLMetry records them: workflows, tasks, agents and tools, with their states out of the envelopes."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_NAME,
    GEN_AI_OPERATION_NAME,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_TOOL_NAME,
)
from otel_posthog_ai.attribute_names.openinference import TOOL_NAME
from otel_posthog_ai.attribute_names.traceloop import (
    TRACELOOP_ENTITY_INPUT,
    TRACELOOP_ENTITY_NAME,
    TRACELOOP_ENTITY_OUTPUT,
    TRACELOOP_SPAN_KIND,
)
from otel_posthog_ai.reading.identity import read_identity
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import is_list, is_mapping, text
from otel_posthog_ai.record import AISpan, SpanType

from .traceloop_envelopes import Envelope, open_envelope

INPUT_KEYS = (TRACELOOP_ENTITY_INPUT, "gen_ai.task.input")
OUTPUT_KEYS = (TRACELOOP_ENTITY_OUTPUT, "gen_ai.task.output")

KINDS: dict[str, SpanType] = {
    "workflow": "workflow",
    "task": "task",
    "agent": "agent",
    "tool": "tool",
    "handoff": "handoff",
    "guardrail": "guardrail",
    "session": "mcp",
    "server": "mcp",
}
RUN_TYPES: dict[str, SpanType] = {"prompt": "prompt", "retriever": "retriever", "tool": "tool"}
# LlamaIndex names a step after the class that ran it.
CLASS_SUFFIXES: tuple[tuple[str, SpanType], ...] = (
    ("Retriever", "retriever"),
    ("Rerank", "reranker"),
    ("Reranker", "reranker"),
)
_PREFIXES_OF_NAMES = ("execute_task ", "execute_tool ", "vector_db_retrieve ", "invoke_agent ", "create_agent ")
_SUFFIXES_OF_NAMES = (".workflow", ".task", ".agent", ".tool", ".mcp", ".handoff", ".llm")


def read_step(record: AISpan, source: Source) -> None:
    kind = str(source.take(TRACELOOP_SPAN_KIND) or "").lower()
    given = open_envelope(_taken(source, INPUT_KEYS))
    taken = open_envelope(_taken(source, OUTPUT_KEYS))
    name = _plain_name(text(source.take(TRACELOOP_ENTITY_NAME)) or source.name)
    if kind:
        source.discard(GEN_AI_OPERATION_NAME)  # stamped on every step, whatever it is
    record.span_type = record.span_type or _span_type(source, kind, given, name)
    if kind and record.span_type is None:
        record.span_type = "custom"
    _read_names(record, source, name)
    for key, value in given.metadata.items():
        record.metadata.setdefault(key, value)
    record.tags = [*record.tags, *(tag for tag in given.tags if tag not in record.tags)]
    _join_identity(record, given)
    _fill_states(record, source, given.state, taken.state)


def _taken(source: Source, keys: tuple[str, ...]) -> Any:
    """The first of the attributes; copies under the other keys count as read."""
    values = [source.take(key) for key in keys]
    return next((value for value in values if value is not None), None)


def _span_type(source: Source, kind: str, given: Envelope, name: str) -> SpanType | None:
    operation = str(source.attributes.get(GEN_AI_OPERATION_NAME) or "").lower()
    if operation == "vector_db_retrieve" or source.name.startswith("vector_db_retrieve "):
        return "retriever"
    if given.run_type in RUN_TYPES:
        return RUN_TYPES[given.run_type]
    if kind == "task":
        if source.has(TOOL_NAME):
            return "tool"
        for suffix, span_type in CLASS_SUFFIXES:
            if name.endswith(suffix):
                return span_type
        if name == "FunctionTool":
            return "tool"
    return KINDS.get(kind)


def _plain_name(name: str) -> str:
    for prefix in _PREFIXES_OF_NAMES:
        name = name.removeprefix(prefix)
    for suffix in _SUFFIXES_OF_NAMES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name


def _read_names(record: AISpan, source: Source, name: str) -> None:
    if record.span_type == "workflow":
        # LangChain's chains are no agents although they are stamped as one.
        if source.attributes.get(GEN_AI_AGENT_NAME) == name:
            source.discard(GEN_AI_AGENT_NAME)
        if TRACELOOP_ENTITY_NAME not in source.attributes:
            name = text(source.attributes.get("traceloop.workflow.name")) or name
    elif record.span_type == "agent":
        name = text(source.attributes.get(GEN_AI_AGENT_NAME)) or name
        record.agent_name = record.agent_name or name
    elif record.span_type == "tool":
        name = text(source.attributes.get(GEN_AI_TOOL_NAME)) or text(source.take(TOOL_NAME)) or name
        record.tool_name = record.tool_name or name
    elif record.span_type == "handoff":
        target = text(source.take("gen_ai.handoff.to_agent"))
        origin = text(source.take("gen_ai.handoff.from_agent"))
        if target is None or target.lower() == "unknown":
            name = f"handoff from {origin}" if origin is not None else "handoff"
        else:
            name = f"handoff to {target}"
    record.name = record.name or name


def _join_identity(record: AISpan, given: Envelope) -> None:
    found = read_identity({"metadata": given.metadata}) if given.metadata else None
    if found is not None:
        identity = record.identity
        identity.user = identity.user or found.user
        identity.session = identity.session or found.session
        identity.incidental_session = identity.incidental_session or found.incidental_session


def _fill_states(record: AISpan, source: Source, given: Any, taken: Any) -> None:
    if record.span_type == "tool":
        # The envelope is repeated as the tool's arguments and result.
        arguments, result = source.take(GEN_AI_TOOL_CALL_ARGUMENTS), source.take(GEN_AI_TOOL_CALL_RESULT)
        given = open_envelope(arguments).state if given is None else given
        given = open_envelope(source.take("tool.arguments")).state if given is None else given
        taken = _tool_result(record, open_envelope(result).state if taken is None else taken)
    if given is not None and unset(record.input_state):
        record.input_state = given
    if taken is not None and unset(record.output_state):
        record.output_state = taken


def _tool_result(record: AISpan, taken: Any) -> Any:
    """What a tool returned, without the message or the object that a framework makes of it."""
    if is_list(taken) and len(taken) == 1 and is_mapping(taken[0]) and taken[0].get("role") == "tool":
        record.tool_call_id = record.tool_call_id or text(taken[0].get("tool_call_id"))
        return open_envelope(taken[0].get("content")).state
    if is_mapping(taken) and "tool_name" in taken and ("raw_output" in taken or "tool_output" in taken):  # LlamaIndex
        record.tool_name = record.name = text(taken["tool_name"]) or record.tool_name
        record.tool_call_id = record.tool_call_id or text(taken.get("tool_id"))
        inner = taken.get("tool_output")
        inner = inner if is_mapping(inner) else taken
        return inner.get("raw_output", inner.get("content"))
    return taken
