"""Attributes flattened by index, `gen_ai.prompt.0.content` and `gen_ai.completion.0.content`.

OpenLLMetry wrote them until it took over the messages in JSON, many of its instrumentors still do, and so do others
that learned from it. What kind of call it is stands in `llm.request.type`.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from otel_posthog_ai.reading.histories import read_entry
from otel_posthog_ai.reading.kinds import EMBEDDINGS, REQUEST_TYPES
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.messages import message_text, read_message, read_messages
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters, unset
from otel_posthog_ai.reading.values import count, finish_reason, flag, identifier, is_list, is_mapping, parse_json, text
from otel_posthog_ai.record import AISpan, Message

from .gen_ai import parameter

NAME = "traceloop_legacy"
OWN_PREFIXES = (
    "llm.request.", "llm.response.", "llm.usage.", "llm.prompts.", "llm.completions.", LLM_IS_STREAMING, "llm.vendor",
    "gen_ai.request.functions.",
)  # fmt: skip
PREFIXES = ("gen_ai.prompt.", "gen_ai.completion.", *OWN_PREFIXES)
PROMPTS = (GEN_AI_PROMPT, LLM_PROMPTS)
COMPLETIONS = (GEN_AI_COMPLETION, "llm.completions")
FUNCTIONS = (LLM_REQUEST_FUNCTIONS, GEN_AI_REQUEST_FUNCTIONS)

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
    if kind in EMBEDDINGS:
        if record.embedding_input is None:
            record.embedding_input = _embedded(prompts)
        return
    if not record.input:
        record.input = _fuller(_messages(prompts, "user"), source.attributes.get(GEN_AI_INPUT_MESSAGES))
    if not record.output and GEN_AI_OUTPUT_MESSAGES not in source.attributes:
        record.output = _messages(_whole(completions) if source.scope in IN_PIECES else completions, "assistant")
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


def _messages(entries: list[dict[str, Any]], role: str) -> list[Message] | None:
    messages: list[Message] = []
    for entry in entries:
        messages += read_entry("traceloop", entry, role, _read)
    return messages or None


def _read(entry: Mapping[str, Any], role: str) -> list[Message]:
    return read_message(_message(entry), role) if entry else []


def _message(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One flattened message as an object of the chat shape."""
    message: dict[str, Any] = {"content": _content(entry)}
    role = entry.get("role")
    if isinstance(role, str) and role:
        message["role"] = role
    elif "user" in entry:  # `gen_ai.prompt.0.user` holds the prompt itself
        message["role"], message["content"] = "user", _content({"content": entry["user"]})
    for key in ("tool_call_id", "name", "refusal", "reasoning", "reasoning_content", "thinking"):
        if isinstance(entry.get(key), str):
            message["reasoning" if key == "thinking" else key] = entry[key]
    calls = _calls(entry) or _call_in_text(message)
    if calls:
        message["tool_calls"] = calls
    return message


def _content(entry: Mapping[str, Any]) -> Any:
    """Text, or the typed parts that it is the JSON text of; a structured answer stays text."""
    value = entry.get("content")
    if value == '""':
        return None
    parsed = parse_json(value)
    if isinstance(parsed, str) and parsed.startswith("[{'type'"):
        parsed = read_literal(parsed)  # Python's text of the parts
    if is_list(parsed) and parsed and all(is_mapping(part) and _is_part(part) for part in parsed):
        return parsed
    if value is None and any(key.startswith("content.") for key in entry):
        return _parts(entry)
    return list(value) if is_list(value) else value


_UNTYPED_PARTS = frozenset({"text", "image", "toolUse", "toolResult", "functionCall", "function_call", "inline_data"})


def _is_part(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("type"), str) or not _UNTYPED_PARTS.isdisjoint(part)


def _parts(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`content.0.type`, `content.0.text`: parts that are flattened as well."""
    parts: dict[str, dict[str, Any]] = {}
    for key, value in entry.items():
        prefix, _, rest = key.partition(".")
        index, _, field = rest.partition(".")
        if prefix == "content" and index.isdigit() and field:
            parts.setdefault(index, {})[field] = value
    return [parts[index] for index in sorted(parts, key=int)]


def _calls(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = parse_json(entry.get("tool_calls"))
    if is_list(whole):
        return [dict(call) for call in whole if is_mapping(call)]
    found: dict[str, dict[str, Any]] = {}
    for key, value in entry.items():
        head, _, rest = key.partition(".")
        if head == "tool_calls":
            index, _, field = rest.partition(".")
            found.setdefault(index, {})[field.removeprefix("function.")] = value
        elif head == "function_call":
            found.setdefault("", {})[rest] = value
    calls = [found[index] for index in sorted(found, key=lambda each: int(each) if each.isdigit() else -1)]
    return [call for call in calls if call.get("name")]


def _call_in_text(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A call that stands as JSON where the text belongs: only a call gives an assistant's message the id of one."""
    call = parse_json(message.get("content"))
    if message.get("role") != "assistant" or "tool_call_id" not in message or not is_mapping(call):
        return []
    if call.keys() != {"name", "arguments"}:
        return []
    message["content"] = None
    return [{**call, "id": message.pop("tool_call_id")}]


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
    return tools or None


def _embedded(entries: list[dict[str, Any]]) -> list[str] | None:
    found: list[str] = []
    for entry in entries:
        whole = parse_json(entry.get("content"))
        if is_list(whole) and all(isinstance(each, str) for each in whole):
            found += whole  # all texts of the request in one
        else:
            found += [message_text(message) for message in _messages([entry], "user") or ()]
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
