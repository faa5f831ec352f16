"""CrewAI's own spans: the GenAI conventions for calls, CrewAI's words for crews, tasks, flows and agents.

https://docs.crewai.com/en/observability/tracing
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.attribute_names.crewai import CREWAI_FLOW_NAME
from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_NAME,
    GEN_AI_CONVERSATION_ID,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_WORKFLOW_NAME,
)
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import json_text, text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "crewai"
PREFIXES = ("crewai.",)
SCOPE = "crewai"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("event_id", "parent_event_id")
LABELS = {SCOPE: "crewai (its own spans)"}
FRAMEWORK = "crewai"

# Operation -> what the step is, where its name stands, its input and its output.
STEPS: dict[str, tuple[SpanType, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "invoke_workflow": ("workflow", ("crewai.crew.name", CREWAI_FLOW_NAME, GEN_AI_WORKFLOW_NAME),
                        ("crewai.crew.inputs", "crewai.flow.inputs"), ("crewai.crew.output", "crewai.flow.result")),
    "execute_task": ("task", ("crewai.task.name",), ("crewai.task.description",), ("crewai.task.output",)),
    "execute_method": ("task", ("crewai.method.name",), ("crewai.method.params",), ("crewai.method.result",)),
}  # fmt: skip
# Ids of what ran, which CrewAI gives for the conversation where nobody set one.
_RUN_IDS = ("crewai.task.id", "crewai.execution_uuid", "crewai.crew.id", "crewai.flow.id")
_GENERATED = pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMPTY: tuple[Any, ...] = (None, "", {}, [])


def read(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    record.framework = FRAMEWORK
    role = text(attributes.get("crewai.agent.role"))
    if role is not None:
        record.agent_name = role.strip()
        source.discard(GEN_AI_AGENT_NAME)  # a key made of what the agent is
    if _is_run(text(attributes.get(GEN_AI_CONVERSATION_ID)), attributes):
        source.discard(GEN_AI_CONVERSATION_ID)
    step = STEPS.get(str(attributes.get(GEN_AI_OPERATION_NAME)))
    if step is not None:
        _read_step(record, source, *step)


def _is_run(session: str | None, attributes: Mapping[str, Any]) -> bool:
    """Whether an id is that of a run: one that the span names, or, where it leaves out its task, of that form."""
    if session is None:
        return False
    return session in [attributes.get(key) for key in _RUN_IDS] or (
        _RUN_IDS[0] not in attributes and _GENERATED.fullmatch(session) is not None
    )


def _read_step(
    record: AISpan, source: Source, span_type: SpanType,
    names: tuple[str, ...], given: tuple[str, ...], result: tuple[str, ...],
) -> None:  # fmt: skip
    record.span_type = span_type
    # A task's name is the whole of its description where none was given: what is to be done, not a title.
    record.name = text(source.first(*names)) or span_type
    for field, keys, role in (("input_state", given, "user"), ("output_state", result, "assistant")):
        value = source.first(*keys)
        if json_text(value) not in _EMPTY:
            setattr(record, field, read_state(value, role))
    # The same once more, as a message around its JSON text.
    source.discard(GEN_AI_INPUT_MESSAGES, GEN_AI_OUTPUT_MESSAGES)
