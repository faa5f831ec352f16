"""LiteLLM's own spans: the request (or the user's span, when one was open), and below it the provider's raw bodies."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_COST_TOTAL_COST, GEN_AI_RESPONSE_ID, GEN_AI_SYSTEM
from otel_posthog_ai.attribute_names.traceloop import LLM_IS_STREAMING
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import flag, is_mapping, mapping, number, parse_json, text, texts
from otel_posthog_ai.record import AISpan

NAME = "litellm"
PREFIXES = ("litellm.", "hidden_params")
AI_SCOPES = ("litellm",)
PLUMBING = (
    "litellm.",
    "hidden_params",
    "hidden_params.",
    "raw_gen_ai_request",
    "raw_gen_ai_request.",
)
LABELS = {"litellm": "litellm (its own spans)"}
SCOPE = "litellm"
RAW_REQUEST = "raw_gen_ai_request"
MARKERS = frozenset({"litellm.call_id", "litellm.provider.model"})
SIGNS = Signs(scopes=(SCOPE,), names=(RAW_REQUEST,), keys=tuple(sorted(MARKERS)))

FIELDS: Table = (
    Row("stream", (LLM_IS_STREAMING,), flag),
    Row("cost.total", (GEN_AI_COST_TOTAL_COST, "gen_ai.cost.original_cost"), number),
)
# Metadata that LiteLLM writes by itself; what is left is the user's.
OWN_METADATA = (
    "user_api_key", "spend_logs", "requester_", "user_agent", "prompt_management", "applied_", "mcp_tool",
    "vector_store_", "routing_", "usage_object", "cold_storage", "team_", "used_client_", "hidden_params",
    "litellm_", "model_group",
    "deployment", "api_base", "caching_groups", "endpoint", "global_max", "headers", "model_info", "previous_models",
    "guardrail", "attempted_", "queue_time", "proxy_", "request_route", "agent_id", "status", "error_", "attributed_",
)  # fmt: skip
ROLES_OF_RAW_KEYS = frozenset(
    {"messages", "contents", "input", "prompt", "choices", "candidates", "content", "output", "generations"}
)


def recognises(source: Source) -> bool:
    return not MARKERS.isdisjoint(source.attributes) or _is_raw(source) or _is_guardrail(source)


def _is_raw(source: Source) -> bool:
    """The span of the raw bodies: named so, or by the user, but with `llm.<provider>.…` and nothing of the call."""
    if source.name == RAW_REQUEST:
        return True
    return source.scope == SCOPE and not MARKERS & source.attributes.keys() and _raw_provider(source) is not None


def _is_guardrail(source: Source) -> bool:
    return source.scope == SCOPE and "guardrail_name" in source.attributes


def read(record: AISpan, source: Source) -> None:
    if _is_guardrail(source):
        _read_guardrail(record, source)
    elif _is_raw(source):
        _read_raw(record, source)
    else:
        _read_request(record, source)


# ---- the request ----------------------------------------------------------------------------------------------------


def _read_request(record: AISpan, source: Source) -> None:
    record.pair_key = f"litellm:{record.span_id}"
    fill(record, FIELDS, source)
    _read_response_id(record, source)
    if source.attributes.get(GEN_AI_SYSTEM) in ("", "Unknown"):
        source.discard(GEN_AI_SYSTEM)
    _read_metadata(record, source)
    hidden = mapping(source.take("hidden_params")) or {}
    record.base_url = record.base_url or text(hidden.get("api_base"))
    if record.cost.total is None:
        record.cost.total = number(hidden.get("response_cost"))
        record.cost.from_cache = text(hidden.get("cache_key")) is not None  # else 0 only says that no price is known
    if record.provider_original is None and source.attributes.get(GEN_AI_SYSTEM) is None:
        record.provider_original = text(source.attributes.get("error.llm_provider"))


def _read_guardrail(record: AISpan, source: Source) -> None:
    found = {key: _value(value) for key, value in source.below("guardrail_").items()}
    record.span_type = "guardrail"
    record.name = text(found.get("name"))
    answer = found.get("response")
    verdict = {key: found[key] for key in ("status", "action") if found.get(key)}
    record.output_state = answer if not verdict else {**verdict, "response": answer} if answer is not None else verdict


def _read_response_id(record: AISpan, source: Source) -> None:
    """The provider's id of the answer: LiteLLM wraps those of the Responses API, and makes ids where it has none."""
    stated = text(source.attributes.get(GEN_AI_RESPONSE_ID))
    if stated is None:
        return
    if stated == source.attributes.get("litellm.call_id") or _OWN_ID.match(stated):
        source.discard(GEN_AI_RESPONSE_ID)
    elif stated.startswith("resp_"):
        try:
            said = base64.b64decode(stated.removeprefix("resp_") + "==", validate=False).decode()
        except (ValueError, UnicodeDecodeError):
            return
        _, found, wrapped = said.partition("response_id:")
        if said.startswith("litellm:") and found and wrapped:
            record.response_id = wrapped


_OWN_ID = pattern(r"chatcmpl-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def _read_metadata(record: AISpan, source: Source) -> None:
    metadata = source.below("metadata.")
    for key, value in metadata.items():
        if not key.startswith(OWN_METADATA) and value not in (None, "", "[]", "{}"):
            record.metadata.setdefault(key, _value(value))
    given = _value(metadata.get("requester_metadata"))
    if is_mapping(given):
        for key, value in given.items():
            record.metadata.setdefault(str(key), value)
    used = read_raw_usage(_value(metadata.get("usage_object")))
    if used is not None:
        used.input_excludes_cache = False  # LiteLLM counts as OpenAI does, whoever answered
        fill_usage(record.usage, used)


def _value(value: Any) -> Any:
    """A value that may be JSON text or a Python repr."""
    if not isinstance(value, str):
        return value
    parsed = parse_json(value)
    if not isinstance(parsed, str):
        return parsed
    literal = read_literal(value)
    return value if literal is None else literal


# ---- the raw bodies -------------------------------------------------------------------------------------------------


def _raw_provider(source: Source) -> str | None:
    """The provider in `llm.<provider>.<field>` where the field holds messages."""
    for key in source.attributes:
        pieces = key.split(".")
        if len(pieces) == 3 and pieces[0] == "llm" and pieces[2] in ROLES_OF_RAW_KEYS:
            return pieces[1]
    return None


def _read_raw(record: AISpan, source: Source) -> None:
    if record.parent_id is not None:
        record.pair_key = f"litellm:{record.parent_id}"
    provider = _raw_provider(source)
    if provider is None:
        record.noise = record.parent_id is None or not any(key.startswith("llm.") for key in source.attributes)
        return
    if provider.lower() not in ("none", "unknown"):
        record.provider_original = record.provider_original or provider
    body = {key: _value(value) for key, value in source.below(f"llm.{provider}.").items()}
    # Request and response lie in one heap: what both name (the model, the tier) is the response's.
    asked = {key: value for key, value in body.items() if key not in ("model", "service_tier", "output")}
    if _is_embedding(body):
        record.kind = "embedding"
        record.embedding_input = texts(body.get("input"))
        record.request_model = text(body.get("model"))
    else:
        record.kind = "generation"
        read_request(record, asked)
    answer = {key: value for key, value in body.items() if key not in ("messages", "input", "prompt", "contents")}
    read_raw_answer(record, answer)
    if record.kind == "generation" and not record.output:
        record.output = raw_output(answer)


def _is_embedding(body: Mapping[str, Any]) -> bool:
    return "input" in body and _NOT_EMBEDDING.isdisjoint(body)


_NOT_EMBEDDING = frozenset({"output", "choices", "messages", "instructions", "tools"})
