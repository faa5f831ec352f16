"""WhyLabs' OpenLLMTelemetry: OpenLLMetry's words on calls, each below an `interaction` that does nothing itself.

https://github.com/whylabs/openllmtelemetry
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "openllmtelemetry"
SCOPE = "openllmtelemetry."
PREFIXES = ()
SIGNS = Signs(scopes_begin=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("span.type", "openai.client.version")
LABELS = {"openllmtelemetry.instrumentation.openai.v1": "openllmtelemetry"}
FIELDS: Table = (Row("base_url", ("llm.base_url",), text),)


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    record.noise = record.noise or source.name == "interaction"
