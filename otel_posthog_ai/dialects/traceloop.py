"""OpenLLMetry (Traceloop): steps with `traceloop.*`, the user's association properties, extra names beside GenAI's.

The calls of models themselves it writes by OpenTelemetry's conventions (`gen_ai.py`), or flattened by index
(`traceloop_legacy.py`).
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_IS_STREAMING,
    GEN_AI_OPERATION_NAME,
    GEN_AI_PROVIDER_NAME,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_STOP_REASON,
    GEN_AI_SYSTEM,
)
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_TYPE, TRACELOOP_ENTITY_NAME, TRACELOOP_SPAN_KIND
from otel_posthog_ai.reading.bodies import read_said
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import EMBEDDINGS, GENERATIONS
from otel_posthog_ai.reading.providers import is_framework, priced_provider
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill, fill_parameters
from otel_posthog_ai.reading.values import finish_reason, flag, is_list, is_mapping, mapping, parse_json, text
from otel_posthog_ai.record import AISpan

from . import gen_ai
from .gen_ai import parameter
from .traceloop_envelopes import open_envelope
from .traceloop_steps import INPUT_KEYS, OUTPUT_KEYS, read_step

NAME = "traceloop"
PREFIXES = (TRACELOOP_SPAN_KIND, "traceloop.entity.")
SCOPE = "opentelemetry.instrumentation."
ASSOCIATION = "traceloop.association.properties."
AI_SCOPES = (
    "traceloop.",
    "opentelemetry.instrumentation.openai",
    "opentelemetry.instrumentation.anthropic",
    "opentelemetry.instrumentation.google_generativeai",
    "opentelemetry.instrumentation.vertexai",
    "opentelemetry.instrumentation.langchain",
    "opentelemetry.instrumentation.llamaindex",
    "opentelemetry.instrumentation.crewai",
    "opentelemetry.instrumentation.cohere",
    "opentelemetry.instrumentation.mistralai",
    "opentelemetry.instrumentation.ollama",
    "opentelemetry.instrumentation.groq",
    "opentelemetry.instrumentation.bedrock",
    "opentelemetry.instrumentation.haystack",
    "opentelemetry.instrumentation.together",
    "opentelemetry.instrumentation.replicate",
    "opentelemetry.instrumentation.watsonx",
    "opentelemetry.instrumentation.sagemaker",
    "opentelemetry.instrumentation.agno",
)
IDENTITY = IdentityKeys(
    user=tuple(f"{ASSOCIATION}{name}" for name in ("user_id", "userId", "distinct_id", "posthog_distinct_id")),
    session=(f"{ASSOCIATION}session_id", f"{ASSOCIATION}sessionId"),
    incidental_session=tuple(
        f"{ASSOCIATION}{name}" for name in ("conversation_id", "convo_id", "thread_id", "chat_id")
    ),
)
PLUMBING = (
    "traceloop.",
    "entity.",
    "crewai.",
    "watsonx.",
    "cohere.",
    "langgraph.",
)
LABELS = {"traceloop.tracer": "traceloop-sdk"}

FIELDS: Table = (
    Row("stream", (GEN_AI_IS_STREAMING,), flag),
    Row("base_url", ("gen_ai.openai.api_base", "llm.openai.api_base", "watsonx.api_base"), text),
    Row("finish_reason", (GEN_AI_RESPONSE_STOP_REASON,), finish_reason),
    Row("prompt_name", ("traceloop.prompt.key",), text),
    Row("prompt_version", ("traceloop.prompt.version", "traceloop.prompt.version_name"), text),
)
PARAMETERS: dict[str, str] = {
    "gen_ai.request.n": "n",
    "gen_ai.request.max_completion_tokens": "max_completion_tokens",
    "gen_ai.request.repetition_penalty": "repetition_penalty",
    "gen_ai.request.reasoning_summary": "reasoning_summary",
    "gen_ai.openai.api_version": "api_version",
    "gen_ai.openai.api_type": "api_type",
}
# What LangChain says about the model that it calls -> parameter.
LANGCHAIN_PARAMETERS = {"ls_temperature": "temperature", "ls_max_tokens": "max_tokens", "ls_stop": "stop"}
# It writes finish reasons in its own words: provider -> its word -> the provider's, where only one is meant.
_OPENAI_WORDS = {"tool_call": "tool_calls"}
FINISH_REASONS: dict[str, dict[str, str]] = {
    **dict.fromkeys(
        ("openai", "azure-openai", "groq", "mistral", "together", "openrouter", "fireworks"), _OPENAI_WORDS
    ),
    "anthropic": {"tool_call": "tool_use", "length": "max_tokens"},
}
# Rest of the scope after `opentelemetry.instrumentation.` -> framework.
FRAMEWORKS = {
    "langchain": "langchain",
    "llamaindex": "llamaindex",
    "crewai": "crewai",
    "haystack": "haystack",
    "openai_agents": "openai-agents",
    "agno": "agno",
}
# Traceloop's SDK stamps the workflow, the agent and the association properties on every span of a request, AI or not.
MARKERS = frozenset({TRACELOOP_SPAN_KIND, TRACELOOP_ENTITY_NAME, *INPUT_KEYS, *OUTPUT_KEYS})
_OWN_KEYS = ("traceloop.", "gen_ai.openai.")
SIGNS = Signs(
    scopes_begin=tuple(f"{SCOPE}{framework}" for framework in FRAMEWORKS),
    keys=(*sorted(MARKERS), *PARAMETERS, GEN_AI_IS_STREAMING),
    keys_begin=_OWN_KEYS,
)


def recognises(source: Source) -> bool:
    if _instrumentor(source) in FRAMEWORKS or not MARKERS.isdisjoint(source.attributes):
        return True
    return gen_ai.recognises(source) and any(
        key.startswith(_OWN_KEYS) or key in PARAMETERS or key == GEN_AI_IS_STREAMING for key in source.attributes
    )


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
    fill_parameters(record, PARAMETERS, source, parameter)
    properties = _read_association(record, source)
    _read_framework(record, source, properties)
    if _is_call(source):
        _read_call(record, source, properties)
    else:
        read_step(record, source)


def _instrumentor(source: Source) -> str:
    return source.scope.removeprefix(SCOPE).partition(".")[0] if source.scope.startswith(SCOPE) else ""


def _is_call(source: Source) -> bool:
    """Whether the span is a call of a model; frameworks stamp operations on steps, too, but name no model there."""
    operation = str(
        source.attributes.get(GEN_AI_OPERATION_NAME) or source.attributes.get(LLM_REQUEST_TYPE) or ""
    ).lower()
    if TRACELOOP_SPAN_KIND not in source.attributes:
        return operation in GENERATIONS or operation in EMBEDDINGS or operation == "rerank" or _has_bodies(source)
    model = str(source.attributes.get(GEN_AI_REQUEST_MODEL) or "unknown").lower()
    return (operation in GENERATIONS or operation in EMBEDDINGS) and model not in ("unknown", "none", "")


def _has_bodies(source: Source) -> bool:
    """SageMaker: an endpoint's name for a model, and its bodies as they were sent."""
    return (
        not source.has(GEN_AI_OPERATION_NAME, TRACELOOP_ENTITY_NAME)
        and source.has(GEN_AI_REQUEST_MODEL)
        and source.has(*INPUT_KEYS)
    )


# ---- whose and what for ---------------------------------------------------------------------------------------------


def _read_association(record: AISpan, source: Source) -> dict[str, Any]:
    """Association properties are the user's (identity is read elsewhere), or metadata of a LangChain run."""
    properties = source.below(ASSOCIATION)
    for key, value in properties.items():
        record.metadata.setdefault(key, list(value) if is_list(value) else value)
    return properties


def _read_framework(record: AISpan, source: Source, properties: dict[str, Any]) -> None:
    if record.framework is None:
        stated = source.attributes.get(GEN_AI_PROVIDER_NAME)
        framework = FRAMEWORKS.get(_instrumentor(source))
        if stated == "langgraph" or any(key.startswith("langgraph_") for key in properties):
            framework = "langgraph"
        record.framework = framework
    record.agent_name = record.agent_name or text(properties.get("lc_agent_name"))
    node = properties.get("langgraph_node")
    if node is not None and node == source.attributes.get(TRACELOOP_ENTITY_NAME):
        record.graph_node = True


def _read_call(record: AISpan, source: Source, properties: dict[str, Any]) -> None:
    stated = next((text(source.attributes.get(key)) for key in (GEN_AI_PROVIDER_NAME, GEN_AI_SYSTEM)), None)
    if stated is None or is_framework(stated):
        record.provider_original = record.provider_original or text(properties.get("ls_provider"))
    for key, name in LANGCHAIN_PARAMETERS.items():
        if properties.get(key) is not None:
            record.parameters.setdefault(name, parse_json(properties[key]))
    if record.finish_reason is None:
        said = finish_reason(source.take(GEN_AI_RESPONSE_FINISH_REASONS))
        provider = priced_provider(record.provider_original or stated or "")
        record.finish_reason = FINISH_REASONS.get(provider or "", {}).get(said or "", said)
    entity = source.first(*INPUT_KEYS)
    if entity is None:
        return
    if str(source.attributes.get(GEN_AI_OPERATION_NAME)).lower() in EMBEDDINGS:
        record.embedding_input = record.embedding_input or _embedded(entity)
    elif _has_bodies(source):
        _read_bodies(record, open_envelope(entity).state, open_envelope(source.first(*OUTPUT_KEYS)).state)


def _read_bodies(record: AISpan, given: Any, taken: Any) -> None:
    record.kind = "generation"
    if is_mapping(given):
        read_request(record, given)
    else:
        record.input = read_said(given, "user")
    answer = taken[0] if is_list(taken) and len(taken) == 1 else taken
    generated = answer.get("generated_text") if is_mapping(answer) else None
    record.output = raw_output(answer) if generated is None else read_said(generated, "assistant")
    read_raw_answer(record, answer)


def _embedded(entity: Any) -> list[str] | None:
    """The texts that a LlamaIndex embedding was called with."""
    arguments = mapping(entity) or {}
    value = next((arguments[key] for key in ("texts", "text", "query") if arguments.get(key)), None)
    found = [value] if isinstance(value, str) else list(value) if is_list(value) else []
    return [each for each in found if isinstance(each, str)] or None
