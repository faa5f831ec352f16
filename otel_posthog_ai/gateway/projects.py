"""Which project a request is for: by its key, else by what its resources say, else the one of the environment.

Only projects that were named at the start exist: the gateway relays to no key that a request brings along.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from otel_posthog_ai.settings import Settings

from .bodies import Refused

KEY_HEADER = "x-posthog-api-key"
_PREFIX = "phc_"


@dataclass(frozen=True, eq=False)
class Target:
    """A project that exists: where its events go, and which resources are its own."""

    settings: Settings
    resource: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Attribute → the values that mark a resource as this project's; all attributes must agree."""

    @property
    def binding(self) -> str:
        """What names it on disk, without the key."""
        return hashlib.sha256(f"{self.settings.host}\n{self.settings.api_key}".encode()).hexdigest()[:16]


class Routes:
    """The way of a request to its project.

    Args:
        targets: all projects, the default one first where there is one.
        has_default: whether the first takes what names no project.
        key_needed: whether a request must bring a key.
    """

    def __init__(self, targets: Sequence[Target], *, has_default: bool, key_needed: bool) -> None:
        self._targets = tuple(targets)
        self._default = self._targets[0] if has_default else None
        self._by_resource = tuple(target for target in targets if target.resource)
        self._key_needed = key_needed or not (has_default or self._by_resource)

    def by_key(self, headers: Mapping[str, str]) -> Target | None:
        """The project whose key the headers bring; None where they bring none. Raises `Refused` (401)."""
        key = _key_of(headers)
        if key is None:
            if self._key_needed:
                raise Refused(401, "a project key is needed: Authorization: Bearer phc_…")
            return None
        found = None
        for target in self._targets:  # all are compared, so that time tells nothing
            if hmac.compare_digest(key.encode(), (target.settings.api_key or "").encode()):
                found = found or target
        if found is None:
            raise Refused(401, "this project key is not allowed here")
        return found

    def by_resource(self, attributes: Mapping[str, Any]) -> Target | None:
        """The project of a resource in a request without a key; None where there is none."""
        for target in self._by_resource:
            if all(str(attributes.get(name)) in values for name, values in target.resource.items()):
                return target
        return self._default

    @property
    def sorts_by_resource(self) -> bool:
        """Whether requests without a key can hold spans of several projects."""
        return bool(self._by_resource)


def _key_of(headers: Mapping[str, str]) -> str | None:
    """The key that a request brings. Keys of other vendors in Basic credentials are none."""
    given = headers.get(KEY_HEADER)
    if given:
        return given.strip()
    # Some SDKs send the percent-encoding of OTEL_EXPORTER_OTLP_HEADERS on as it is: `Bearer%20phc_…`.
    scheme, _, credentials = unquote(headers.get("authorization", "")).partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            parts = base64.b64decode(credentials.strip(), validate=True).decode().split(":")
        except (ValueError, binascii.Error):
            return None
        return next((part for part in parts if part.startswith(_PREFIX)), None)
    return None
