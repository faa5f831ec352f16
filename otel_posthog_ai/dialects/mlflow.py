"""MLflow's own spans: `mlflow.*`, one JSON object or text per field.

https://mlflow.org/docs/latest/genai/tracing/
"""

from __future__ import annotations

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_spans import VendorKeys, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "mlflow"
PREFIXES = ("mlflow.span", "mlflow.chat.", "mlflow.llm.")
PLUMBING = ("mlflow.",)
KEYS = VendorKeys(
    kind=("mlflow.spanType",),
    input=("mlflow.spanInputs",),
    output=("mlflow.spanOutputs",),
    usage=("mlflow.chat.tokenUsage",),
    model=("mlflow.llm.model",),
    provider=("mlflow.llm.provider", "mlflow.llm.modelProvider"),
    tools=("mlflow.chat.tools",),
)


def recognises(source: Source) -> bool:
    return source.has(*KEYS.kind, *KEYS.input)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
