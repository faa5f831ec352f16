"""Privacy mode: an allow-list over a finished event, whatever dialect or unknown key its content came by.

A property leaves only if `PRIVACY_RULES` names it, and even then only in the form that its rule lets through: a count
must be a number, an id must look like an id, a name like a name. So content that strayed into a harmless property stays
behind as well. Custom properties leave only under keys that the app set itself for everything (`allowed`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

from opentelemetry.semconv.attributes.otel_attributes import OTEL_SCOPE_NAME, OTEL_SCOPE_VERSION
from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_PROVIDER_NAME

from . import reducers
from .reducers import Properties, Reducer

Rule = Literal["keep", "drop"] | Reducer

# Spans whose name is that of a thing of the program; others may be named after what was said.
_NAMED_TYPES: Final = frozenset(
    {"agent", "workflow", "chain", "task", "prompt", "tool", "retriever", "reranker", "guardrail", "handoff", "mcp",
     "evaluator"}
)  # fmt: skip
_OPERATIONS: Final = {"$ai_generation": "chat", "$ai_embedding": "embeddings", "$ai_trace": "trace"}


def private_event(event: dict[str, Any], allowed: Collection[str] = (), name: str | None = None) -> dict[str, Any]:
    """A copy of `event` without content.

    Args:
        event: A finished event; its properties are JSON-safe.
        allowed: Keys of custom properties that the app set for everything (`properties=`, `posthog_context`).
        name: What to call a generation, an embedding, a trace or an untyped span, whose own name may hold a message.
            Default: `<operation> <model>`, and for a trace its own name if it is one word or its agent's.
    """
    properties: dict[str, Any] = event["properties"]
    kept: dict[str, Any] = {}
    for key, value in properties.items():
        rule = PRIVACY_RULES.get(key, "drop")
        if rule == "drop":
            if key in allowed and not key.startswith("$"):
                kept[key] = value
            elif key.startswith("$feature/"):
                _add(kept, key, reducers.flag(value, properties))
        elif rule == "keep":
            kept[key] = value
        else:
            _add(kept, key, rule(value, properties))
    if "$ai_span_name" in properties:
        kept["$ai_span_name"] = _node_name(event["event"], properties, kept, name)
    return {
        **{key: event[key] for key in ("event", "distinct_id", "timestamp", "uuid") if key in event},
        "properties": kept,
    }


def _add(kept: dict[str, Any], key: str, value: Any) -> None:
    if value is not None:
        kept[key] = value


def _node_name(event: str, properties: Properties, kept: Properties, name: str | None) -> str:
    own = properties["$ai_span_name"]
    if event == "$ai_trace":  # it does not say what its span was: the name of an agent, or one word, is no message
        is_named = name is None and (own == kept.get("$ai_agent_name") or reducers.label(own, properties) is not None)
    else:
        is_named = event == "$ai_span" and kept.get("$ai_span_type") in _NAMED_TYPES
    # An address (`notes://ada@example.com`) is what an app holds, not what it is called.
    if is_named and reducers.name(own, properties) is not None and "://" not in own:
        return str(own)
    if name is not None:
        return name
    operation = _OPERATIONS.get(event) or kept.get("$ai_span_type") or "span"
    model = kept.get("$ai_model")
    return f"{operation} {model}" if model is not None else str(operation)


# ---- the table -----------------------------------------------------------------------------------------------------

PRIVACY_RULES: Final[dict[str, Rule]] = {
    # content
    **dict.fromkeys(
        ("$ai_input", "$ai_output", "$ai_output_choices", "$ai_input_state", "$ai_output_state", "$ai_instructions",
         "$ai_usage", "$ai_error_normalized", "$ai_feedback_text", "$ai_evaluation_reasoning", "$ai_custom_data",
         "$ai_mcp_data", "$ai_trace_metadata", "$ai_expected", "$set", "$set_once", "tags"),
        "drop",
    ),
    # content, reduced
    "$ai_tools": reducers.tool_definitions,
    "$ai_model_parameters": reducers.parameters,
    "$ai_provider_metadata": reducers.provider_metadata,
    "$ai_base_url": reducers.url,
    "$ai_request_url": reducers.url,
    "$ai_error": reducers.error,
    "$ai_error_type": reducers.error_type,
    "$ai_span_name": "drop",  # private_event puts a name of its own there
    "$ai_trace_name": "drop",
    # what it is
    **dict.fromkeys(("$ai_lib", "$ai_lib_version", "$lib", "$lib_version"), "keep"),
    **dict.fromkeys(
        ("$ai_model", "$ai_provider", "$ai_framework", "$ai_agent_name", "$ai_prompt_name", "$ai_evaluation_name",
         "$ai_evaluation_model", "$ai_evaluation_provider", "$ai_metric_name", "$ai_handoff_from_agent",
         "$ai_handoff_to_agent", "$ai_mcp_server", GEN_AI_PROVIDER_NAME, OTEL_SCOPE_NAME, OTEL_SCOPE_VERSION,
         SERVICE_NAME, "service.namespace", "service.version", "deployment.environment",
         "deployment.environment.name", "deployment.name", "deployment.id"),
        reducers.name,
    ),
    **dict.fromkeys(("$ai_agent_tools", "$ai_agent_handoffs", "$active_feature_flags"), reducers.names),
    **dict.fromkeys(
        ("$ai_span_type", "$ai_stop_reason", "$ai_service_tier", "$ai_tokens_source", "$ai_prompt_source",
         "$ai_evaluation_runtime", "$ai_evaluation_type", "$ai_target_type", "feedback_type", "feedback_source"),
        reducers.label,
    ),
    "$ai_tools_called": reducers.tools_called,
    # whose it is, and where it stands
    **dict.fromkeys(("$ai_session_id", "$session_id", "$ai_group_id"), reducers.identity),
    "$groups": reducers.groups,
    **dict.fromkeys(
        ("$ai_trace_id", "$ai_span_id", "$ai_parent_id", "$ai_generation_id", "$ai_completion_id", "$ai_response_id",
         "$exception_event_id", "$ai_evaluation_id", "$ai_target_id", "$ai_target_event_id", "$trace_id", "$span_id",
         "$release_id", "span_id"),
        reducers.identifier,
    ),
    "$ai_prompt_version": reducers.flag,
    # numbers
    **dict.fromkeys(
        ("$ai_latency", "$ai_time_to_first_token", "$ai_http_status", "$ai_is_error", "$ai_stream", "$ai_temperature",
         "$ai_max_tokens", "$ai_tool_call_count", "$ai_guardrail_triggered", "$process_person_profile",
         "$geoip_disable", "$ignore_sent_at", "$ai_evaluation_result", "$ai_evaluation_applicable",
         "$ai_evaluation_allows_na", "$ai_score", "$ai_score_min", "$ai_score_max"),
        reducers.number,
    ),
    **dict.fromkeys(
        ("$ai_input_tokens", "$ai_output_tokens", "$ai_total_tokens", "$ai_reasoning_tokens",
         "$ai_cache_read_input_tokens", "$ai_cache_creation_input_tokens", "$ai_cache_creation_5m_input_tokens",
         "$ai_cache_creation_1h_input_tokens", "$ai_cache_reporting_exclusive", "$ai_cache_read_audio_tokens",
         "$ai_text_input_tokens", "$ai_image_input_tokens", "$ai_audio_input_tokens", "$ai_text_output_tokens",
         "$ai_image_output_tokens", "$ai_audio_output_tokens", "$ai_web_search_count", "$ai_request_count"),
        reducers.number,
    ),
    **dict.fromkeys(
        ("$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_request_cost_usd", "$ai_web_search_cost_usd",
         "$ai_total_cost_usd", "$ai_cost_passthrough", "$ai_input_token_price", "$ai_output_token_price",
         "$ai_cache_read_token_price", "$ai_cache_write_token_price", "$ai_cache_write_1h_token_price",
         "$ai_request_price", "$ai_web_search_price"),
        reducers.number,
    ),
    **dict.fromkeys(("$ai_metric_value", "feedback_value"), reducers.rating),
}  # fmt: skip
"""Property -> "keep", "drop", or what reduces it. A property that is not here is dropped."""
