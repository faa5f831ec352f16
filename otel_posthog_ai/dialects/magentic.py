"""Magentic's own spans, which it makes with Logfire: prompt functions, chains of them, and the functions that run."""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "magentic"
PREFIXES = ("self._function.__name__",)
SCOPE = "magentic"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("self._name", "self._function.__name__", "func.__name__", "logfire.")
LABELS = {SCOPE: "magentic (its own spans)"}
FRAMEWORK = "magentic"
_NAMES = ("self._name", "func.__name__")
_TOOL = "self._function.__name__"
_OTHERS = ("code.", "logfire.", "self.", "func.", "gen_ai.")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    tool = text(source.attributes.get(_TOOL))
    if tool is not None:
        record.span_type, record.name, record.tool_name = "tool", tool, tool
    else:
        record.span_type, record.name = "chain", text(source.first(*_NAMES))
    arguments = {key: value for key, value in source.attributes.items() if not key.startswith(_OTHERS)}
    if arguments:
        record.input_state = arguments
        source.used.update(arguments)
