"""Which log records of which coding agent say what: one row an agent, its names beside those of the GenAI conventions.

https://code.claude.com/docs/en/monitoring-usage, https://developers.openai.com/codex/config,
https://geminicli.com/docs/cli/telemetry/
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE

from otel_posthog_ai.attribute_names.coding_agents import CONVERSATION_ID
from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_NAME,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_ID,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_1H_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_5M_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    GEN_AI_USAGE_COST,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    GEN_AI_USAGE_TOTAL_TOKENS,
)
from otel_posthog_ai.attribute_names.general import ERROR_MESSAGE, SESSION_ID
from otel_posthog_ai.reading.source import Occurrence


class Role(Enum):
    """What a record is in its conversation."""

    PROMPT = "what the user asked"
    BEGUN = "a request that was answered, when its answer began"
    REQUEST = "the body of a request"
    CALL = "a request and its answer"
    FAILURE = "a request that failed"
    ANSWER = "the text of an answer"
    RESPONSE = "the body of an answer"
    TOOL = "a tool that ran"


class Convention(NamedTuple):
    """One agent, and the forks that kept its records."""

    scopes: tuple[str, ...]
    """How the names of its scopes begin."""
    events: tuple[str, ...]
    """Prefixes of its event names."""
    roles: Mapping[str, Role]
    """Event name without its prefix -> role."""
    session: tuple[str, ...]
    prompt: tuple[str, ...]
    """The id of the user's prompt, where each record has it."""
    provider: str | None
    prompt_span: str
    call_span: str
    fields: Mapping[str, str]
    """Attribute of a call's record -> attribute of a call's span."""

    def role_of(self, record: Occurrence) -> Role | None:
        """None where a record says nothing of a conversation with a model."""
        name = record.name
        for prefix in self.events:
            name = name.removeprefix(prefix)
        role = self.roles.get(name)
        if role in (Role.BEGUN, Role.CALL) and _failed(record.attributes):
            return Role.FAILURE
        if role is Role.CALL and _COUNTS.isdisjoint(record.attributes):
            return None  # one of many records of a stream, and not the last
        return role


_COUNTS = frozenset({"input_tokens", "input_token_count"})
_CLAUDE_CODE = Convention(
    scopes=("com.anthropic.claude_code",),
    events=("claude_code.",),
    roles={
        "user_prompt": Role.PROMPT,
        "api_request_body": Role.REQUEST,
        "api_request": Role.CALL,
        "api_error": Role.FAILURE,
        "assistant_response": Role.ANSWER,
        "api_response_body": Role.RESPONSE,
        "tool_result": Role.TOOL,
    },
    session=(SESSION_ID,),
    prompt=("prompt.id",),
    provider="anthropic",
    prompt_span="claude_code.interaction",
    call_span="claude_code.llm_request",
    fields={
        "model": GEN_AI_REQUEST_MODEL,
        "agent.name": GEN_AI_AGENT_NAME,
        "input_tokens": GEN_AI_USAGE_INPUT_TOKENS,
        "output_tokens": GEN_AI_USAGE_OUTPUT_TOKENS,
        "cache_read_tokens": GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
        "cache_creation_tokens": GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
        "cache_creation_5m_tokens": GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_5M_INPUT_TOKENS,
        "cache_creation_1h_tokens": GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_1H_INPUT_TOKENS,
        "cost_usd": GEN_AI_USAGE_COST,
    },
)
_CODEX = Convention(
    scopes=("codex_",),
    events=("codex.",),
    roles={
        "user_prompt": Role.PROMPT,
        "api_request": Role.BEGUN,
        "websocket_request": Role.BEGUN,
        "sse_event": Role.CALL,
        "tool_result": Role.TOOL,
    },
    session=(CONVERSATION_ID,),
    prompt=(),
    provider=None,
    prompt_span="codex.turn",
    call_span="codex.sampling",
    fields={
        "model": GEN_AI_REQUEST_MODEL,
        "input_token_count": GEN_AI_USAGE_INPUT_TOKENS,
        "output_token_count": GEN_AI_USAGE_OUTPUT_TOKENS,
        "cached_token_count": GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
        "cache_write_token_count": GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
        "reasoning_token_count": GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    },
)
_GEMINI_CLI = Convention(
    scopes=("gemini-cli",),
    events=("gemini_cli.",),
    roles={
        "user_prompt": Role.PROMPT,
        "api_request": Role.REQUEST,
        "api_response": Role.CALL,
        "api_error": Role.FAILURE,
        "tool_call": Role.TOOL,
    },
    session=(SESSION_ID,),
    prompt=("prompt_id",),
    provider=None,
    prompt_span="gemini_cli.prompt",
    call_span="llm_call",
    fields={
        "model": GEN_AI_RESPONSE_MODEL,
        "input_token_count": GEN_AI_USAGE_INPUT_TOKENS,
        "output_token_count": GEN_AI_USAGE_OUTPUT_TOKENS,
        "cached_content_token_count": GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
        "thoughts_token_count": GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
        "total_token_count": GEN_AI_USAGE_TOTAL_TOKENS,
        "finish_reasons": GEN_AI_RESPONSE_FINISH_REASONS,
        "response_id": GEN_AI_RESPONSE_ID,
    },
)
_QWEN_CODE = _GEMINI_CLI._replace(scopes=("qwen-code",), events=("qwen-code.",), prompt_span="qwen_code.prompt")
CONVENTIONS = (_CLAUDE_CODE, _CODEX, _GEMINI_CLI, _QWEN_CODE)


def convention_of(scope: str) -> Convention | None:
    """The convention of a scope's records."""
    for convention in CONVENTIONS:
        if scope.startswith(convention.scopes):
            return convention
    return None


def first_of(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """The first of the attributes that is a text which says something."""
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def _failed(attributes: Mapping[str, Any]) -> bool:
    status = attributes.get(HTTP_RESPONSE_STATUS_CODE)
    return ERROR_MESSAGE in attributes or (isinstance(status, int) and status >= 400)
