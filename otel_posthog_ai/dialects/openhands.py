"""OpenHands' agents, which are traced with Laminar: conversations, runs and steps, told by their names alone.

https://docs.openhands.dev/sdk/guides/observability
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.laminar import LMNR_SPAN_INPUT
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan, SpanType

NAME = "openhands"
PREFIXES = ()
SCOPE = "lmnr.tracer"
SIGNS = Signs(scopes=(SCOPE,))
FRAMEWORK = "openhands"
STEPS: dict[str, SpanType] = {
    "conversation": "workflow",
    "conversation.run": "chain",
    "conversation.send_message": "task",
    "agent.step": "agent",
    "acp_agent.step": "agent",
}
# Whose arguments are the objects of the program.
OF_OBJECTS = frozenset({"conversation.run", "agent.step", "acp_agent.step"})


def recognises(source: Source) -> bool:
    return source.name in STEPS


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    record.span_type = STEPS[source.name]
    if source.name in OF_OBJECTS:
        source.discard(LMNR_SPAN_INPUT)
