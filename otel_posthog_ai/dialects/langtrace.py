"""Langtrace: steps without an attribute, told by their scope; calls by GenAI's conventions with names of its own.

https://docs.langtrace.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import identifier, text
from otel_posthog_ai.record import AISpan

NAME = "langtrace"
PREFIXES = ("langtrace.service.",)
AI_SCOPES = ("langtrace_python_sdk",)
PLUMBING = ("langtrace.", "instructions")
LABELS = {
    "langtrace_python_sdk.instrumentation.openai.instrumentation": "langtrace-python-sdk",
    "langtrace_python_sdk.utils.with_root_span": "langtrace-python-sdk",
}
STEP = "langtrace_python_sdk.utils.with_root_span"
FIELDS: Table = (
    Row("response_id", ("gen_ai.response_id",), identifier),
    Row("instructions", ("instructions",), text),
)


def recognises(source: Source) -> bool:
    return source.scope.startswith(AI_SCOPES)


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    if source.scope == STEP:
        weigh(record, source, CUSTOM)
