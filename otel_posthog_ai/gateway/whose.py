"""For whom a whole request is, by its headers: what a proxy knows of the caller and the spans do not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote

from otel_posthog_ai.attribute_names.general import SESSION_ID
from otel_posthog_ai.log import warn
from otel_posthog_ai.posthog_inputs import GROUPS_KEY, USER_KEY

USER_HEADER, SESSION_HEADER = "x-posthog-distinct-id", "x-posthog-session-id"
GROUPS_HEADER = "x-posthog-groups"


@dataclass(frozen=True)
class Whose:
    """User, session and groups (group type to key) of a request; what a span or a span above it says counts more."""

    user: str | None = None
    session: str | None = None
    groups: dict[str, str] | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Whose:
        """What the headers say."""
        groups = _groups(headers.get(GROUPS_HEADER) or "")
        return cls(headers.get(USER_HEADER) or None, headers.get(SESSION_HEADER) or None, groups)

    def as_json(self) -> dict[str, Any]:
        """To be given to the constructor again."""
        return asdict(self)

    def as_resource(self) -> dict[str, str]:
        """The same as a resource would say it: below everything that spans say."""
        groups = json.dumps(self.groups) if self.groups is not None else None
        said = ((USER_KEY, self.user), (SESSION_ID, self.session), (GROUPS_KEY, groups))
        return {key: value for key, value in said if value is not None}


def _groups(header: str) -> dict[str, str] | None:
    """`company=acme,team=shop%20floor`, in the form of baggage; what has another form is left out and told."""
    groups: dict[str, str] = {}
    for part in header.split(","):
        group_type, _, key = (unquote(side).strip() for side in part.partition("="))
        if group_type and key:
            groups[group_type] = key
        elif part.strip():
            warn("groups header", "X-PostHog-Groups has a part that is no type=key; that part counts for nothing.")
    return groups or None
