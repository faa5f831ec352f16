"""Which attribute of the GenAI conventions fills which field, current and deprecated names."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_NAME,
    GEN_AI_COMPLETION,
    GEN_AI_CONTENT_COMPLETION,
    GEN_AI_CONTENT_PROMPT,
    GEN_AI_CONVERSATION_ID,
    GEN_AI_COST_TOTAL_COST,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_IS_STREAMING,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROMPT,
    GEN_AI_PROMPT_NAME,
    GEN_AI_PROVIDER_NAME,
    GEN_AI_REALTIME_SESSION_ID,
    GEN_AI_REQUEST_FUNCTIONS,
    GEN_AI_REQUEST_MAX_TOKENS,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_REQUEST_TEMPERATURE,
    GEN_AI_RESPONSE_FINISH_REASON,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_ID,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    GEN_AI_SYSTEM,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_TOOL_CALL_ID,
    GEN_AI_TOOL_DEFINITIONS,
    GEN_AI_TOOL_NAME,
    GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_1H_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_5M_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    GEN_AI_USAGE_COMPLETION_TOKENS,
    GEN_AI_USAGE_COST,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS_REASONING,
    GEN_AI_USAGE_PROMPT_TOKENS,
    GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    GEN_AI_USAGE_REASONING_TOKENS,
    GEN_AI_USAGE_TOTAL_TOKENS,
    GEN_AI_USER,
)
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_FUNCTIONS, LLM_USER
from otel_posthog_ai.reading.bodies import read_said
from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.messages import read_instructions
from otel_posthog_ai.reading.streamed_pieces import whole_answer
from otel_posthog_ai.reading.table import Row, Table
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import (
    conversation,
    count,
    finish_reason,
    flag,
    identifier,
    number,
    parse_json,
    text,
)


def _messages_in(value: Any) -> Any:
    return read_said(value, "user")


def _messages_out(value: Any) -> Any:
    return read_said(whole_answer(parse_json(value)), "assistant")


FIELDS: Table = (
    Row("operation", (GEN_AI_OPERATION_NAME,), text),
    Row("provider_original", (GEN_AI_PROVIDER_NAME, GEN_AI_SYSTEM), text),
    Row("request_model", (GEN_AI_REQUEST_MODEL,), text),
    Row("response_model", (GEN_AI_RESPONSE_MODEL,), text),
    Row("response_id", (GEN_AI_RESPONSE_ID,), identifier),
    Row("finish_reason", (GEN_AI_RESPONSE_FINISH_REASONS, GEN_AI_RESPONSE_FINISH_REASON), finish_reason),
    Row("stream", ("gen_ai.request.stream", GEN_AI_IS_STREAMING, "gen_ai.request.is_stream",
                   "gen_ai.request.streaming", "gen_ai.request.llm_is_streaming",
                   "gen_ai.response.streaming"), flag),
    # Conventions before this one, and engines that serve models, each have a word of their own.
    Row("time_to_first_token", (GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, "gen_ai.client.operation.time_to_first_chunk",
                                "gen_ai.response.time_to_first_token", "gen_ai.latency.time_to_first_token",
                                "gen_ai.streaming.time_to_first_token", "llm.time_to_first_token"), number),
    Row("usage.input", (GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS,
                        "gen_ai.response.prompt_tokens"), count),
    Row("usage.output", (GEN_AI_USAGE_OUTPUT_TOKENS, GEN_AI_USAGE_COMPLETION_TOKENS,
                         "gen_ai.response.completion_tokens"), count),
    Row("usage.total", (GEN_AI_USAGE_TOTAL_TOKENS,), count),
    Row("usage.cache_read", (GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.cache_read_input_tokens",
                             "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.input_tokens.cached",
                             "gen_ai.usage.cached_tokens", "gen_ai.usage.input_cached_tokens"), count),
    Row("usage.cache_write", (GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, "gen_ai.usage.cache_write.input_tokens",
                              "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
                              "gen_ai.usage.details.cache_write_tokens",
                              "gen_ai.usage.input_tokens.cache_write"), count),
    Row("usage.cache_write_5m", (GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_5M_INPUT_TOKENS,), count),
    Row("usage.cache_write_1h", (GEN_AI_USAGE_CACHE_CREATION_EPHEMERAL_1H_INPUT_TOKENS,), count),
    Row("usage.reasoning", (GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, GEN_AI_USAGE_REASONING_TOKENS,
                            "gen_ai.usage.details.reasoning_tokens", GEN_AI_USAGE_OUTPUT_TOKENS_REASONING,
                            "gen_ai.usage.details.thoughts_tokens", "gen_ai.usage.thinking_tokens"), count),
    Row("usage.audio_input", ("gen_ai.usage.audio.input_tokens", "gen_ai.usage.details.input_audio_tokens"), count),
    Row("usage.audio_output", ("gen_ai.usage.audio.output_tokens", "gen_ai.usage.details.output_audio_tokens"), count),
    Row("usage.cache_read_audio", ("gen_ai.usage.audio.cache_read.input_tokens",), count),
    Row("usage.image_input", ("gen_ai.usage.image.input_tokens",), count),
    Row("usage.image_output", ("gen_ai.usage.image.output_tokens",), count),
    Row("usage.text_input", ("gen_ai.usage.text.input_tokens",), count),
    Row("cost.total", (GEN_AI_USAGE_COST, "gen_ai.usage.total_cost", "gen_ai.usage.cost.total",
                       GEN_AI_COST_TOTAL_COST), number),
    Row("cost.input", ("gen_ai.usage.input_cost", "gen_ai.cost.input_cost", "gen_ai.cost.prompt_cost"), number),
    Row("cost.output", ("gen_ai.usage.output_cost", "gen_ai.cost.output_cost", "gen_ai.cost.completion_cost"), number),
    # The later keys are those of instrumentors from before there was a convention.
    Row("input", (GEN_AI_INPUT_MESSAGES, GEN_AI_PROMPT, GEN_AI_CONTENT_PROMPT, "gen_ai.prompt.messages",
                  "gen_ai.request.messages"), _messages_in),
    Row("output", (GEN_AI_OUTPUT_MESSAGES, GEN_AI_COMPLETION, GEN_AI_CONTENT_COMPLETION, "gen_ai.completion.choices",
                   "gen_ai.completion.messages", "gen_ai.response.messages"), _messages_out),
    Row("instructions", (GEN_AI_SYSTEM_INSTRUCTIONS,), read_instructions),
    Row("tools", (GEN_AI_TOOL_DEFINITIONS, "gen_ai.request.tools", GEN_AI_REQUEST_FUNCTIONS,
                  LLM_REQUEST_FUNCTIONS, "gen_ai.request.available_tools"), read_tools),
    Row("embedding_input", ("gen_ai.embeddings.input", "gen_ai.request.embedding_inputs"), embedding_texts),
    Row("tool_name", (GEN_AI_TOOL_NAME,), text),
    Row("tool_call_id", (GEN_AI_TOOL_CALL_ID,), identifier),
    Row("agent_name", (GEN_AI_AGENT_NAME,), text),
    Row("prompt_name", (GEN_AI_PROMPT_NAME,), text),
    Row("prompt_version", ("gen_ai.prompt.version",), text),
    Row("identity.incidental_session", (GEN_AI_CONVERSATION_ID, GEN_AI_REALTIME_SESSION_ID), conversation),
    Row("identity.incidental_user", (GEN_AI_USER, "gen_ai.request.user", LLM_USER), identifier),
    Row("service_tier", ("openai.response.service_tier", "gen_ai.openai.response.service_tier",
                         "gen_ai.response.service_tier"), text),
)  # fmt: skip

PARAMETERS: dict[str, str] = {
    GEN_AI_REQUEST_TEMPERATURE: "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.top_k": "top_k",
    GEN_AI_REQUEST_MAX_TOKENS: "max_tokens",
    "gen_ai.request.frequency_penalty": "frequency_penalty",
    "gen_ai.request.presence_penalty": "presence_penalty",
    "gen_ai.request.seed": "seed",
    "gen_ai.request.stop_sequences": "stop",
    "gen_ai.request.choice.count": "n",
    "gen_ai.request.candidate_count": "n",
    "gen_ai.request.encoding_formats": "encoding_formats",
    "gen_ai.request.reasoning_effort": "reasoning_effort",
    "gen_ai.request.reasoning.level": "reasoning_effort",
    "gen_ai.request.structured_output_schema": "response_format",
    "gen_ai.embeddings.dimension.count": "dimensions",
    "gen_ai.openai.request.seed": "seed",
    "gen_ai.openai.request.service_tier": "service_tier",
    "gen_ai.openai.request.response_format": "response_format",
    "openai.request.service_tier": "service_tier",
}
PROVIDER_METADATA: dict[str, str] = {
    "openai.api.type": "api_type",
    "openai.response.system_fingerprint": "system_fingerprint",
    "gen_ai.openai.response.system_fingerprint": "system_fingerprint",
    "gen_ai.openai.system_fingerprint": "system_fingerprint",
}
