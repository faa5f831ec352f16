"""Spans of SDKs that write one JSON object per field: MLflow (`mlflow.*`), Braintrust, Laminar (`lmnr.*`).

https://mlflow.org/docs/latest/genai/tracing/, https://docs.lmnr.ai/tracing/,
https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry
"""

from __future__ import annotations

from typing import Any, NamedTuple

from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.kinds import CUSTOM, name_after_span, stated_by, weigh
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import metadata_of, read_metadata, user_tags
from otel_posthog_ai.reading.values import is_mapping, json_text, number, text
from otel_posthog_ai.record import AISpan

NAME = "vendor_spans"
PREFIXES = ("mlflow.span", "mlflow.chat.", "mlflow.llm.", "braintrust.", "lmnr.span.")
IDENTITY = keys_below("lmnr.association.properties.", "lmnr.association.properties.metadata.")
LABELS = {"lmnr.tracer": "@lmnr-ai/lmnr"}


class Vendor(NamedTuple):
    """Where one vendor writes what."""

    kind: tuple[str, ...]
    input: tuple[str, ...]
    output: tuple[str, ...]
    usage: tuple[str, ...]
    metadata: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    properties: str = ""
    """Prefix under which each entry of the user's metadata is an attribute of its own."""
    marks: tuple[str, ...] = ()
    """What stands on every span, also on those of other instrumentors."""

    def wrote(self, source: Source) -> bool:
        return source.has(*self.kind, *self.input, *self.marks)


VENDORS: tuple[Vendor, ...] = (
    Vendor(
        kind=("mlflow.spanType",),
        input=("mlflow.spanInputs",),
        output=("mlflow.spanOutputs",),
        usage=("mlflow.chat.tokenUsage",),
        model=("mlflow.llm.model",),
        provider=("mlflow.llm.provider", "mlflow.llm.modelProvider"),
        tools=("mlflow.chat.tools",),
    ),
    Vendor(
        kind=("braintrust.span_attributes",),
        input=("braintrust.input_json", "braintrust.input"),
        output=("braintrust.output_json", "braintrust.output"),
        usage=("braintrust.metrics",),
        metadata=("braintrust.metadata",),
        tags=("braintrust.tags",),
    ),
    Vendor(
        kind=("lmnr.span.type",),
        input=("lmnr.span.input",),
        output=("lmnr.span.output",),
        usage=(),
        tags=("lmnr.association.properties.tags",),
        properties="lmnr.association.properties.metadata.",
        marks=("lmnr.span.path",),
    ),
)
# Settings among Braintrust's metadata, which are the call's and not the user's.
_SETTINGS = frozenset({"model", "provider", "temperature", "top_p", "max_tokens", "stream", "tools", "response_format"})
_BOOKKEEPING = ("mlflow.", "braintrust.", "lmnr.")


def recognises(source: Source) -> bool:
    return any(vendor.wrote(source) for vendor in VENDORS)


def read(record: AISpan, source: Source) -> None:
    for vendor in VENDORS:
        if vendor.wrote(source):
            _read(record, source, vendor)
    for key in source.attributes:
        if key.startswith(_BOOKKEEPING):
            source.used.add(key)


def _read(record: AISpan, source: Source, vendor: Vendor) -> None:
    stated = json_text(source.first(*vendor.kind))
    stated = text(stated.get("type")) if is_mapping(stated) else text(stated)
    weigh(record, source, None if stated is None else stated_by(stated) or CUSTOM)
    given, result = json_text(source.first(*vendor.input)), json_text(source.first(*vendor.output))
    metadata = metadata_of(source.first(*vendor.metadata))
    read_metadata(record, {key: value for key, value in metadata.items() if key not in _SETTINGS})
    if vendor.properties:
        read_metadata(record, source.below(vendor.properties))
    record.tags = record.tags or user_tags(source.first(*vendor.tags))
    if record.kind == "span":
        name_after_span(record, source)
        _read_step(record, given, result)
        return
    record.request_model = record.request_model or text(json_text(source.first(*vendor.model)))
    record.provider_original = record.provider_original or text(json_text(source.first(*vendor.provider)))
    record.provider_original = record.provider_original or text(metadata.get("provider"))
    record.tools = record.tools or read_tools(source.first(*vendor.tools))
    usage = metadata_of(source.first(*vendor.usage))
    fill_usage(record.usage, read_raw_usage(usage))
    if record.time_to_first_token is None:
        record.time_to_first_token = number(usage.get("time_to_first_token"))
    read_request(record, {key: value for key, value in metadata.items() if key in _SETTINGS})
    _read_call(record, given, result)


def _read_step(record: AISpan, given: Any, result: Any) -> None:
    if unset(record.input_state) and given is not None and given != "":
        record.input_state = read_state(given, "user")
    if unset(record.output_state) and result is not None and result != "":
        record.output_state = read_state(result, "assistant")


def _read_call(record: AISpan, given: Any, result: Any) -> None:
    if record.kind == "embedding":
        if record.embedding_input is None:
            record.embedding_input = embedding_texts(given.get("input", given) if is_mapping(given) else given)
        return
    if is_mapping(given):
        read_request(record, given)
    if unset(record.input):
        record.input = read_messages(given, "user")
    if unset(record.output):
        record.output = raw_output(result)
    read_raw_answer(record, result)
