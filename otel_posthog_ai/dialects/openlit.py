"""OpenLIT's `@trace`: the arguments of the function as Python's text, what it returned where an answer would stand.

https://docs.openlit.io/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_AGENT_NAME, GEN_AI_OUTPUT_MESSAGES
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "openlit"
SCOPE = "openlit"
ARGUMENTS = ("function.args", "function.kwargs")
PREFIXES = ARGUMENTS
AI_SCOPES = ("openlit",)
PLUMBING = ("function.", "openlit.")


# What its instrumentor of the OpenAI Agents SDK calls the steps that it does not know: tasks and turns.
AGENTS, UNKNOWN = "openlit.instrumentation.openai_agents", "invoke_agent"
SIGNS = Signs(scopes=(SCOPE, AGENTS))


def recognises(source: Source) -> bool:
    return source.scope == SCOPE or source.name == UNKNOWN


def read(record: AISpan, source: Source) -> None:
    if source.scope == AGENTS:
        record.span_type = "chain"
        record.noise = not source.status_error and not source.has(GEN_AI_AGENT_NAME)
        return
    weigh(record, source, CUSTOM)
    positional, named = (read_literal(text(source.take(key)) or "") for key in ARGUMENTS)
    if unset(record.input_state) and (positional or named):
        record.input_state = read_state({"args": positional or [], "kwargs": named or {}})
    returned = source.take(GEN_AI_OUTPUT_MESSAGES)
    if returned is not None and unset(record.output_state):
        record.output_state = read_state(returned, "assistant")
    source.discard(GEN_AI_OUTPUT_MESSAGES)  # no messages, although it is called so
