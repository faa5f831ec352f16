"""MLflow's own spans: `mlflow.*`, one JSON object or text per field; the request's parameters stand beside them.

https://mlflow.org/docs/latest/genai/tracing/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME
from otel_posthog_ai.reading.content_events import read_first_token
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.stream_chunks import read_chunks
from otel_posthog_ai.reading.values import json_text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "mlflow"
PREFIXES = ("mlflow.span", "mlflow.chat.", "mlflow.llm.")
SCOPE = "mlflow."
LABELS = {"mlflow.tracing.provider": "mlflow"}
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
SIGNS = Signs(scopes_begin=(SCOPE,), keys=(*KEYS.kind, *KEYS.input))
# What its integrations copy of a request, each as an attribute without a namespace whose value is JSON.
_COPIED = (
    "model", "tools", "stream", "stream_options", "instructions", "temperature", "top_p", "max_tokens",
    "max_completion_tokens", "max_output_tokens", "seed", "stop", "n", "response_format", "reasoning",
    "reasoning_effort", "tool_choice", "parallel_tool_calls", "encoding_format", "dimensions", "system",
    "previous_response_id", "frequency_penalty", "presence_penalty",
)  # fmt: skip
_CHUNK = "mlflow.chunk.item."
_CHUNK_VALUE = "mlflow.chunk.value"


def recognises(source: Source) -> bool:
    return source.has(*KEYS.kind, *KEYS.input, GEN_AI_OPERATION_NAME)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    copied = {key: json_text(source.take(key)) for key in source.shape.present(_COPIED)}
    if record.kind == "span":
        return
    read_request(record, copied)
    if record.kind == "generation":
        _read_stream(record, source)


def _read_stream(record: AISpan, source: Source) -> None:
    """The pieces of a stream: of calls of tools MLflow makes no answer, and it says that the answer stopped."""
    chunks = [event for event in source.events if event.name.startswith(_CHUNK)]
    if chunks:
        read_first_token(record, chunks[0])
        read_chunks(record, (event.attributes.get(_CHUNK_VALUE) for event in chunks))
