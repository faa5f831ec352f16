"""Strands Agents for Python and TypeScript: the GenAI conventions with a few counts and operations of its own."""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME, GEN_AI_SERVER_TIME_TO_FIRST_TOKEN
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import count, number
from otel_posthog_ai.record import AISpan

NAME = "strands"
PREFIXES = ("event_loop.", "agent_loop.")
AI_SCOPES = ("strands",)
LABELS = {
    "strands.telemetry.tracer": "strands-agents (its own spans)",
    "strands-agents": "@strands-agents/sdk (its own spans)",
}
SCOPES = ("strands.", "strands-agents")
SIGNS = Signs(scopes_begin=SCOPES)
FRAMEWORK = "strands-agents"
CYCLE = "execute_event_loop_cycle"
MULTI_AGENT = "invoke_"
TOOLS = "gen_ai.agent.tools"
PLUMBING = ("event_loop.", "agent_loop.", "system_prompt")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    operation = str(source.attributes.get(GEN_AI_OPERATION_NAME) or "")
    # Strands writes milliseconds, where others write seconds.
    waited = number(source.take(GEN_AI_SERVER_TIME_TO_FIRST_TOKEN))
    if waited is not None and waited > 0:
        record.time_to_first_token = waited / 1000
        record.stream = True
    record.usage.input_excludes_cache = _input_excludes_cache(source)
    if operation == CYCLE or "agent_loop.cycle_id" in source.attributes:
        record.span_type = "task"
    elif operation.startswith(MULTI_AGENT) and operation not in ("invoke_agent", "invoke_workflow"):
        record.span_type = "workflow"
        record.name = operation.removeprefix(MULTI_AGENT)
    if TOOLS in source.attributes:
        record.tools, record.lends = read_tools(source.take(TOOLS)), True  # its calls do not tell what they may use
    if source.attributes.get("strands.cancellation.type") is not None:
        source.used.add("strands.cancellation.type")
        record.cancelled = True


def _input_excludes_cache(source: Source) -> bool | None:
    """Releases differ in whether the input holds what came from the cache; the provider's total tells."""
    found = [
        count(source.attributes.get(f"gen_ai.usage.{key}")) for key in ("input_tokens", "output_tokens", "total_tokens")
    ]
    asked, answered, total = found
    cached = sum(
        count(source.attributes.get(f"gen_ai.usage.{key}.input_tokens")) or 0
        for key in ("cache_read", "cache_creation")
    )
    if not cached or asked is None or answered is None or total is None:
        return None
    return cached > asked or total == asked + answered + cached
