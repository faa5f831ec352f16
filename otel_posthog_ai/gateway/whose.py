"""For whom a whole request is, by its headers: what a proxy knows of the caller and the spans do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from otel_posthog_ai.attribute_names.general import SESSION_ID
from otel_posthog_ai.posthog_inputs import USER_KEY

USER_HEADER, SESSION_HEADER = "x-posthog-distinct-id", "x-posthog-session-id"


@dataclass(frozen=True)
class Whose:
    """User and session of a request; what a span or a span above it says itself counts more."""

    user: str | None = None
    session: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Whose:
        """What the headers say."""
        return cls(headers.get(USER_HEADER) or None, headers.get(SESSION_HEADER) or None)

    def as_json(self) -> dict[str, Any]:
        """To be given to the constructor again."""
        return asdict(self)

    def as_resource(self) -> dict[str, str]:
        """The same as a resource would say it: below everything that spans say."""
        said = ((USER_KEY, self.user), (SESSION_ID, self.session))
        return {key: value for key, value in said if value is not None}
