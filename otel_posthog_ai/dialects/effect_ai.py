"""Effect (`@effect/ai`): calls by `gen_ai`, with options of its own beside; tools by the name of the span alone.

https://effect.website/docs/ai/introduction/ ; the tracer has the name of the app's service, so that the scope says
nothing. What a tool gave is on no span.
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import identifier, json_text, text
from otel_posthog_ai.record import AISpan

NAME = "effect_ai"
PREFIXES = ()
_TOOL_SPAN, _CALL_SPANS = "Toolkit.handle", "LanguageModel."
SIGNS = Signs(names=(_TOOL_SPAN,), names_begin=(_CALL_SPANS,))
AI_NAMES = {"": (_TOOL_SPAN,)}
FRAMEWORK = "effect"
_TOOL, _CHOICE = "tool", "toolChoice"
PLUMBING = ("concurrency", _CHOICE, "objectName")


def recognises(source: Source) -> bool:
    return (source.name == _TOOL_SPAN and _TOOL in source.attributes) or (
        source.name.startswith(_CALL_SPANS) and _CHOICE in source.attributes
    )


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name == _TOOL_SPAN:
        record.kind, record.span_type = "span", "tool"
        record.name = record.tool_name = text(source.take(_TOOL))
        given = source.take("parameters")
        if given is not None:
            record.input_state = read_state(given)
        return
    choice = json_text(source.take(_CHOICE))  # "undefined" where the app says nothing of it
    if identifier(choice) is not None or not isinstance(choice, str):
        record.parameters["tool_choice"] = choice
