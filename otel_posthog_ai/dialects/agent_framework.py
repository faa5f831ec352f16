"""Microsoft's Agent Framework: workflows of executors around agents that follow the GenAI conventions."""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "agent_framework"
PREFIXES = ("executor.id", "workflow.id", "edge_group.type")
AI_SCOPES = (
    "agent_framework",
    "microsoft.agent_framework",
)
PLUMBING = ("agent_framework.",)
LABELS = {"agent_framework": "agent-framework (its own spans)"}
SCOPES = ("agent_framework",)
SIGNS = Signs(scopes_begin=SCOPES)
FRAMEWORK = "agent-framework"
# How the names of spans begin that only pass messages along.
PASSING = ("workflow.build", "edge_group.process", "message.send")
PREFIX_OF_KEYS = ("workflow.", "workflow_builder.", "executor.", "edge_group.", "message.")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.has(GEN_AI_OPERATION_NAME):
        return
    if source.name.startswith("workflow.run"):
        record.span_type = "workflow"
        record.name = text(source.attributes.get("workflow.name")) or text(
            source.attributes.get("workflow_builder.name")
        )
    elif source.name.startswith("executor.process"):
        record.span_type, record.graph_node = "task", True
        record.name = text(source.attributes.get("executor.id"))
    elif source.name.startswith(PASSING):
        record.noise = True
    source.used.update(key for key in source.attributes if key.startswith(PREFIX_OF_KEYS))
