"""fast-agent's agents and workflows, which say what they are in the names of their spans alone.

`Agent: 'guide' generate`, `Chain: 'writers' generate`, `MCP Tool: files-read`. https://fast-agent.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "fast_agent"
PREFIXES = ()
SCOPES = "fast_agent."
SIGNS = Signs(scopes_begin=(SCOPES,))
AI_SCOPES = ("fast_agent.agents.", "fast_agent.mcp.")
LABELS = {"fast_agent.agents.llm_decorator": "fast-agent-mcp (its own spans)"}
FRAMEWORK = "fast-agent"
TOOL = "namespaced_tool_name"
# The word before the name of the agent -> what runs.
WORDS: dict[str, SpanType] = {
    "Agent": "agent",
    "Chain": "workflow",
    "Parallel": "workflow",
    "Routing": "workflow",
    "EvaluatorOptimizer": "workflow",
    "Maker": "workflow",
}


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.has(TOOL):
        record.span_type = "tool"
        record.name = record.tool_name = text(source.attributes.get("tool_name"))
        source.used.update((TOOL, "tool_name"))
    elif named := _named(source.name):
        record.span_type = WORDS.get(named[0], "custom")
        record.name = record.agent_name = named[1]


def _named(name: str) -> tuple[str, str] | None:
    """What runs, and who: of `Agent: 'guide' generate` the first word and what stands in quotes."""
    what, _, rest = name.partition(": '")
    who, _, does = rest.rpartition("' ")
    return (what, who) if what.isidentifier() and who and does.isidentifier() else None
