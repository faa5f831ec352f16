"""Pipecat: a conversation of turns, each with what was heard, asked, answered and said.

Its own tracing (`enable_tracing`, https://docs.pipecat.ai/server/utilities/opentelemetry) follows the GenAI conventions
in its model calls, but for their content; OpenInference's instrumentor calls all of it LLM.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.openinference import OUTPUT_VALUE
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import flag, identifier, mapping, number, parse_json, text
from otel_posthog_ai.record import SPEECH, AISpan, SpanType

NAME = "pipecat"
PREFIXES = ("turn.number", "conversation.type", "metrics.ttfb", "metrics.character_count")
AI_SCOPES = ("pipecat",)
IDENTITY = IdentityKeys(incidental_session=("conversation.id",))
PLUMBING = (
    "conversation.id", "conversation.type", "extra", "input", "instructions", "is_final", "language", "output",
    "system", "text", "tool_count", "transcript", "user_id", "vad_enabled", "voice_id",
)  # fmt: skip
LABELS = {"pipecat": "pipecat-ai (its own spans)", "pipecat.turn": "pipecat-ai (its own spans)"}
OPENINFERENCE = "openinference.instrumentation.pipecat"
SIGNS = Signs(scopes=(NAME, OPENINFERENCE), scopes_begin=(f"{NAME}.",))
FRAMEWORK = "pipecat"

STEPS: dict[str, SpanType] = {
    "conversation": "workflow",
    "turn": "chain",
    "conversation.turn": "chain",
    "stt": "transcription",
    "tts": "speech",
    "llm_setup": "task",
    "llm_request": "task",
    "llm_tool_call": "tool",
    "llm_tool_result": "tool",
}
FIELDS: Table = (
    Row("request_model", ("metrics.model",), text),
    Row("time_to_first_token", ("metrics.ttfb", "service.ttfb_seconds"), number),
    Row("stream", ("stream",), flag),
    Row("response_id", ("response.id",), identifier),
    Row("tools", ("tools", "tools.definitions"), read_tools),
)
PARAMETERS = {"voice_id": "voice", "settings.voice": "voice", "settings.language": "language", "language": "language"}
_TURNS = ("turn.number", "conversation.turn_number")
# What the pipeline notes of itself: its settings, its turns, its frames, and once more what stands in the messages.
_NOTES = (
    "param.", "settings.", "turn.", "conversation.", "tools.", "session.", "service.", "response.", "context.",
    "frame.", "message.", "metrics.processor",
)  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    record.span_type = STEPS.get(source.name.removeprefix("pipecat."))
    fill(record, FIELDS, source)
    turn = number(source.first(*_TURNS))
    if record.span_type == "chain" and turn is not None:
        record.name = f"turn {turn:g}"
    for key, name in PARAMETERS.items():
        value = text(source.attributes.get(key))
        if value is not None and record.span_type in SPEECH:
            record.parameters.setdefault(name, value)
    if source.scope == OPENINFERENCE:
        _read_settings(record, source)
    _read_content(record, source)
    source.used.update(key for key in source.attributes if key.startswith(_NOTES))


def _read_settings(record: AISpan, source: Source) -> None:
    """What OpenInference writes as metadata are the settings of the service, which the user did not write there."""
    settings = mapping(source.attributes.get("metadata"))
    source.discard("metadata")
    if settings and record.span_type is None:
        read_request(record, settings)


def _read_content(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    if record.span_type == "speech":
        said = text(attributes.get("text")) or text(attributes.get(OUTPUT_VALUE))
        record.input_state = record.input_state if said is None else said.strip()
        source.discard(OUTPUT_VALUE)
    elif record.span_type == "transcription":
        record.output_state = attributes.get("transcript", record.output_state)
    elif record.span_type is None:
        record.input = record.input or read_messages(attributes.get("input"), "user")
        record.output = record.output or read_messages(_spoken(attributes.get("output")), "assistant")
    else:
        for field, key in (("input_state", "input"), ("output_state", "output")):
            if unset(getattr(record, field)) and key in attributes:
                setattr(record, field, parse_json(attributes[key]))


def _spoken(value: Any) -> Any:
    """What the model said is a text, whatever it looks like."""
    return [{"role": "assistant", "content": value}] if isinstance(value, str) else value
