"""Who a span belongs to and which conversation, from its attributes: read on every span, AI or not.

Explicit values are ones that somebody set to name a user or a session; incidental ones are ids that a framework or a
provider made for its own use, and count only where no explicit one is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import Identity

from .values import identifier, is_mapping, json_text, mapping

USER_KEYS = (
    "posthog.distinct_id",
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "langfuse.trace.user_id",
    "traceloop.association.properties.user_id",
    "traceloop.association.properties.userId",
    "traceloop.association.properties.distinct_id",
    "traceloop.association.properties.posthog_distinct_id",
    "langsmith.metadata.user_id",
    "langfuse.trace.metadata.user_id",
    "langfuse.observation.metadata.user_id",
    "langfuse.trace.metadata.userId",
    "langfuse.observation.metadata.userId",
    "ai.telemetry.metadata.posthog_distinct_id",
    "ai.telemetry.metadata.userId",
)
SESSION_KEYS = (
    "posthog.session_id",
    "$ai_session_id",
    "session.id",
    "langfuse.session.id",
    "langfuse.trace.session_id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.sessionId",
    "langsmith.metadata.session_id",
    "langfuse.trace.metadata.session_id",
    "langfuse.observation.metadata.session_id",
    "langfuse.trace.metadata.sessionId",
    "langfuse.observation.metadata.sessionId",
    "ai.telemetry.metadata.sessionId",
)
INCIDENTAL_SESSION_KEYS = (
    "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.thread_id",
    "traceloop.association.properties.chat_id",
    "langsmith.metadata.thread_id",
    "langsmith.metadata.conversation_id",
    "langfuse.observation.metadata.thread_id",
    "gen_ai.conversation.id",
    "group_id",
)
INCIDENTAL_USER_KEYS = ("gen_ai.user", "gen_ai.request.user", "llm.user", "gen_ai.request.safety_identifier")
# Objects in which users put such ids: key of the attribute -> the keys inside are those of the four tables below.
METADATA_KEYS = ("metadata", "langfuse.trace.metadata", "langfuse.observation.metadata")
INVOCATION_KEYS = ("llm.invocation_parameters",)
USER_NAMES = ("posthog_distinct_id", "distinct_id", "user_id", "userId")
SESSION_NAMES = ("session_id", "sessionId", "posthog_session_id")
INCIDENTAL_SESSION_NAMES = ("conversation_id", "conversationId", "thread_id", "threadId", "chat_id", "group_id")
REPLAY_SESSION_KEY = "$session_id"
GROUPS_KEY = "$groups"

_KEYS = frozenset(
    {
        *USER_KEYS, *SESSION_KEYS, *INCIDENTAL_SESSION_KEYS, *INCIDENTAL_USER_KEYS, *METADATA_KEYS, *INVOCATION_KEYS,
        REPLAY_SESSION_KEY, GROUPS_KEY,
    }
)  # fmt: skip
IDENTITY_KEYS = frozenset({*USER_KEYS, *SESSION_KEYS, REPLAY_SESSION_KEY, GROUPS_KEY})


def names_identity(key: str) -> bool:
    """Whether an attribute of this name can say who or which session."""
    return key in _KEYS


_JSON_PREFIX = "langfuse."


def _first(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        if key in attributes:
            # Langfuse writes its metadata as JSON, also texts.
            found = identifier(json_text(attributes[key]) if key.startswith(_JSON_PREFIX) else attributes[key])
            if found is not None:
                return found
    return None


def read_identity(attributes: Mapping[str, Any]) -> Identity | None:
    """What the attributes of one span or resource say about user and session; None when they say nothing."""
    if _KEYS.isdisjoint(attributes):
        return None
    found = Identity()
    found.user = _first(attributes, USER_KEYS)
    found.session = _first(attributes, SESSION_KEYS)
    found.incidental_session = _first(attributes, INCIDENTAL_SESSION_KEYS)
    found.incidental_user = _first(attributes, INCIDENTAL_USER_KEYS)
    found.replay_session = identifier(attributes.get(REPLAY_SESSION_KEY))
    found.groups = _groups(attributes.get(GROUPS_KEY))
    for key in METADATA_KEYS:
        if key in attributes:
            _read_metadata(found, mapping(attributes[key]))
    for key in INVOCATION_KEYS:
        if key in attributes:
            _read_invocation(found, mapping(attributes[key]))
    return found


def _groups(value: Any) -> dict[str, str] | None:
    found = mapping(value)
    if not found:
        return None
    groups = {key: each for key, item in found.items() if (each := identifier(item)) is not None}
    return groups or None


def _read_metadata(found: Identity, metadata: Mapping[str, Any] | None) -> None:
    if not metadata:
        return
    found.user = found.user or _first(metadata, USER_NAMES)
    found.session = found.session or _first(metadata, SESSION_NAMES)
    found.incidental_session = found.incidental_session or _first(metadata, INCIDENTAL_SESSION_NAMES)
    took_the_thread = found.session is not None and found.session == found.incidental_session
    if took_the_thread and _first(metadata, SESSION_NAMES) is None:
        found.session = None  # an instrumentor took the thread for the session


def _read_invocation(found: Identity, parameters: Mapping[str, Any] | None) -> None:
    """What was sent to the provider: its `metadata` is the user's word, its own `user` field is not."""
    if not parameters:
        return
    metadata = mapping(parameters.get("metadata")) or {}
    # Anthropic's `metadata.user_id` and OpenAI's `user` are for the provider's abuse detection.
    found.incidental_user = (
        found.incidental_user
        or identifier(parameters.get("user"))
        or identifier(parameters.get("safety_identifier"))
        or _first(metadata, ("user_id",))
    )
    found.session = found.session or _first(metadata, SESSION_NAMES)
    found.incidental_session = found.incidental_session or _first(metadata, INCIDENTAL_SESSION_NAMES)
    if found.incidental_session is None:
        conversation = parameters.get("conversation")
        conversation = conversation.get("id") if is_mapping(conversation) else conversation
        found.incidental_session = identifier(conversation)
