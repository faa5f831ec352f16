"""What is left of a span's attributes when every dialect has read: custom properties, without plumbing and copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import AISpan

from .identity import IDENTITY_KEYS
from .resources import once_a_resource
from .source import Source

# Attributes that repeat what was read, or serve the instrumentor alone. A prefix ends with a dot or is a whole name.
DROPPED_PREFIXES = (
    "gen_ai.", "llm.", "openinference.", "traceloop.", "langfuse.", "pydantic_ai.", "logfire.", "litellm.",
    "embedding.", "retrieval.", "reranker.", "input.", "output.", "entity.", "task.", "crewai.", "graph.node.",
    "metadata.",
    "langgraph_", "langgraph.", "ls_", "lc_", "langsmith.", "hidden_params", "all_messages", "raw_gen_ai_request",
    "exception.", "code.", "thread.", "openai.", "anthropic.", "agent_framework.", "agno.", "tool.", "tool_",
    "prompt.",
    "document.", "image.", "audio.", "rpc.", "mcp.", "jsonrpc.", "server.", "http.", "url.", "net.", "network.",
    "user_agent.", "telemetry.", "smolagents.", "autogen.", "messaging.", "gcp.", "aws.", "az.", "cohere.",
    "mistral_ai.", "pinecone.", "qdrant.", "watsonx.", "error.", "db.", "vector_store.", "sdk_span_type",
    "openlit.",
)  # fmt: skip
DROPPED = frozenset(
    {
        "metadata", "tag.tags", "session.id", "user.id", "input", "output", "events", "final_result", "request_data",
        "response_data", "model_request_parameters", "model_name", "agent_name", "checkpoint_ns", "thread_id",
        "operation.cost", "raw_input", "response", "usage", "message_template", "async", "name",
        "error",
        "duration", "operation", "group_id", "run_id", "request_id", "type",
    }
)  # fmt: skip
# `$…` keys that a user may set on a span.
DOCUMENTED = frozenset(
    {
        "$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_total_cost_usd", "$ai_request_cost_usd",
        "$ai_web_search_cost_usd",
        "$ai_input_token_price", "$ai_output_token_price", "$ai_cache_read_token_price", "$ai_cache_write_token_price",
        "$ai_cache_write_1h_token_price", "$ai_request_price", "$ai_request_count", "$ai_web_search_price",
        "$ai_web_search_count", "$ai_prompt_name", "$ai_prompt_version",
    }
)  # fmt: skip
FEATURE_PREFIX = "$feature/"

RESOURCE_KEPT = ("service.", "deployment.")
RESOURCE_DROPPED = frozenset({"service.instance.id"})
# Namespaces of the semantic conventions: a resource attribute outside them is the user's own.
RESOURCE_NAMESPACES = (
    "process.", "host.", "os.", "telemetry.", "container.", "k8s.", "cloud.", "aws.", "gcp.", "azure.", "faas.",
    "device.", "browser.", "webengine.", "otel.", "logfire.", "user.", "session.", "enduser.", "posthog.", "heroku.",
    "openshift.", "app.", "vcs.",
)  # fmt: skip


def collect(record: AISpan, source: Source) -> None:
    """Fill `record.attributes`, `record.documented` and `record.resource`."""
    attributes = source.attributes
    for key in source.shape.once(_candidates):
        if key not in attributes:
            continue
        if key.startswith("$"):
            record.documented[key] = attributes[key]
        elif key not in source.used:
            record.attributes[key] = attributes[key]
    record.resource.update(resource_properties(source.resource))


def _candidates(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that are worth keeping where nobody reads them."""
    return tuple(
        key
        for key in keys
        if (
            key in DOCUMENTED or key.startswith(FEATURE_PREFIX)
            if key.startswith("$")
            else key not in DROPPED and key not in IDENTITY_KEYS and not is_plumbing(key)
        )
    )


def is_plumbing(key: str) -> bool:
    """Whether an attribute repeats what was read or serves the instrumentor alone."""
    return key.startswith(DROPPED_PREFIXES) or any(segment.isdigit() for segment in key.split("."))


@once_a_resource
def resource_properties(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Resource attributes that say where the app ran, and those that the user added."""
    return {
        key: value
        for key, value in attributes.items()
        # The SDK's word for a service without a name says nothing.
        if not (key == "service.name" and str(value).startswith("unknown_service"))
        and key not in RESOURCE_DROPPED and (key.startswith(RESOURCE_KEPT) or not key.startswith(RESOURCE_NAMESPACES))
        and not key.startswith("$")
    }  # fmt: skip
