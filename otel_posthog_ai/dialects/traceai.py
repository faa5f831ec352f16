"""OpenInference under GenAI's names, as traceAI (Future AGI) writes it: `gen_ai.span.kind`, messages by index.

https://github.com/future-agi/traceAI
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_TOOL_DEFINITIONS,
    GEN_AI_USAGE_OUTPUT_TOKENS_REASONING,
)
from otel_posthog_ai.attribute_names.openinference import (
    EMBEDDING_TEXT,
    INPUT_VALUE,
    LLM_INVOCATION_PARAMETERS,
    OUTPUT_VALUE,
    TAG_TAGS,
    TOOL_JSON_SCHEMA,
)
from otel_posthog_ai.reading.content_events import FIRST_TOKEN_EVENTS, read_first_token
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM, stated_by
from otel_posthog_ai.reading.kinds import name_after_span, weigh
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import read_metadata, user_tags
from otel_posthog_ai.reading.values import count, mapping, parse_json, text
from otel_posthog_ai.record import AISpan

from .openinference_messages import flattened_messages, flattened_texts
from .openinference_steps import read_step

NAME = "traceai"
KIND_KEYS = ("gen_ai.span.kind", "fi.span.kind")
# Marks of a call whose span does not state its kind.
UNSTATED = ("gen_ai.input.messages.0.message.role", "gen_ai.output.messages.0.message.role")
PREFIXES = KIND_KEYS
SIGNS = Signs(keys=(*KIND_KEYS, *UNSTATED))
PLUMBING = ("fi.", "metadata", TAG_TAGS)
FIELDS: Table = (
    Row("tags", (TAG_TAGS,), user_tags),
    Row("usage.cache_read", ("gen_ai.usage.input_tokens.cache_read",), count),
    Row("usage.cache_write", ("gen_ai.usage.input_tokens.cache_write",), count),
    Row("usage.reasoning", (GEN_AI_USAGE_OUTPUT_TOKENS_REASONING,), count),
)


def read(record: AISpan, source: Source) -> None:
    stated = source.first(*KIND_KEYS)
    weigh(record, source, CALL if stated is None else stated_by(stated) or CUSTOM)
    fill(record, FIELDS, source)
    read_metadata(record, source.take("metadata"))
    if record.kind == "span":
        name_after_span(record, source)
        read_step(record, source)
    else:
        _read_call(record, source)


def _read_call(record: AISpan, source: Source) -> None:
    parameters = mapping(source.first("gen_ai.request.parameters", LLM_INVOCATION_PARAMETERS)) or {}
    read_request(record, parameters)
    if record.response_model is None and not source.status_error:
        # What is called the requested model is the answer's, where there was an answer.
        record.response_model = text(source.attributes.get(GEN_AI_REQUEST_MODEL))
    definitions = flattened_texts(source, GEN_AI_TOOL_DEFINITIONS, TOOL_JSON_SCHEMA)
    if not record.tools:
        record.tools = read_tools(definitions) if definitions else None
    for event in source.events:
        if event.name in FIRST_TOKEN_EVENTS:
            read_first_token(record, event)
    given, answer = parse_json(source.take(INPUT_VALUE)), parse_json(source.take(OUTPUT_VALUE))
    if record.kind == "embedding":
        texts = flattened_texts(source, "gen_ai.embeddings", EMBEDDING_TEXT)
        record.embedding_input = record.embedding_input or texts or None
        return
    if unset(record.input):
        record.input = flattened_messages(source, GEN_AI_INPUT_MESSAGES, "user") or _said(given, "user")
    if unset(record.output):
        record.output = flattened_messages(source, GEN_AI_OUTPUT_MESSAGES, "assistant") or _said(answer, "assistant")


def _said(value: Any, role: str) -> Any:
    """A text that stands for the messages, where there are none."""
    return read_messages(value, role) if isinstance(value, str) else None
