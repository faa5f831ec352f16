"""Who a span belongs to and which conversation, from its attributes: read on every span, AI or not.

Explicit values are ones that somebody set to name a user or a session; incidental ones are ids that a framework or a
provider made for its own use, and count only where no explicit one is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from otel_posthog_ai.attribute_names.general import ENDUSER_ID, SESSION_ID, USER_ID
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.posthog_inputs import GROUPS_KEY, REPLAY_SESSION_KEY, SESSION_KEYS, USER_KEY
from otel_posthog_ai.record import Identity

from .values import conversation, identifier, is_mapping, json_text, mapping

# What users call such ids in metadata of their own.
USER_NAMES = ("posthog_distinct_id", "distinct_id", "user_id", "userId")
SESSION_NAMES = ("session_id", "sessionId", "posthog_session_id")
INCIDENTAL_SESSION_NAMES = (
    "conversation_id", "conversationId", "convo_id", "thread_id", "threadId", "chat_id", "group_id",
)  # fmt: skip


class IdentityKeys(NamedTuple):
    """Attribute keys of one convention that say for whom a span runs; in each tuple the first hit wins."""

    user: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    incidental_user: tuple[str, ...] = ()
    incidental_session: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    """Objects in which users put such ids, under the names below."""
    invocation: tuple[str, ...] = ()
    """Objects that were sent to the provider."""

    def and_then(self, other: IdentityKeys) -> IdentityKeys:
        """The keys of both, those of `other` where these say nothing."""
        return IdentityKeys(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def keys_below(*prefixes: str) -> IdentityKeys:
    """The keys of conventions in which each entry of the user's metadata is an attribute of its own, below a prefix."""
    below = (
        tuple(prefix + name for prefix in prefixes for name in names)
        for names in (USER_NAMES, SESSION_NAMES, INCIDENTAL_SESSION_NAMES)
    )
    user, session, incidental_session = below
    return IdentityKeys(user=user, session=session, incidental_session=incidental_session)


# Who is logged in, where nothing names the user otherwise.
ACCOUNT_KEYS = ("user.email", "user.account_uuid", "user.account_id", "user.account.id")
# What coding agents write for `user.id`: a hash of the installation, which is a person only where nobody logs in.
_HASH = pattern(r"[0-9a-f]{64}")
# What every app may write, whatever its instrumentor.
COMMON = IdentityKeys(
    user=(USER_KEY, USER_ID, ENDUSER_ID),
    session=(*SESSION_KEYS, SESSION_ID),
    # Bare words for it, which a decorator may have taken from the arguments of a function.
    incidental_user=("user_id", "userId"),
    incidental_session=("session_id", "sessionId"),
)


class _Known:
    """The keys of all dialects, and which attributes are worth a look at all."""

    def __init__(self, keys: IdentityKeys) -> None:
        self._keys = keys
        self.among = lru_cache(maxsize=512)(self._among)
        """The keys that are there, of some which all are known: a span has few of them."""
        self.explicit = frozenset({*keys.user, *keys.session, REPLAY_SESSION_KEY, GROUPS_KEY})
        self.all = frozenset({*self.explicit, *ACCOUNT_KEYS, *(key for each in keys for key in each)})

    def _among(self, present: frozenset[str]) -> IdentityKeys:
        return IdentityKeys(*(tuple(key for key in each if key in present) for each in self._keys))


_known = _Known(COMMON)


def watch_for_identity(of_dialects: Iterable[IdentityKeys]) -> None:
    """Keys of the dialects in the order in which they are asked (set once, by the registry)."""
    global _known
    by_field = zip(COMMON, *of_dialects, strict=True)
    _known = _Known(IdentityKeys(*(tuple(chain.from_iterable(keys)) for keys in by_field)))


def names_identity(key: str) -> bool:
    """Whether an attribute of this name can say who or which session."""
    return key in _known.all


def may_name_anybody(keys: Iterable[str]) -> bool:
    """Whether one of these attributes can say who or which session."""
    return not _known.all.isdisjoint(keys)


def names_identity_only(key: str) -> bool:
    """Whether an attribute of this name says who or which session, and nothing else."""
    return key in _known.explicit


_JSON_PREFIX = "langfuse."


def _first(
    attributes: Mapping[str, Any], keys: tuple[str, ...], parse: Callable[[Any], str | None] = identifier
) -> str | None:
    for key in keys:
        if key in attributes:
            # Langfuse writes its metadata as JSON, also texts.
            found = parse(json_text(attributes[key]) if key.startswith(_JSON_PREFIX) else attributes[key])
            if found is not None:
                return found
    return None


def read_identity(attributes: Mapping[str, Any]) -> Identity | None:
    """What the attributes of one span or resource say about user and session; None when they say nothing."""
    present = _known.all.intersection(attributes)
    if not present:
        return None
    keys = _known.among(present)
    found = Identity()
    found.user = _first(attributes, keys.user)
    found.session = _first(attributes, keys.session, conversation)
    installation = found.user if found.user is not None and _HASH.fullmatch(found.user) else None
    if found.user is None or installation is not None:
        found.user = _first(attributes, ACCOUNT_KEYS)
    found.incidental_session = _first(attributes, keys.incidental_session, conversation)
    found.incidental_user = installation or _first(attributes, keys.incidental_user)
    found.replay_session = identifier(attributes.get(REPLAY_SESSION_KEY))
    found.groups = _groups(attributes.get(GROUPS_KEY))
    for key in keys.metadata:
        read_names(found, mapping(attributes[key]))
    for key in keys.invocation:
        _read_invocation(found, mapping(attributes[key]))
    return found


def _groups(value: Any) -> dict[str, str] | None:
    found = mapping(value)
    if not found:
        return None
    groups = {key: each for key, item in found.items() if (each := identifier(item)) is not None}
    return groups or None


def read_names(found: Identity, metadata: Mapping[str, Any] | None) -> None:
    """What a metadata object says of user and session under the names that users have for them."""
    if not metadata:
        return
    found.user = found.user or _first(metadata, USER_NAMES)
    found.session = found.session or _first(metadata, SESSION_NAMES, conversation)
    found.incidental_session = found.incidental_session or _first(metadata, INCIDENTAL_SESSION_NAMES, conversation)
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
