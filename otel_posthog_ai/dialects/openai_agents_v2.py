"""The OpenAI Agents SDK by `opentelemetry-instrumentation-openai-agents-v2`: the GenAI conventions with gaps.

Items of an answer are written as Python's text of the client's objects, and steps that it does not know are called
`unknown`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_AGENT_NAME, GEN_AI_OPERATION_NAME, GEN_AI_OUTPUT_MESSAGES
from otel_posthog_ai.attribute_names.traceloop import TRACELOOP_SPAN_KIND
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.messages import join_items, read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import is_list, is_mapping, items, text
from otel_posthog_ai.record import AISpan, Message

NAME = "openai_agents_v2"
PREFIXES = ("gen_ai.guardrail.", "gen_ai.handoff.")
SCOPE = "opentelemetry.instrumentation.openai_agents"
SIGNS = Signs(scopes=(SCOPE,))
FRAMEWORK = "openai-agents"
# What the instrumentor calls an agent whose name it does not know.
NO_NAME = "OpenAI Agent"
UNKNOWN = "unknown"


def recognises(source: Source) -> bool:
    return source.has(GEN_AI_OPERATION_NAME) and not source.has(TRACELOOP_SPAN_KIND)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    operation = source.attributes[GEN_AI_OPERATION_NAME]
    agent = text(source.attributes.get(GEN_AI_AGENT_NAME))
    if operation == UNKNOWN and source.name == UNKNOWN:
        record.noise = True
    elif operation == "invoke_agent" and agent is None:
        record.span_type = "workflow"
        record.name = source.name
    elif operation == "guardrail_check":
        record.span_type = "guardrail"
        record.name = text(source.take("gen_ai.guardrail.name"))
        triggered = source.take("gen_ai.guardrail.triggered")
        if triggered is not None:
            record.output_state = {"triggered": triggered}
    elif operation == "agent_handoff":
        _read_handoff(record, source)
    elif operation == "chat":
        record.output = _read_output(source.attributes.get(GEN_AI_OUTPUT_MESSAGES))
    if agent == NO_NAME and operation != "invoke_agent":
        del source.attributes[GEN_AI_AGENT_NAME]


def _read_handoff(record: AISpan, source: Source) -> None:
    record.span_type = "handoff"
    target, origin = (text(source.take(f"gen_ai.handoff.{key}_agent")) for key in ("to", "from"))
    if target is not None:
        record.name = f"handoff to {target}"
        record.output_state = {"to_agent": target}
    if origin is not None:
        record.input_state = {"from_agent": origin}


def _read_output(value: Any) -> list[Message] | None:
    """The messages of an answer, items written as Python text as what they say; None: leave it to the conventions."""
    entries: list[Any] = []
    found = False
    for entry in items(value) or ():
        parts = entry.get("parts") if is_mapping(entry) else None
        for part in parts if is_list(parts) else ():
            literal = read_literal(part["content"]) if _is_repr(part) else None
            found = found or literal is not None
            entries.append(literal if literal is not None else {"role": "assistant", "parts": [part]})
    if not found:
        return None
    messages = read_messages(entries, "assistant")
    return join_items(messages) if messages else None


def _is_repr(part: Any) -> bool:
    """Whether a text part holds the client's object of an item or of a message."""
    content = part.get("content") if is_mapping(part) and part.get("type") == "text" else None
    return isinstance(content, str) and (content.startswith(("Response", "{'")) and content.endswith((")", "}")))
