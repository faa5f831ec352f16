"""Logfire's own integrations of model clients.

Names are templates, the readable text stands in `logfire.msg`. A streamed call is two spans: the call itself, which
ends when the stream begins, and a log of no duration that holds the answer and is written when the stream ends.
"""

from __future__ import annotations

import hashlib
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_ID,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_RAW,
)
from otel_posthog_ai.attribute_names.logfire import LOGFIRE_MSG_TEMPLATE, OPERATION_COST
from otel_posthog_ai.reading.content_events import read_event_list
from otel_posthog_ai.reading.messages import read_instructions, read_messages
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import finish_reason, flag, mapping, number, text, texts
from otel_posthog_ai.record import AISpan

from .gen_ai import parameter

NAME = "logfire"
PREFIXES = (LOGFIRE_MSG_TEMPLATE,)
AI_SCOPES = (
    "logfire.openai",
    "logfire.anthropic",
    "logfire.google_genai",
)
PLUMBING = (
    "logfire.",
    "baggage_conflict.",
    "async",
    "duration",
    "message_template",
    OPERATION_COST,
    "request_data",
    "response_data",
)
SCOPE_PREFIX = "logfire."
SIGNS = Signs(scopes_begin=(SCOPE_PREFIX,))
AGENTS_SCOPE = "logfire.openai_agents"

FIELDS: Table = (
    Row("cost.total", (OPERATION_COST,), number),
    Row("tags", ("logfire.tags",), texts),
)
# What a request holds beside its parameters.
NOT_PARAMETERS = frozenset(
    {"messages", "model", "input", "instructions", "tools", "stream", "prompt", "system", "metadata", "user",
     "base_url", "timeout", "retry", "extra_headers", "extra_query", "extra_body", "extra_args"}
)  # fmt: skip
# What the two halves of a streamed call have in common, and what only an answered call has.
SHARED_KEYS = (GEN_AI_REQUEST_MODEL, "request_data", GEN_AI_SYSTEM_INSTRUCTIONS, GEN_AI_INPUT_MESSAGES)
ANSWER_KEYS = (GEN_AI_RESPONSE_ID, GEN_AI_OUTPUT_MESSAGES, GEN_AI_USAGE_INPUT_TOKENS, "response_data")


def recognises(source: Source) -> bool:
    return source.scope != AGENTS_SCOPE and any(key.startswith("gen_ai.") for key in source.attributes)


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    record.name = readable_name(source)
    request = mapping(source.take("request_data"))
    if request is not None:
        # What came from the cache was added to the input, also where the provider leaves it out.
        record.usage.input_excludes_cache = False
        read_request(record, source, request)
        _read_response(record, mapping(source.take("response_data")))
        _read_events(record, source)
        _read_halves(record, source)
    _read_usage(record, source)


def readable_name(source: Source) -> str | None:
    """The text that the template of the name stands for."""
    message = text(source.take("logfire.msg"))
    return message if message is not None and "\n" not in message else None


def read_request(record: AISpan, source: Source, request: dict[str, Any]) -> None:
    """The body of a request: parameters, definitions of tools, and the input where no newer attribute has it."""
    if flag(request.get("stream")):
        record.stream = True
    read_parameters(record, request)
    if not record.tools:
        record.tools = read_tools(request.get("tools"))
    said = next((request[key] for key in ("messages", "input", "prompt") if request.get(key) is not None), None)
    if said is None or source.has(GEN_AI_INPUT_MESSAGES):
        return
    record.input = read_messages([said] if isinstance(said, str) else said, "user")
    record.instructions = read_instructions(request.get("system") or request.get("instructions"))


def read_parameters(record: AISpan, settings: dict[str, Any] | None) -> None:
    """Request parameters among `settings`, as far as they were set."""
    for key, value in (settings or {}).items():
        if key not in NOT_PARAMETERS and not unset(value):
            record.parameters.setdefault(key, parameter(value))


def _read_response(record: AISpan, response: dict[str, Any] | None) -> None:
    """The answer as version 1 of the integration writes it."""
    if response is None:
        return
    said = next((response[key] for key in ("message", "text", "combined_chunk_content") if response.get(key)), None)
    record.output = read_messages([said] if isinstance(said, str) else said, "assistant")
    record.finish_reason = finish_reason(response.get("finish_reason"))
    fill_usage(record.usage, read_raw_usage(response.get("usage")))


def _read_events(record: AISpan, source: Source) -> None:
    said = read_event_list(source.take("events"))
    if not source.has(GEN_AI_INPUT_MESSAGES):
        record.input = record.input or said.inputs or None
    if not source.has(GEN_AI_OUTPUT_MESSAGES):
        record.output = record.output or said.outputs or None


def _read_usage(record: AISpan, source: Source) -> None:
    """The provider's own counts know the cache and the reasoning; Logfire's know the whole input."""
    raw = read_raw_usage(source.take(GEN_AI_USAGE_RAW))
    if raw is not None and source.has(GEN_AI_USAGE_INPUT_TOKENS):
        raw.input = raw.output = None
    fill_usage(record.usage, raw)


def _read_halves(record: AISpan, source: Source) -> None:
    answer = source.attributes.get("logfire.span_type") == "log"
    if answer:
        lasted = number(source.take("duration"))
        if lasted is None:
            return
        record.pair_time_ns = record.start_ns = record.end_ns - int(lasted * 1e9)
    elif source.status_error or source.has(*ANSWER_KEYS):
        return
    record.stream = True
    shared = "\0".join(str(source.attributes.get(key)) for key in SHARED_KEYS)
    record.pair_key = hashlib.sha1(shared.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
