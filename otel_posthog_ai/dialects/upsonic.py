"""Upsonic's agents: `upsonic.*` on runs and tools, Langfuse's keys for what they were given and gave.

Its models are instrumented by a copy of Pydantic AI's code, whose words the calls keep. The twenty-odd steps of a run's
pipeline (`pipeline.step.*`) are bookkeeping, and no spans of an AI. https://docs.upsonic.ai/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_OUTPUT_TOKENS
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import identifier, text
from otel_posthog_ai.record import AISpan

NAME = "upsonic"
SCOPE = "upsonic"
PREFIXES = ("upsonic.agent.", "upsonic.tool.")
SIGNS = Signs(scopes=(SCOPE,))
LABELS = {SCOPE: "upsonic (its own spans)"}
PLUMBING = ("upsonic.",)
FRAMEWORK = "upsonic"
BOOKKEEPING = "pipeline."  # how the names of its pipeline and of the steps begin
AGENT, TOOL = "upsonic.agent.name", "upsonic.tool.name"

AGENT_FIELDS: Table = (
    Row("name", (AGENT,), text),
    Row("agent_name", (AGENT,), text),
    Row("input_state", ("upsonic.input",), read_state),
    Row("output_state", ("upsonic.output",), read_state),
    Row("tools", ("upsonic.tool.definitions",), read_tools),
)
TOOL_FIELDS: Table = (
    Row("name", (TOOL,), text),
    Row("tool_name", (TOOL,), text),
    Row("tool_call_id", ("upsonic.tool.call_id",), identifier),
    Row("input_state", ("langfuse.observation.input",), read_state),
    Row("output_state", ("langfuse.observation.output",), read_state),
)


def recognises(source: Source) -> bool:
    return not source.name.startswith(BOOKKEEPING)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    source.discard("langfuse.trace.name")  # the start of what the user wrote, on every span of the run
    if AGENT in source.attributes:
        record.kind, record.span_type = "span", "agent"
        fill(record, AGENT_FIELDS, source)
        # What the calls below it have counted, under the same names.
        source.discard(GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_OUTPUT_TOKENS)
        source.discard("langfuse.observation.input", "langfuse.observation.output")
    elif TOOL in source.attributes:
        record.kind, record.span_type = "span", "tool"
        fill(record, TOOL_FIELDS, source)
