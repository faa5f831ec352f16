"""Attributes flattened by index, `gen_ai.prompt.0.content` and `gen_ai.completion.0.content`.

OpenLLMetry wrote them until it took over the messages in JSON, many of its instrumentors still do, and so do others
that learned from it. What kind of call it is stands in `llm.request.type`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_COMPLETION,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_IS_STREAMING,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROMPT,
    GEN_AI_REQUEST_FUNCTIONS,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_FINISH_REASON,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_RESPONSE_STOP_REASON,
    GEN_AI_SYSTEM,
    GEN_AI_USAGE_COMPLETION_TOKENS,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_PROMPT_TOKENS,
    GEN_AI_USAGE_REASONING_TOKENS,
    GEN_AI_USAGE_TOTAL_TOKENS,
    GEN_AI_USER,
)
from otel_posthog_ai.attribute_names.openinference import LLM_PROMPTS
from otel_posthog_ai.attribute_names.traceloop import (
    LLM_IS_STREAMING,
    LLM_REQUEST_FUNCTIONS,
    LLM_REQUEST_MODEL,
    LLM_REQUEST_TYPE,
    LLM_TEMPERATURE,
    LLM_TOP_P,
    LLM_USAGE_COMPLETION_TOKENS,
    LLM_USAGE_PROMPT_TOKENS,
    LLM_USAGE_REASONING_TOKENS,
    LLM_USAGE_TOTAL_TOKENS,
    LLM_USER,
)
from otel_posthog_ai.reading.embedding_texts import readable
from otel_posthog_ai.reading.flattened import flattened
from otel_posthog_ai.reading.kind_words import EMBEDDINGS, REQUEST_TYPES
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.messages import message_text, read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters, unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import count, finish_reason, flag, identifier, is_list, is_mapping, parse_json, text
from otel_posthog_ai.record import AISpan, Message

from .gen_ai import parameter
from .traceloop_messages import messages_of

NAME = "traceloop_legacy"
OWN_PREFIXES = (
    "llm.request.", "llm.response.", "llm.usage.", "llm.prompts.", "llm.completions.", LLM_IS_STREAMING, "llm.vendor",
    "gen_ai.request.functions.",
)  # fmt: skip
PREFIXES = ("gen_ai.prompt.", "gen_ai.completion.", *OWN_PREFIXES)
PROMPTS = (GEN_AI_PROMPT, LLM_PROMPTS)
COMPLETIONS = (GEN_AI_COMPLETION, "llm.completions")
SIGNS = Signs(keys_begin=(*OWN_PREFIXES, *PROMPTS, *COMPLETIONS))
FUNCTIONS = (LLM_REQUEST_FUNCTIONS, GEN_AI_REQUEST_FUNCTIONS)
_TOOLS = "gen_ai.request.tools."  # Coralogix flattens the definitions as the request has them

FIELDS: Table = (
    Row("provider_original", (GEN_AI_SYSTEM, "llm.vendor"), text),
    Row("request_model", (GEN_AI_REQUEST_MODEL, LLM_REQUEST_MODEL), text),
    Row("response_model", (GEN_AI_RESPONSE_MODEL, "llm.response.model"), text),
    Row("stream", (LLM_IS_STREAMING, GEN_AI_IS_STREAMING, "llm.request.streaming"), flag),
    Row("finish_reason", (GEN_AI_RESPONSE_FINISH_REASONS, "llm.response.finish_reason", "llm.response.stop_reason",
                          GEN_AI_RESPONSE_STOP_REASON, GEN_AI_RESPONSE_FINISH_REASON), finish_reason),
    Row("usage.input", (GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS, LLM_USAGE_PROMPT_TOKENS), count),
    Row("usage.output", (GEN_AI_USAGE_OUTPUT_TOKENS, GEN_AI_USAGE_COMPLETION_TOKENS,
                         LLM_USAGE_COMPLETION_TOKENS), count),
    Row("usage.total", (GEN_AI_USAGE_TOTAL_TOKENS, LLM_USAGE_TOTAL_TOKENS), count),
    Row("usage.reasoning", (GEN_AI_USAGE_REASONING_TOKENS, LLM_USAGE_REASONING_TOKENS), count),
    Row("identity.incidental_user", (GEN_AI_USER, LLM_USER), identifier),
)  # fmt: skip
PARAMETERS: dict[str, str] = {
    "llm.frequency_penalty": "frequency_penalty",
    "llm.presence_penalty": "presence_penalty",
    "llm.top_k": "top_k",
    LLM_TEMPERATURE: "temperature",
    LLM_TOP_P: "top_p",
    "llm.chat.stop_sequences": "stop",
    "llm.request.max_tokens": "max_tokens",
    "llm.request.temperature": "temperature",
    "llm.request.top_p": "top_p",
    "llm.request.reasoning_effort": "reasoning_effort",
    "llm.request.repetition_penalty": "repetition_penalty",
    "llm.watsonx.decoding_method": "decoding_method",
    "llm.watsonx.random_seed": "seed",
    "llm.watsonx.max_new_tokens": "max_tokens",
    "llm.watsonx.min_new_tokens": "min_tokens",
    "llm.watsonx.repetition_penalty": "repetition_penalty",
    "watsonx.api_version": "api_version",
}

# Instrumentors that write each piece of an answer as if it were a completion.
IN_PIECES = frozenset({"opentelemetry.instrumentation.replicate"})


def recognises(source: Source) -> bool:
    return any(key.startswith(OWN_PREFIXES) or _is_indexed(key) for key in source.attributes)


def _is_indexed(key: str) -> bool:
    """`gen_ai.prompt.0.role`, and not `gen_ai.prompt.name`."""
    return key.startswith(PROMPTS + COMPLETIONS) and key.count(".") > 2 and key.split(".")[2].isdigit()


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    fill_parameters(record, PARAMETERS, source, parameter)
    kind = str(
        source.take(LLM_REQUEST_TYPE) or record.operation or source.attributes.get(GEN_AI_OPERATION_NAME) or ""
    ).lower()
    prompts = _entries(source, PROMPTS)
    completions = _entries(source, COMPLETIONS)
    if kind == "rerank":
        _read_rerank(record, prompts, completions)
        return
    if source.has(LLM_REQUEST_TYPE) and not _is_call(record, prompts, completions):
        source.discard(LLM_REQUEST_TYPE)  # set up a client, asked for its details: stamped as calls are
        record.span_type, record.noise = record.span_type or "custom", not source.status_error
        return
    if record.span_type is None and record.kind == "span":
        record.kind = "embedding" if kind in EMBEDDINGS else REQUEST_TYPES.get(kind, "span")
        weigh(record, source)  # these words are written without a type of request, too
    if kind in EMBEDDINGS:
        if record.embedding_input is None:
            record.embedding_input = _embedded(prompts)
        return
    if not record.input:
        record.input = _fuller(messages_of(prompts, "user"), source.attributes.get(GEN_AI_INPUT_MESSAGES))
    # LiteLLM's message of an answer that only calls tools has no parts: the call stands here alone.
    said = read_messages(source.attributes.get(GEN_AI_OUTPUT_MESSAGES), "assistant") if completions else None
    if not record.output and not said:
        record.output = messages_of(_whole(completions) if source.scope in IN_PIECES else completions, "assistant")
    if record.finish_reason is None:
        record.finish_reason = next(
            (found for each in completions if (found := finish_reason(each.get("finish_reason")))), None
        )
    if not record.tools:
        record.tools = _tools(source)


def _fuller(flattened: list[Message] | None, in_json: Any) -> list[Message] | None:
    """The flattened messages, unless they stand as JSON, too, and no fewer of them."""
    if in_json is None or not flattened:
        return flattened
    return flattened if len(flattened) > len(read_messages(in_json, "user") or ()) else None


def _whole(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pieces of one text as one completion; several files stay several."""
    contents = [each["content"] for each in pieces if isinstance(each.get("content"), str)]
    if len(contents) < len(pieces) or any(each.startswith(("http://", "https://")) for each in contents):
        return pieces
    return [{"content": "".join(contents)}] if contents else []


def _is_call(record: AISpan, prompts: list[dict[str, Any]], completions: list[dict[str, Any]]) -> bool:
    """Whether the span names a model or holds anything that was said or counted."""
    named = record.request_model or record.response_model
    return bool(named or prompts or completions or record.usage.input is not None)


def _entries(source: Source, prefixes: tuple[str, ...]) -> list[dict[str, Any]]:
    for prefix in prefixes:
        found = source.indexed(prefix)
        if found:
            return list(found.values())
    return []


def _tools(source: Source) -> list[dict[str, Any]] | None:
    tools: list[dict[str, Any]] = []
    for entry in _entries(source, FUNCTIONS):
        name = text(entry.get("name"))
        if name is None:
            continue
        function: dict[str, Any] = {"name": name}
        description = text(entry.get("description"))
        if description is not None:
            function["description"] = description
        schema = parse_json(entry.get("parameters") or entry.get("arguments") or entry.get("input_schema"))
        if is_mapping(schema):
            function["parameters"] = schema
        tools.append({"type": "function", "function": function})
    return tools or read_tools(flattened(source, _TOOLS, parse_json))


def _embedded(entries: list[dict[str, Any]]) -> list[str] | None:
    found: list[str] = []
    for entry in entries:
        whole = parse_json(entry.get("content"))
        if is_list(whole) and all(isinstance(each, str) for each in whole):
            found += whole  # all texts of the request in one
        else:
            found += [message_text(message) for message in messages_of([entry], "user") or ()]
    return [readable(each) for each in found if each] or None


def _read_rerank(record: AISpan, prompts: list[dict[str, Any]], completions: list[dict[str, Any]]) -> None:
    """The documents are the system's prompts, the query is the user's, the ranking is the answer."""
    record.kind, record.span_type = "span", "reranker"
    query = [each.get("content") for each in prompts if each.get("role") == "user"]
    documents = [each.get("content") for each in prompts if each.get("role") != "user"]
    if prompts and unset(record.input_state):
        record.input_state = {"query": query[-1] if query else None, "documents": documents}
    if completions and unset(record.output_state):
        record.output_state = [each.get("content") for each in completions]
