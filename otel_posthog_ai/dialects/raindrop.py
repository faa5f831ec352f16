"""Raindrop for the AI SDK: the AI SDK's own attributes, and what the app said of an event in its telemetry metadata.

https://www.raindrop.ai/docs/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import identifier, mapping
from otel_posthog_ai.record import AISpan

NAME = "raindrop"
PREFIXES = ()
AI_SCOPES = ("raindrop.",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ("raindrop.",)
LABELS = {"raindrop.ai-sdk": "@raindrop-ai/ai-sdk"}
OWN = "ai.telemetry.metadata.raindrop."
_USER, _SESSION = (f"{OWN}userId", f"{OWN}ai.userId"), f"{OWN}convoId"
IDENTITY = IdentityKeys(user=_USER, session=(_SESSION,))
_NAME, _PROPERTIES, _FLAGS = f"{OWN}eventName", f"{OWN}properties", f"{OWN}featureFlags"


def read(record: AISpan, source: Source) -> None:
    """Its own part of the metadata is read here, and so is none of the app's."""
    record.identity.user = identifier(source.first(*_USER))
    record.identity.session = identifier(source.take(_SESSION))
    said = {**(mapping(source.take(_PROPERTIES)) or {}), "eventName": source.take(_NAME)}
    said["featureFlags"] = mapping(source.take(_FLAGS))
    for key, value in said.items():
        if value is not None:
            record.metadata.setdefault(key, value)
    source.discard(*(key for key in source.attributes if key.startswith(OWN)))
