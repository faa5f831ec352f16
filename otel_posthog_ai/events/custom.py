"""Custom properties: what users wrote, under the keys they wrote, and never over a property of PostHog's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import AISpan

RESERVED = frozenset({"distinct_id", "token", "api_key", "uuid", "event", "timestamp"})
# Ids of users and sessions arrive as the event's own, not as custom properties.
IDENTITY = frozenset(
    {
        "user_id", "userId", "session_id", "sessionId", "posthog_distinct_id", "posthog_session_id", "conversation_id",
        "conversationId", "convo_id", "thread_id", "threadId", "chat_id",
    }
)  # fmt: skip
# What frameworks add to the metadata of their users.
BOOKKEEPING_PREFIXES = (
    "ls_", "lc_", "langgraph_", "__pregel", "logfire.", "user_api_key", "hidden_params", "graph.node.", "langfuse_",
)  # fmt: skip
BOOKKEEPING = frozenset(
    {"checkpoint_ns", "checkpoint_id", "checkpoint_map", "usage_object", "scope", "resourceAttributes", "run_id"}
)
MOST_PROPERTIES = 100
LONGEST_TEXT = 1_000


def is_writable(key: str) -> bool:
    """Whether a user's key may become a property."""
    return bool(key) and not key.startswith("$") and key not in RESERVED


def user_properties(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata that a user wrote, without ids that stand elsewhere and without bookkeeping."""
    return {
        key: value
        for key, value in metadata.items()
        if is_writable(key)
        and key not in IDENTITY
        and key not in BOOKKEEPING
        and not key.startswith(BOOKKEEPING_PREFIXES)
        and value is not None
    }


def leftover_properties(record: AISpan) -> tuple[dict[str, Any], int]:
    """Attributes that nobody read, and above them those of the resource; and how many had to go."""
    kept, dropped = _cut(record.attributes)
    if record.resource:
        of_resource, more = _cut(record.resource)
        kept.update(of_resource)
        dropped += more
    return kept, dropped


def _cut(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """As many attributes as an event may have, each as long as a property may be; and how many had to go."""
    kept: dict[str, Any] = {}
    dropped = 0
    for key, value in attributes.items():
        if not is_writable(key) or len(kept) >= MOST_PROPERTIES:
            dropped += 1
        else:
            kept[key] = value[:LONGEST_TEXT] if isinstance(value, str) else value
    return kept, dropped
