"""The last room before the wire: content is taken out, masked or left as the settings say, and the event is encoded."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, NamedTuple, cast

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_PROVIDER_NAME
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, EncodingError, encode
from otel_posthog_ai.events.event import Event
from otel_posthog_ai.events.properties import CONTENT
from otel_posthog_ai.giving_way import give_way, is_for_the_caller
from otel_posthog_ai.log import warn
from otel_posthog_ai.settings import Settings

from .credentials import remove_credentials
from .json_safe import json_safe
from .media import redact_media
from .plain_look import is_plain_event
from .privacy import private_event
from .repeats import Repeats

# Custom properties are content as well; these of ours are not.
_NOT_CONTENT_PREFIXES = ("$", "otel.", "service.", "deployment.", GEN_AI_PROVIDER_NAME)

_LAST = ("timestamp", "uuid")


class Privacy(NamedTuple):
    """What privacy mode needs to know of the span behind some events."""

    private: bool = False
    """They must leave without content, whatever the settings say."""
    context_keys: frozenset[str] = frozenset()
    """Custom properties that the app set for whole contexts, which may stay."""
    name: str | None = None
    """What to call the span where its own name may hold what was said."""


class Outgoing:
    """Turns events into bytes, by the settings of one exporter. Never raises: what fails is counted and told."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._settings = settings
        self._counters = counters
        self._mask: Callable[[str, Any], Any] | None = None
        if settings.mask is not None:
            from .masking import resolve_mask  # only who names a mask pays for loading them

            self._mask = resolve_mask(settings.mask)
        self._secrets = (settings.api_key,) if settings.api_key else ()
        # Code of the app sees every event as a whole.
        whole = self._mask is not None or settings.before_send is not None
        self._repeats = None if whole else Repeats(self._safe, deflates=settings.compression == "gzip")

    def encode(self, events: Iterable[Event], privacy: Privacy) -> list[EncodedEvent]:
        """The events that may leave, encoded."""
        encoded: list[EncodedEvent] = []
        for event in events:
            try:
                found = self._encoded(event, privacy)
                if found is not None:
                    encoded.append(found)
            except EncodingError:
                self._lose("unencodable", "an event could not be encoded and is lost")
            except Exception as error:
                self._lose("unencodable", "an event could not be finished and is lost (%s)", type(error).__name__)
        return encoded

    def _lose(self, reason: str, message: str, *values: object) -> None:
        self._counters.add("dropped", reason=reason)
        warn(f"outgoing:{reason}", message, *values)

    def _encoded(self, event: Event, privacy: Privacy) -> EncodedEvent | None:
        if self._repeats is not None and not (privacy.private or self._settings.privacy_mode):
            repeated = self._repeats.encode(event)
            if repeated is not None:
                return repeated
        finished = self._finished(event, privacy)
        give_way()
        return encode(finished) if finished is not None else None

    def _finished(self, event: Event, privacy: Privacy) -> Event | None:
        if privacy.private or self._settings.privacy_mode:
            safe = json_safe(event["properties"])
            event = private_event({**event, "properties": safe}, privacy.context_keys, privacy.name)
        properties = self._safe(event["properties"])
        if self._mask is not None:
            properties = self._masked(self._mask, properties)
        if properties is not event["properties"]:
            event = {**event, "properties": properties}
        if self._settings.before_send is not None:
            return self._sent_by(self._settings.before_send, event)
        return event

    def _safe(self, properties: dict[str, Any]) -> dict[str, Any]:
        """The properties as strict JSON without credentials, and without media unless they are wanted."""
        if is_plain_event(properties, self._secrets):
            return properties
        if self._settings.capture_media:
            properties = json_safe(properties, encode_bytes=_base64)
        else:
            properties = redact_media(json_safe(properties))
        cleaned: dict[str, Any] = remove_credentials(properties, self._secrets)
        return cleaned

    def _masked(self, mask: Callable[[str, Any], Any], properties: dict[str, Any]) -> dict[str, Any]:
        from .masking import apply_mask

        masked: dict[str, Any] = {}
        for key, value in properties.items():
            if key in CONTENT or not key.startswith(_NOT_CONTENT_PREFIXES):
                result = apply_mask(mask, key, value)
                if result.failed:
                    self._counters.add("mask_failed")
                    warn("outgoing:mask", "the mask failed; the content it was given is left out")
                value = result.value
            masked[key] = value
        return masked

    def _sent_by(self, before_send: Callable[[Event], Event | None], event: Event) -> Event | None:
        """What `before_send` makes of the event; it fails closed."""
        try:
            # A copy: parts of an event are shared with others of its trace, and with what is remembered of it.
            changed = before_send(deepcopy(event))
        except BaseException as error:
            if is_for_the_caller(error):
                raise
            self._lose("before_send_failed", "before_send failed and its event is lost (%s)", type(error).__name__)
            return None
        if changed is None:
            self._counters.add("dropped", reason="before_send")
            return None
        if not _is_event(changed):
            self._lose("before_send_failed", "before_send returned no event; the event is lost")
            return None
        # Time and uuid last, wherever they stand now and whatever was added: there delivery finds them.
        last = {key: changed[key] for key in _LAST if key in changed}
        others = {key: value for key, value in changed.items() if key not in last}
        return {**others, "properties": json_safe(changed["properties"]), **last}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    event = cast(Event, value)
    texts = all(isinstance(event.get(key), str) for key in ("event", "distinct_id", "uuid"))
    return texts and isinstance(event.get("properties"), dict)
