"""Langtrace: steps without an attribute, told by their scope; calls by GenAI's conventions with names of its own.

https://docs.langtrace.ai/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_COMPLETION,
    GEN_AI_CONTENT_COMPLETION,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
)
from otel_posthog_ai.reading.answer_attributes import calls_written_as_text
from otel_posthog_ai.reading.bodies import read_said
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, identifier, text
from otel_posthog_ai.record import AISpan

NAME = "langtrace"
PREFIXES = ("langtrace.service.",)
TYPESCRIPT = "@langtrase/typescript-sdk"
AI_SCOPES = ("langtrace_python_sdk", TYPESCRIPT)
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ("langtrace.", "instructions")
LABELS = {
    "langtrace_python_sdk.instrumentation.openai.instrumentation": "langtrace-python-sdk",
    "langtrace_python_sdk.utils.with_root_span": "langtrace-python-sdk",
    TYPESCRIPT: "@langtrase/typescript-sdk",
}
STEP = "langtrace_python_sdk.utils.with_root_span"
FIELDS: Table = (
    Row("response_id", ("gen_ai.response_id",), identifier),
    Row("instructions", ("instructions",), text),
)
_SERVICE, _SERVICE_TYPE = "langtrace.service.name", "langtrace.service.type"
_OF_THE_APP = ("http.max.retries", "http.timeout")
_STREAM_STARTS = "stream.start"


def read(record: AISpan, source: Source) -> None:
    is_step = source.scope == STEP or (source.scope == TYPESCRIPT and not source.has(_SERVICE_TYPE))
    fill(record, FIELDS, source)
    if source.scope == TYPESCRIPT:
        _read_typescript(record, source)
    if is_step:
        weigh(record, source, CUSTOM)


def _read_typescript(record: AISpan, source: Source) -> None:
    record.identity.user = record.identity.user or identifier(source.take("user_id"))
    source.discard(*_OF_THE_APP)
    if source.attributes.get(_SERVICE) == "anthropic":
        # Up to version 6.3.7, the last one, it writes each count under the name of the other.
        record.usage.input = count(source.take(GEN_AI_USAGE_OUTPUT_TOKENS))
        record.usage.output = count(source.take(GEN_AI_USAGE_INPUT_TOKENS))
    said = [
        event.attributes.get(GEN_AI_COMPLETION) for event in source.events if event.name == GEN_AI_CONTENT_COMPLETION
    ]
    if any(event.name == _STREAM_STARTS for event in source.events):
        record.stream = True
        said = said[-1:]  # each event of a stream repeats all that came so far
    answer = [
        each
        for value in said
        for message in read_said(value, "assistant") or ()
        for each in calls_written_as_text(message)
    ]
    record.output = answer or None
