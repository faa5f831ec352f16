"""Who and which session, as others than `posthog_context` know it: baggage, and PostHog's own client library."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any, cast

from opentelemetry.context import Context

from otel_posthog_ai.attribute_names.general import ENDUSER_ID, SESSION_ID, USER_ID
from otel_posthog_ai.log import warn
from otel_posthog_ai.posthog_inputs import REPLAY_SESSION_KEY, SESSION_KEY, USER_KEY

from .belonging import NOBODY, Belonging, belonging_of

BAGGAGE_FIELDS = (
    (USER_KEY, "distinct_id"),
    (USER_ID, "distinct_id"),
    (ENDUSER_ID, "distinct_id"),
    (SESSION_KEY, "session_id"),
    (SESSION_ID, "session_id"),
    ("posthog.replay_session_id", "replay_session_id"),
    (REPLAY_SESSION_KEY, "replay_session_id"),
)
"""Baggage key → what it says, first hit wins. Every other listed key becomes a property of its own name."""

_FIELD_OF_KEY = dict(BAGGAGE_FIELDS)


def from_baggage(context: Context | None, keys: Collection[str]) -> Belonging | None:
    """What the baggage in `context` (None: the current one) says under `keys`, None where it says nothing.

    Baggage arrives from other services and, at the edge, from anybody: a key that is not listed is not read.
    """
    # Whoever puts something there has loaded the module; most apps never do.
    if not keys or "opentelemetry.baggage" not in sys.modules:
        return None
    from opentelemetry import baggage

    entries = baggage.get_all(context)
    if not entries:
        return None
    said: dict[str, Any] = {}
    for key, name in BAGGAGE_FIELDS:
        if key in keys and key in entries and name not in said:
            said[name] = entries[key]
    properties = {key: entries[key] for key in keys if key in entries and key not in _FIELD_OF_KEY}
    return _if_any(belonging_of(**said, properties=properties))


def posthog_library_identity() -> Belonging | None:
    """What PostHog's own library knows of the current context, None where it is not loaded or knows nothing.

    `identify_context` gives the user, `set_context_session` the browser session, tags give properties. The library is
    looked up among the loaded modules and never imported.
    """
    contexts = sys.modules.get("posthog.contexts")
    if contexts is None:
        return None
    try:
        distinct_id = contexts.get_context_distinct_id()
        session_id = contexts.get_context_session_id()
        tags = contexts.get_tags()
    except Exception as error:
        # A version of the library with other names, or one that is just being imported by another thread.
        warn("context:posthog", "the context of the posthog library cannot be read (%s)", type(error).__name__)
        return None
    if distinct_id is None and session_id is None and not tags:
        return None
    # `$current_url` and its like describe the web request and not the model call.
    properties = {str(k): v for k, v in cast(Mapping[Any, Any], tags).items() if not str(k).startswith("$")}
    return _if_any(belonging_of(distinct_id=distinct_id, replay_session_id=session_id, properties=properties))


def _if_any(belonging: Belonging) -> Belonging | None:
    return None if belonging == NOBODY else belonging
