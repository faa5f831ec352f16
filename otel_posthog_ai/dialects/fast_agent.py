"""fast-agent's agents and workflows, which say what they are in the names of their spans alone.

`Agent: 'guide' generate`, `Chain: 'writers' generate`, `MCP Tool: files-read`. https://fast-agent.ai/
"""

from __future__ import annotations

import re

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "fast_agent"
PREFIXES = ()
SCOPES = "fast_agent."
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
_NAMED = re.compile(r"(\w+): '(.+)' \w+")


def recognises(source: Source) -> bool:
    return source.scope.startswith(SCOPES)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.has(TOOL):
        record.span_type = "tool"
        record.name = record.tool_name = text(source.attributes.get("tool_name"))
        source.used.update((TOOL, "tool_name"))
    elif named := _NAMED.fullmatch(source.name):
        record.span_type = WORDS.get(named[1], "custom")
        record.name = record.agent_name = named[2]
