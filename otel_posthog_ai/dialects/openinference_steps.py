"""Steps around the calls of models in OpenInference: agents, chains, tools, retrievers, and what they took and gave."""

from __future__ import annotations

import re
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_AGENT_NAME
from otel_posthog_ai.attribute_names.general import SESSION_ID
from otel_posthog_ai.attribute_names.openinference import (
    INPUT_VALUE,
    LLM_INPUT_MESSAGES,
    LLM_OUTPUT_MESSAGES,
    OUTPUT_VALUE,
)
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import identifier, is_mapping, mapping, text
from otel_posthog_ai.record import AISpan

from .openinference_messages import flattened_documents, flattened_messages

# Methods and generated ids that instrumentors put around the name of an agent or a crew.
_NAME_TAIL = pattern(r"\.(?:run|arun|on_messages(?:_stream)?|_execute_core|kickoff(?:_async)?|_run|__call__)$")
_GENERATED = pattern(r"_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What a crew of CrewAI or a team of AutoGen is made of, by the keys that only their instrumentors write.
_SET_UPS = {
    ("crew_id", "crew_key", "flow_id"): (
        "task_key", "task_id", "crew_key", "crew_id", "crew_agents", "crew_tasks", "flow_id", "flow_name",
    ),
    ("participant_names", "participant_descriptions"): ("team_id", "participant_names", "participant_descriptions"),
}  # fmt: skip
# Instrumentors that write the id that an agent gave its own session where a user's would stand.
_OWN_SESSIONS = ".claude_agent_sdk"
_FLAT_ROLE, _FIRST_MESSAGE = '"message.role":', 40
_DOCUMENTS = ("retrieval.documents", "reranker.output_documents", "output.documents")


def read_step(record: AISpan, source: Source) -> None:
    """Fill the states and the name of a span that is no call of a model."""
    if source.scope.endswith(_OWN_SESSIONS):
        record.identity.incidental_session = identifier(source.attributes.get(SESSION_ID))
        source.discard(SESSION_ID)
    _read_states(record, source)
    _read_name(record, source)


def _read_states(record: AISpan, source: Source) -> None:
    given, result = _given(record, source), source.take(OUTPUT_VALUE)
    result = _documents(source) or result
    if record.span_type == "tool" and record.tool_call_id is None:
        record.tool_call_id = _call_id(result)
    if unset(record.input_state) and given is not None and given != "" and not _is_flat(given):
        record.input_state = read_state(given, "user")
    if unset(record.output_state) and result is not None and result != "":
        record.output_state = read_state(result, "assistant")
    asked = flattened_messages(source, LLM_INPUT_MESSAGES, "user")
    if unset(record.input_state) and asked:
        record.input_state = asked
    answered = flattened_messages(source, LLM_OUTPUT_MESSAGES, "assistant")
    if unset(record.output_state) and answered:
        record.output_state = answered


def _is_flat(given: Any) -> bool:
    """Whether an input repeats messages under the flattened keys that stand beside it."""
    return isinstance(given, str) and _FLAT_ROLE in given[:_FIRST_MESSAGE]


def _given(record: AISpan, source: Source) -> Any:
    """What the step was given: its input, a tool's arguments, or what a reranker is to order."""
    given = _started_by(source.first(INPUT_VALUE, "crew_inputs", "flow_inputs"))
    for marks, keys in _SET_UPS.items():
        if source.has(*marks):
            source.discard(*keys)
    arguments = source.take("tool.parameters")
    if record.span_type == "tool" and given is None and not _is_schema(arguments):
        given = arguments
    ranked, query = flattened_documents(source, "reranker.input_documents"), source.take("reranker.query")
    if given is None and (ranked is not None or query is not None):
        given = {key: value for key, value in (("query", query), ("documents", ranked)) if value is not None}
    return given


def _started_by(given: Any) -> Any:
    """What a workflow of LlamaIndex was started by, beside which the state of its machinery stands."""
    if not isinstance(given, str) or not given.startswith(_MACHINERY):
        return given
    started = (mapping(given) or {}).get("start_event")
    return None if isinstance(started, str) and _EMPTY_EVENT.fullmatch(started) else started


def _documents(source: Source) -> list[dict[str, Any]] | None:
    return next((found for prefix in _DOCUMENTS if (found := flattened_documents(source, prefix))), None)


def _call_id(result: Any) -> str | None:
    """The call that a tool's result answers, where the result is a message."""
    found = mapping(result) or {}
    for key in ("data", "kwargs"):
        if is_mapping(found.get(key)):
            return identifier(found[key].get("tool_call_id"))
    return identifier(found.get("tool_call_id"))


def _is_schema(value: Any) -> bool:
    """Whether `tool.parameters` describes the parameters instead of giving them."""
    found = mapping(value) or {}
    return is_mapping(found.get("properties")) and "type" in found


_MACHINERY = '{"init_state": '
_EMPTY_EVENT = pattern(r"\A\w+\(\)")

# How LangChain calls what its middleware does around an agent.
_HOOKS = (".before_agent", ".after_agent")


def _read_name(record: AISpan, source: Source) -> None:
    node = text(source.first("graph.node.name", "graph.node.id"))
    source.take("graph.node.parent_id")
    if record.span_type == "agent" and source.name.endswith(_HOOKS):
        record.span_type, record.name = "chain", source.name  # an agent by a word in its name
    if record.span_type == "tool" and record.name is None:
        record.name = record.tool_name
    elif record.span_type == "agent":
        readable = node if node is not None and not _looks_generated(node) else None
        bare = _NAME_TAIL.sub("", source.name)
        # A processor that puts OpenInference's words over the conventions' may have one name for all agents' nodes.
        record.agent_name = record.agent_name or text(source.attributes.get(GEN_AI_AGENT_NAME)) or readable
        record.name = record.name or record.agent_name or bare
    if record.name is None and _GENERATED.search(source.name):
        record.name = _NAME_TAIL.sub("", _GENERATED.sub("", source.name))


def _looks_generated(node: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{16}|[0-9a-f-]{32,36}", node) is not None
