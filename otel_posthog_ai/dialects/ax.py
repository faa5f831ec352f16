"""Ax for TypeScript (`@ax-llm/ax`): spans of calls by `gen_ai`, of programs and tools by keys of its own.

https://github.com/ax-llm/ax ; the app names the tracer, so that the scope says nothing. It writes the sum of a call's
tokens as the provider does, but an input without what a cache served or was given, and says of neither.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import TOOL_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Occurrence, Source
from otel_posthog_ai.reading.usage_words import fill_from_events
from otel_posthog_ai.reading.values import finish_reason, identifier, text
from otel_posthog_ai.record import AISpan, Usage

NAME = "ax"
_CALL, _EMBEDDING = "gen_ai.request.llm_is_streaming", "request.startTime"
_PROGRAM, _TYPE, _TOOL = "signature_name", "ax.program.type", "tool.mode"
PREFIXES = ("ax.program.", "signature_name", "tool.mode")
SIGNS = Signs(keys=(_TOOL, _PROGRAM, _CALL, _TYPE, _EMBEDDING))
FRAMEWORK = "ax"
PLUMBING = (
    "ax.", "request.id", "request.startTime", "response.time", "response.retries", "error.time", "error.retries",
    "signature_name", "input_field_count", "output_field_count", "provided_functions", "model",
    "thinking_token_budget", "show_thoughts", "max_steps", "max_retries", "tool.mode",
)  # fmt: skip
_UNNAMED = "unknown_signature"
# Its own word for an answer that calls tools, whoever gave it.
_CALLS_TOOLS = "function_call"


def recognises(source: Source) -> bool:
    if _TOOL in source.attributes:
        return source.has(TOOL_NAME) and "function.id" in source.attributes
    if _PROGRAM in source.attributes:
        return "input_field_count" in source.attributes
    return source.has(_CALL, _TYPE) or (_EMBEDDING in source.attributes and "request.id" in source.attributes)


def read(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    record.framework = FRAMEWORK
    if _CALL in attributes or _EMBEDDING in attributes:
        _read_call(record, source)
    elif _TOOL in attributes:
        record.kind, record.span_type = "span", "tool"
        record.name = record.tool_name = text(source.take(TOOL_NAME))
        record.tool_call_id = identifier(source.take("function.id"))
    else:
        record.kind, record.span_type = "span", "agent" if text(attributes.get(_TYPE)) == "AxAgent" else "chain"
        signature = text(attributes.get(_PROGRAM))
        record.name = signature if signature != _UNNAMED else None


def _read_call(record: AISpan, source: Source) -> None:
    reasons = [finish_reason(event.attributes.get("finish_reason")) for event in source.events if _ends(event)]
    record.finish_reason = "tool_call" if _CALLS_TOOLS in reasons else next(filter(None, reasons), None)
    fill_from_events(record, source)
    record.usage.input = _whole_input(record.usage)


def _ends(event: Occurrence) -> bool:
    return event.name == "gen_ai.choice"


def _whole_input(usage: Usage) -> float | None:
    """The input with what is missing of it in the sum; thoughts that are told stand beside the output."""
    if usage.input is None or usage.total is None:
        return usage.input
    return max(usage.input, usage.total - (usage.output or 0) - (usage.reasoning or 0))
