"""Gemini CLI and its forks: the GenAI conventions with operations of their own.

https://geminicli.com/docs/cli/telemetry/ ; its log records are read in `agent_logs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.attribute_names.coding_agents import INSTALLATION_ID
from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROMPT_NAME,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_TOOL_NAME,
)
from otel_posthog_ai.reading.identity import ACCOUNT_KEYS, IdentityKeys
from otel_posthog_ai.reading.messages import read_instructions, read_messages
from otel_posthog_ai.reading.pieces import answer_of_pieces
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import identifier, json_text, object_of, text
from otel_posthog_ai.record import AISpan, Failure, Kind, SpanType

NAME = "gemini_cli"
PREFIXES = ()
SCOPES = ("gemini-cli", "qwen-code")
SIGNS = Signs(scopes=SCOPES)
# Whoever it is that works with this installation; who logged in says so in `user.email`.
IDENTITY = IdentityKeys(incidental_user=(INSTALLATION_ID,))
PLUMBING = (*ACCOUNT_KEYS, INSTALLATION_ID)
LABELS = {"gemini-cli": "Gemini CLI"}
KINDS: dict[str, tuple[Kind, SpanType | None]] = {
    "llm_call": ("generation", None),
    "tool_call": ("span", "tool"),
    "schedule_tool_calls": ("span", "chain"),
    "agent_call": ("span", "agent"),
    "user_prompt": ("span", "agent"),
}


def read(record: AISpan, source: Source) -> None:
    record.framework = source.scope
    kind = KINDS.get(str(source.attributes.get(GEN_AI_OPERATION_NAME)))
    if kind is None:
        return
    record.kind, record.span_type = kind
    source.discard(GEN_AI_PROMPT_NAME)  # the id of the user's prompt
    if record.kind == "generation":
        record.input = read_messages(source.take(GEN_AI_INPUT_MESSAGES), "user")
        record.instructions = read_instructions(json_text(source.take(GEN_AI_SYSTEM_INSTRUCTIONS)))
        record.output = answer_of_pieces(json_text(source.take(GEN_AI_OUTPUT_MESSAGES)))
        return
    given, result = json_text(source.take(GEN_AI_INPUT_MESSAGES)), json_text(source.take(GEN_AI_OUTPUT_MESSAGES))
    source.discard(GEN_AI_INPUT_MESSAGES, GEN_AI_OUTPUT_MESSAGES)
    if record.span_type == "tool":
        _read_tool(record, source, object_of(given), object_of(result))
        return
    record.input_state, record.output_state = read_state(given), read_state(result, "assistant")


def _read_tool(record: AISpan, source: Source, given: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    record.name = record.tool_name = text(source.take(GEN_AI_TOOL_NAME))
    record.tool_call_id = identifier(source.take("gen_ai.tool.call_id"))
    record.input_state = given.get("args", dict(given))
    response = object_of(result.get("response"))
    record.output_state = response.get("resultDisplay", response.get("responseParts", dict(response)))
    error = object_of(response.get("error"))
    if result.get("status") == "error":
        record.error = Failure(text(response.get("errorType")), text(error.get("message")))
