"""Claude Code's own spans, with the GenAI conventions beside its bare names since version 2; none of both is complete.

https://code.claude.com/docs/en/monitoring-usage ; its log records are read in `agent_logs`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_REQUEST_MODEL, GEN_AI_USAGE_INPUT_TOKENS
from otel_posthog_ai.reading.identity import ACCOUNT_KEYS
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, identifier, number, text
from otel_posthog_ai.record import AISpan, Failure, Kind, SpanType

NAME = "claude_code"
PREFIXES = ()
AI_SCOPES = ("com.anthropic.claude_code",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ACCOUNT_KEYS
LABELS = {
    "com.anthropic.claude_code.tracing": "Claude Code",
    "com.anthropic.claude_code.events": "Claude Code (its log records)",
}
FRAMEWORK = "claude-code"
TYPE = "span.type"
KINDS: dict[str, tuple[Kind, SpanType | None]] = {
    "interaction": ("span", "agent"),
    "llm_request": ("generation", None),
    "tool": ("span", "tool"),
    "tool.execution": ("span", "tool"),
    "hook": ("span", "chain"),
}
# Waiting for the user's consent is part of the tool's run.
NOISE = "tool.blocked_on_user"
# What the user's own settings keep out of the telemetry.
REDACTED = "<REDACTED>"

CALL: Table = (
    Row("request_model", (GEN_AI_REQUEST_MODEL, "model"), text),
    Row("finish_reason", ("stop_reason",), text),
    Row("usage.output", ("output_tokens",), count),
    Row("usage.cache_read", ("cache_read_tokens",), count),
    Row("usage.cache_write", ("cache_creation_tokens",), count),
)
# What a tool was asked, where its whole input is not recorded.
TOOL_INPUT = ("file_path", "full_command", "skill_name", "subagent_type")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    stated = str(source.attributes.get(TYPE) or "")
    if stated in KINDS:
        record.kind, record.span_type = KINDS[stated]
    record.noise = record.noise or stated == NOISE
    if record.kind == "generation" and stated:
        _read_call(record, source)
    elif record.span_type == "tool" and stated:
        _read_tool(record, source)
    elif stated == "interaction":
        asked = _said(source.attributes.get("user_prompt"))
        if asked is not None:
            record.input_state = read_messages(asked, "user")
    if stated:
        source.used.update(source.attributes)


def _read_call(record: AISpan, source: Source) -> None:
    if GEN_AI_USAGE_INPUT_TOKENS not in source.attributes:
        record.usage.input = count(source.attributes.get("input_tokens"))
        record.usage.input_excludes_cache = True
    fill(record, CALL, source)
    record.provider_original = "anthropic"
    waited = number(source.attributes.get("ttft_ms"))
    if waited is not None:
        record.stream, record.time_to_first_token = True, waited / 1000
    _read_error(record, source)


def _read_tool(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    record.tool_name = text(attributes.get("tool_name"))
    record.tool_call_id = identifier(attributes.get("tool_use_id"))
    given = attributes.get("tool_input")
    known = {key: attributes[key] for key in TOOL_INPUT if _said(attributes.get(key)) is not None}
    if given is not None or known:
        record.input_state = read_state(given) if given is not None else known
    for event in source.events:
        if event.name == "tool.output" and event.attributes:
            record.output_state = dict(event.attributes)
    _read_error(record, source)


def _read_error(record: AISpan, source: Source) -> None:
    message = text(source.attributes.get("error"))
    if message is not None or str(source.attributes.get("success")).lower() == "false":
        status = number(source.attributes.get("status_code"))
        record.error = Failure(
            text(source.attributes.get("error_class")), message, int(status) if status is not None else None
        )


def _said(value: Any) -> str | None:
    found = text(value)
    return None if found == REDACTED else found
