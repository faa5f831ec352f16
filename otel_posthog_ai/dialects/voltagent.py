"""VoltAgent for TypeScript: agents, model calls, tools, memory and workflows on the spans of its own tracer.

https://voltagent.dev/docs/observability/ ; the span of a call covers all steps of its agent but counts the last one
alone, and does not say what was answered: the agent around it knows both.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.openinference import LLM_FINISH_REASON, TOOL_NAME
from otel_posthog_ai.attribute_names.traceloop import (
    LLM_TEMPERATURE,
    LLM_TOP_P,
    LLM_USAGE_COMPLETION_TOKENS,
    LLM_USAGE_PROMPT_TOKENS,
    LLM_USAGE_REASONING_TOKENS,
    LLM_USAGE_TOTAL_TOKENS,
)
from otel_posthog_ai.reading.kind_words import WORDS
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters
from otel_posthog_ai.reading.values import count, finish_reason, flag, identifier, json_text, text
from otel_posthog_ai.record import AISpan, Message

NAME = "voltagent"
SCOPE = "@voltagent/core"
PREFIXES = ("voltagent.",)
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "@voltagent/core"}
FRAMEWORK = "voltagent"
ENTITY, TYPE = "entity.type", "span.type"
# What its spans carry for its own console.
_OWN = ("agent.", "ai.", "entity.", "guardrail.", "llm.", "memory.", "operation.", "retriever.", "span.", "tool.",
        "usage.", "voltagent.", "workflow.")  # fmt: skip
_OWN_KEYS = ("conversationId", "userId", "prompt_context")


def _asked(value: Any) -> list[Message] | None:
    return read_messages(json_text(value), "user")


CALL: Table = (
    Row("request_model", ("llm.model",), text),
    Row("input", ("llm.messages",), _asked),
    Row("stream", ("llm.stream",), flag),
    Row("finish_reason", (LLM_FINISH_REASON,), finish_reason),
    Row("usage.input", (LLM_USAGE_PROMPT_TOKENS,), count),
    Row("usage.output", (LLM_USAGE_COMPLETION_TOKENS,), count),
    Row("usage.total", (LLM_USAGE_TOTAL_TOKENS,), count),
    Row("usage.cache_read", ("llm.usage.cached_tokens",), count),
    Row("usage.reasoning", (LLM_USAGE_REASONING_TOKENS,), count),
)
AGENT: Table = (
    Row("request_model", ("ai.model.name",), text),
    Row("usage.input", ("usage.prompt_tokens",), count),
    Row("usage.output", ("usage.completion_tokens",), count),
    Row("usage.total", ("usage.total_tokens",), count),
    Row("usage.cache_read", ("usage.cached_tokens",), count),
    Row("usage.reasoning", ("usage.reasoning_tokens",), count),
)
STEP: Table = (
    Row("tool_name", (TOOL_NAME,), text),
    Row("tool_call_id", ("tool.call.id",), identifier),
    Row("input_state", ("input",), read_state),
    Row("output_state", ("output",), read_state),
)
PARAMETERS = {LLM_TEMPERATURE: "temperature", "llm.max_output_tokens": "max_tokens", LLM_TOP_P: "top_p"}


def read(record: AISpan, source: Source) -> None:
    entity, kind = text(source.take(ENTITY)), text(source.take(TYPE))
    record.framework = FRAMEWORK
    # Read on its own spans only: elsewhere the same key names other things.
    record.identity.session = record.identity.session or identifier(source.take("conversation.id"))
    record.kind, record.span_type = WORDS.get(kind or entity or "", ("span", "task" if kind else "custom"))
    if entity == "agent":
        record.agent_name = text(source.take("entity.name"))
    if record.kind != "span":
        fill(record, CALL, source)
        fill_parameters(record, PARAMETERS, source, lambda value: value)
    else:
        fill(record, STEP, source)
        record.name = record.tool_name
        if kind is None and entity == "agent":
            _read_agent(record, source)
    # What memory does beside searching it: bookkeeping, which repeats the messages of the calls.
    record.noise = kind == "memory" and source.take("memory.semantic") is not True
    _use_up(source)


def _read_agent(record: AISpan, source: Source) -> None:
    record.name = record.agent_name
    fill(record, AGENT, source)
    record.lends = record.lends_usage = True
    record.input = _asked(source.attributes.get("agent.messages"))
    answer = text(source.attributes.get("output"))
    record.output = [{"role": "assistant", "content": answer}] if answer is not None else None


def _use_up(source: Source) -> None:
    source.used.update(key for key in source.attributes if key.startswith(_OWN) or key in _OWN_KEYS)
