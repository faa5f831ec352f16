"""OpenLLMetry by Traceloop, and its names from before there was a convention (`llm.…`): https://github.com/traceloop/openllmetry"""

from __future__ import annotations

LLM_IS_STREAMING = "llm.is_streaming"
LLM_REQUEST_FUNCTIONS = "llm.request.functions"
LLM_REQUEST_MODEL = "llm.request.model"
LLM_REQUEST_TYPE = "llm.request.type"
LLM_TEMPERATURE = "llm.temperature"
LLM_TOP_P = "llm.top_p"
LLM_USAGE_COMPLETION_TOKENS = "llm.usage.completion_tokens"
LLM_USAGE_PROMPT_TOKENS = "llm.usage.prompt_tokens"
LLM_USAGE_REASONING_TOKENS = "llm.usage.reasoning_tokens"
LLM_USAGE_TOTAL_TOKENS = "llm.usage.total_tokens"
LLM_USER = "llm.user"
TRACELOOP_ENTITY_INPUT = "traceloop.entity.input"
TRACELOOP_ENTITY_NAME = "traceloop.entity.name"
TRACELOOP_ENTITY_OUTPUT = "traceloop.entity.output"
TRACELOOP_SPAN_KIND = "traceloop.span.kind"
