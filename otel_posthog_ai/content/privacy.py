"""Privacy mode: an allow-list over a finished event, whatever dialect or unknown key its content came by.

A property leaves only if `PRIVACY_RULES` names it, and even then only in the form that its rule lets through: a count
must be a number, an id must look like an id, a name like a name. So content that strayed into a harmless property stays
behind as well. Custom properties leave only under keys that the app set itself for everything (`allowed`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.semconv.attributes.otel_attributes import OTEL_SCOPE_NAME, OTEL_SCOPE_VERSION
from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_PROVIDER_NAME
from otel_posthog_ai.patterns import pattern

from .rewriting import DICT, ITEMS, kinds

Properties = Mapping[str, Any]
Reducer = Callable[[Any, Properties], Any]
"""(value, all properties of the event) -> what leaves; None: nothing."""
Rule = Literal["keep", "drop"] | Reducer

_TEXT: Final = kinds(str)
_NUMBER: Final = kinds(int, float)

_ID = pattern(r"[^\s\x00-\x1f]{1,200}")
_IDENTITY = pattern(r"[^\x00-\x1f\x7f]{1,200}")
_LABEL = pattern(r"[\w.:/@+-]{1,64}")
_TYPE = pattern(r"[A-Za-z_][\w.]{0,127}|\d{3}")
# A name has few words and no punctuation of sentences.
_NAME = pattern(r"[\w$.:/<>@()\[\]#&+-]{1,128}(?: [\w$.:/<>@()\[\]#&+-]{1,64}){0,4}")
_TOOL_NAME = pattern(r"[\w.:/-]{1,200}")

# Spans whose name is that of a thing of the program; others may be named after what was said.
_NAMED_TYPES: Final = frozenset(
    {"agent", "workflow", "chain", "task", "prompt", "tool", "retriever", "reranker", "guardrail", "handoff", "mcp",
     "evaluator"}
)  # fmt: skip
_OPERATIONS: Final = {"$ai_generation": "chat", "$ai_embedding": "embeddings", "$ai_trace": "trace"}

_NUMERIC_PARAMETERS: Final = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "max_output_tokens", "seed", "n",
     "presence_penalty", "frequency_penalty", "repetition_penalty", "stream", "logprobs", "top_logprobs", "store",
     "parallel_tool_calls", "dimensions", "best_of", "echo", "candidate_count", "max_tool_calls", "timeout",
     "thinking_budget", "budget_tokens", "max_retries", "background", "strict", "batch_size"}
)  # fmt: skip
_LABEL_PARAMETERS: Final = frozenset(
    {"reasoning_effort", "effort", "service_tier", "encoding_format", "truncation", "verbosity", "size", "quality",
     "response_mime_type", "model"}
)  # fmt: skip
_CHOICES: Final = {
    "tool_choice": frozenset({"auto", "none", "required", "any"}),
    "response_format": frozenset({"text", "json", "json_object", "json_schema"}),
    "thinking": frozenset({"enabled", "disabled", "adaptive", "low", "medium", "high"}),
}
_STOP_PARAMETERS: Final = frozenset({"stop", "stop_sequences"})
_METADATA_IDS: Final = frozenset({"system_fingerprint", "request_id", "response_id", "id", "service_tier"})


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
                _add(kept, key, _flag(value, properties))
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
        is_named = name is None and (own == kept.get("$ai_agent_name") or _label(own, properties) is not None)
    else:
        is_named = event == "$ai_span" and kept.get("$ai_span_type") in _NAMED_TYPES
    # An address (`notes://ada@example.com`) is what an app holds, not what it is called.
    if is_named and _name(own, properties) is not None and "://" not in own:
        return str(own)
    if name is not None:
        return name
    operation = _OPERATIONS.get(event) or kept.get("$ai_span_type") or "span"
    model = kept.get("$ai_model")
    return f"{operation} {model}" if model is not None else str(operation)


# ---- reducers ------------------------------------------------------------------------------------------------------


def _text(pattern: re.Pattern[str]) -> Reducer:
    def reduce(value: Any, _: Properties) -> Any:
        return value if isinstance(value, _TEXT) and pattern.fullmatch(value) else None

    return reduce


_id = _text(_ID)
_identity = _text(_IDENTITY)
_label = _text(_LABEL)
_name = _text(_NAME)


def _number(value: Any, _: Properties) -> Any:
    """A number or a boolean; texts are none, even if they look like one."""
    return value if isinstance(value, _NUMBER) and math.isfinite(value) else None


def _flag(value: Any, properties: Properties) -> Any:
    return _number(value, properties) if isinstance(value, _NUMBER) else _label(value, properties)


def _spoken_number(value: Any, properties: Properties) -> Any:
    """A rating as it is sent: a number, true or false, also as text."""
    if isinstance(value, _NUMBER):
        return _number(value, properties)
    return (
        value if isinstance(value, _TEXT) and re.fullmatch(r"true|false|[+-]?\d{1,20}(?:\.\d{1,20})?", value) else None
    )


def _names(value: Any, properties: Properties) -> Any:
    if not isinstance(value, ITEMS):
        return _name(value, properties)
    return [item for item in value if _name(item, properties) is not None]


def _groups(value: Any, properties: Properties) -> Any:
    if not isinstance(value, DICT):
        return None
    return {
        key: group for key, group in value.items() if _flag(group, properties) or _identity(group, properties)
    } or None


def _tool_definitions(value: Any, _: Properties) -> Any:
    """Tools reduced to their types and names."""
    return [tool for tool in map(_tool_definition, value) if tool is not None] if isinstance(value, ITEMS) else None


def _tool_definition(tool: Any) -> Any:
    if not isinstance(tool, DICT):
        return None
    function = tool.get("function")
    name: Any = function.get("name") if isinstance(function, DICT) else None
    if name is None:
        name = next((tool[key] for key in ("name", "server_label", "type") if key in tool), None)
    if not isinstance(name, _TEXT) or not _TOOL_NAME.fullmatch(name):
        return None
    return {"type": "function", "function": {"name": name}}


def _tools_called(value: Any, _: Properties) -> Any:
    if not isinstance(value, _TEXT):
        return None
    return ",".join(name for name in value.split(",") if _TOOL_NAME.fullmatch(name)) or None


def _parameters(value: Any, properties: Properties) -> Any:
    """Numbers, and texts of parameters that choose between a few words; never stop texts, schemas or users."""
    if not isinstance(value, DICT):
        return None
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if key in _NUMERIC_PARAMETERS:
            _add(kept, key, _number(item, properties))
        elif key in _LABEL_PARAMETERS:
            _add(kept, key, _label(item, properties))
        elif key in _CHOICES:
            choice = item.get("type") if isinstance(item, DICT) else item
            if isinstance(choice, _TEXT) and choice in _CHOICES[key]:
                kept[key] = choice
        elif key in _STOP_PARAMETERS:
            kept["stop_count"] = len(item) if isinstance(item, ITEMS) else 1
    return kept or None


def _provider_metadata(value: Any, properties: Properties) -> Any:
    if not isinstance(value, DICT):
        return None
    found = {key: _id(item, properties) for key, item in value.items() if key in _METADATA_IDS}
    return {key: item for key, item in found.items() if item is not None} or None


def _url(value: Any, _: Properties) -> Any:
    """Scheme, host, port and path."""
    if not isinstance(value, _TEXT) or len(value) > 2000 or re.search(r"\s", value):
        return None
    try:
        parts = urlsplit(str(value))
    except ValueError:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) or None


def _error(value: Any, properties: Properties) -> Any:
    """The class of the error and the status, in place of what it said."""
    kind: Any = properties.get("$ai_error_type")
    name = kind if isinstance(kind, _TEXT) and _TYPE.fullmatch(kind) else "error"
    status = properties.get("$ai_http_status")
    return f"{name} (status {status})" if type(status) is int and name != str(status) else name


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
    "$ai_tools": _tool_definitions,
    "$ai_model_parameters": _parameters,
    "$ai_provider_metadata": _provider_metadata,
    "$ai_base_url": _url,
    "$ai_request_url": _url,
    "$ai_error": _error,
    "$ai_error_type": _text(_TYPE),
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
        _name,
    ),
    **dict.fromkeys(("$ai_agent_tools", "$ai_agent_handoffs", "$active_feature_flags"), _names),
    **dict.fromkeys(
        ("$ai_span_type", "$ai_stop_reason", "$ai_service_tier", "$ai_tokens_source", "$ai_prompt_source",
         "$ai_evaluation_runtime", "$ai_evaluation_type", "$ai_target_type", "feedback_type", "feedback_source"),
        _label,
    ),
    "$ai_tools_called": _tools_called,
    # whose it is, and where it stands
    **dict.fromkeys(("$ai_session_id", "$session_id", "$ai_group_id"), _identity),
    "$groups": _groups,
    **dict.fromkeys(
        ("$ai_trace_id", "$ai_span_id", "$ai_parent_id", "$ai_generation_id", "$ai_completion_id", "$ai_response_id",
         "$exception_event_id", "$ai_evaluation_id", "$ai_target_id", "$ai_target_event_id", "$trace_id", "$span_id",
         "$release_id", "span_id"),
        _id,
    ),
    "$ai_prompt_version": _flag,
    # numbers
    **dict.fromkeys(
        ("$ai_latency", "$ai_time_to_first_token", "$ai_http_status", "$ai_is_error", "$ai_stream", "$ai_temperature",
         "$ai_max_tokens", "$ai_tool_call_count", "$ai_guardrail_triggered", "$process_person_profile",
         "$geoip_disable", "$ignore_sent_at", "$ai_evaluation_result", "$ai_evaluation_applicable",
         "$ai_evaluation_allows_na", "$ai_score", "$ai_score_min", "$ai_score_max"),
        _number,
    ),
    **dict.fromkeys(
        ("$ai_input_tokens", "$ai_output_tokens", "$ai_total_tokens", "$ai_reasoning_tokens",
         "$ai_cache_read_input_tokens", "$ai_cache_creation_input_tokens", "$ai_cache_creation_5m_input_tokens",
         "$ai_cache_creation_1h_input_tokens", "$ai_cache_reporting_exclusive", "$ai_cache_read_audio_tokens",
         "$ai_text_input_tokens", "$ai_image_input_tokens", "$ai_audio_input_tokens", "$ai_text_output_tokens",
         "$ai_image_output_tokens", "$ai_audio_output_tokens", "$ai_web_search_count", "$ai_request_count"),
        _number,
    ),
    **dict.fromkeys(
        ("$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_request_cost_usd", "$ai_web_search_cost_usd",
         "$ai_total_cost_usd", "$ai_cost_passthrough", "$ai_input_token_price", "$ai_output_token_price",
         "$ai_cache_read_token_price", "$ai_cache_write_token_price", "$ai_cache_write_1h_token_price",
         "$ai_request_price", "$ai_web_search_price"),
        _number,
    ),
    **dict.fromkeys(("$ai_metric_value", "feedback_value"), _spoken_number),
}  # fmt: skip
"""Property -> "keep", "drop", or what reduces it. A property that is not here is dropped."""
