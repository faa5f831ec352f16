"""CrewAI as OpenLLMetry sees it: crews, agents and tasks with `crewai.*`, and an agent's operation on all three."""

from __future__ import annotations

from otel_posthog_ai.attribute_names.crewai import CREWAI_FLOW_NAME
from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME
from otel_posthog_ai.attribute_names.traceloop import TRACELOOP_ENTITY_OUTPUT
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

from .crewai import SCOPE as OWN_SCOPE

NAME = "traceloop_crewai"
PREFIXES = ("crewai.crew.", "crewai.agent.", "crewai.task.")
WORKFLOW = "crewai.workflow"
SIGNS = Signs(names=(WORKFLOW,), keys_begin=PREFIXES)


def recognises(source: Source) -> bool:
    return source.scope != OWN_SCOPE


def read(record: AISpan, source: Source) -> None:
    crew, agent, task = (source.below(prefix) for prefix in PREFIXES)
    record.framework = record.framework or "crewai"
    if source.name == WORKFLOW or crew:
        source.discard(GEN_AI_OPERATION_NAME)
        record.span_type = "workflow"
        record.name = text(crew.get("name")) or text(source.take(CREWAI_FLOW_NAME)) or "crew"
        _state(record, "output_state", crew.get("result"))
    elif task:
        # A task's name is the whole of its description: what is to be done, not a title.
        source.discard(GEN_AI_OPERATION_NAME)
        record.span_type = "task"
        record.agent_name = record.agent_name or text(task.get("agent"))
        record.name = text(task.get("name")) or (f"{record.agent_name} task" if record.agent_name else "task")
        _state(record, "input_state", task.get("description"))
        _state(record, "output_state", source.attributes.get(TRACELOOP_ENTITY_OUTPUT))
    elif agent:
        record.span_type = "agent"
        record.name = record.agent_name = text(agent.get("role")) or record.agent_name
    source.below("crewai.")


def _state(record: AISpan, field: str, value: object) -> None:
    if value is not None and unset(getattr(record, field)):
        setattr(record, field, read_state(value))
