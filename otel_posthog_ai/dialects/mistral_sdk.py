"""Spans that Mistral's own Python SDK makes: named by the operation of its API, `gen_ai.*` in part."""

from __future__ import annotations

from typing import Any

from opentelemetry.semconv.attributes.server_attributes import SERVER_ADDRESS
from opentelemetry.semconv.attributes.url_attributes import URL_FULL

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, text
from otel_posthog_ai.record import AISpan, Failure, Kind

NAME = "mistral_sdk"
PREFIXES = ("mistral_ai.",)
SCOPE = "mistralai_sdk_tracer"
AI_SCOPES = (SCOPE,)
PLUMBING = ("mistral_ai.",)
OPERATION_ID = "mistral_ai.operation.id"
SIGNS = Signs(scopes=(SCOPE,), keys=(OPERATION_ID,))
# Pieces of an operation's id, in order of preference -> what it is.
KINDS: tuple[tuple[str, Kind], ...] = (
    ("embeddings", "embedding"),
    ("chat_completion", "generation"),
    ("stream_chat", "generation"),
    ("fim", "generation"),
    ("agents_completion", "generation"),
    ("stream_agents", "generation"),
)


def _address(value: Any) -> str | None:
    """The address without the mark that tells streams apart."""
    return (text(value) or "").partition("#")[0] or None


FIELDS: Table = (
    Row("usage.total", ("mistral_ai.request.total_tokens",), count),
    Row("request_url", ("http.url", URL_FULL), _address),
)


def _kind(identifier: str) -> Kind:
    for piece, kind in KINDS:
        if piece in identifier:
            return kind
    return "span"


def _read_error(record: AISpan, source: Source) -> None:
    """The error of the API's answer, which leaves the span's status as it was."""
    kind, message = text(source.take("mistral_ai.error.type")), text(source.take("mistral_ai.error.message"))
    source.take("mistral_ai.error.code")
    if record.error is None and (kind is not None or message is not None):
        record.error = Failure(kind, message)


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    source.below("agent.trace.")
    _read_error(record, source)
    identifier = text(source.take(OPERATION_ID)) or source.name
    if GEN_AI_OPERATION_NAME not in source.attributes and record.kind == "span":
        record.kind = _kind(identifier)
    if record.kind != "span":
        record.provider_original = (
            record.provider_original or text(source.attributes.get(GEN_AI_PROVIDER_NAME)) or "mistral_ai"
        )
    if record.stream is None and record.kind == "generation" and "stream" in identifier:
        record.stream = True
    address = text(source.attributes.get(SERVER_ADDRESS))
    if record.request_url is not None and address is not None:
        start, found, _ = record.request_url.partition(address)
        record.base_url = record.base_url or (f"{start}{address}" if found else None)
