"""Whom and what a span belongs to, as the app said it; and which ids PostHog takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from otel_posthog_ai.log import warn_once

LONGEST_ID = 200
"""Characters. PostHog cuts a longer distinct id, and an id that two services cut differently is two people."""

NO_VALUE = frozenset({"", "null", "none", "undefined", "unknown", "nan", "[object object]"})
"""What an absent value looks like once it was turned into text; lower case."""

ILLEGAL_DISTINCT_IDS = NO_VALUE | {
    "0", "00000000-0000-0000-0000-000000000000", "anonymous", "anonymous-user", "backend", "distinct_id", "distinctid",
    "email", "false", "guest", "id", "not_authenticated", "system", "true", "user",
}  # fmt: skip
"""Ids that PostHog refuses, because they would merge strangers into one person; lower case."""


def usable_id(value: object, refused: frozenset[str] = ILLEGAL_DISTINCT_IDS) -> str | None:
    """The distinct id that `value` stands for, or None where it stands for nobody.

    Texts, whole numbers and UUIDs are ids. Surrounding blanks go; over `LONGEST_ID` characters are cut and told once.
    """
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool):
        return None
    elif isinstance(value, float):
        if not value.is_integer():
            return None
        text = str(int(value))
    elif isinstance(value, (int, UUID)):
        text = str(value)
    else:
        return None
    if "\0" in text or text.lower() in refused:
        return None
    if len(text) > LONGEST_ID:
        warn_once("identity:cut", "an id of %d characters is cut to %d", len(text), LONGEST_ID)
        text = text[:LONGEST_ID].rstrip()
    return text


def usable_session_id(value: object) -> str | None:
    """The session id that `value` stands for, or None. Unlike a person, a session may be called `0` or `guest`."""
    return usable_id(value, NO_VALUE)


def usable_text(value: object) -> str | None:
    """`value` without surrounding blanks where it is a text that says something, else None."""
    if not isinstance(value, str):
        return None
    return value.strip() or None


class Belonging(NamedTuple):
    """Whom and what spans belong to. None, an empty mapping and False say nothing. Never mutated once made."""

    distinct_id: str | None = None
    session_id: str | None = None
    """The conversation (`$ai_session_id`)."""
    replay_session_id: str | None = None
    """The browser session whose recording PostHog can replay (`$session_id`)."""
    groups: Mapping[str, str] = {}
    properties: Mapping[str, Any] = {}
    trace_name: str | None = None
    prompt_name: str | None = None
    prompt_version: int | str | None = None
    privacy_mode: bool = False

    def within(self, outer: Belonging | None) -> Belonging:
        """This belonging inside `outer`: own values win, mappings are united, privacy stays."""
        if outer is None or outer == NOBODY:
            return self
        merged: dict[str, Any] = {}
        for name in _SINGLE_VALUES:
            own = getattr(self, name)
            merged[name] = getattr(outer, name) if own is None else own
        # A version belongs to its prompt: another prompt does not inherit it.
        if self.prompt_name is not None and self.prompt_version is None and self.prompt_name != outer.prompt_name:
            merged["prompt_version"] = None
        return Belonging(
            **merged,
            groups={**outer.groups, **self.groups},
            properties={**outer.properties, **self.properties},
            privacy_mode=self.privacy_mode or outer.privacy_mode,
        )


_SINGLE_VALUES = tuple(name for name in Belonging._fields if name not in ("groups", "properties", "privacy_mode"))

NOBODY = Belonging()
"""The belonging that says nothing."""


def belonging_of(
    *,
    distinct_id: object = None,
    session_id: object = None,
    replay_session_id: object = None,
    groups: Mapping[str, object] | None = None,
    properties: Mapping[str, Any] | None = None,
    trace_name: object = None,
    prompt_name: object = None,
    prompt_version: object = None,
    privacy_mode: bool | None = False,
) -> Belonging:
    """A belonging of the usable ones among these values; what is no id, name or mapping counts as not given."""
    return Belonging(
        distinct_id=usable_id(distinct_id),
        session_id=usable_session_id(session_id),
        replay_session_id=usable_session_id(replay_session_id),
        groups=_groups(groups),
        properties={str(key): value for key, value in _mapping("properties", properties).items()},
        trace_name=usable_text(trace_name),
        prompt_name=usable_text(prompt_name),
        prompt_version=_version(prompt_version),
        privacy_mode=bool(privacy_mode),
    )


def _mapping(name: str, value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if value is None:
        return {}
    # What callers pass at run time need not be what the annotation says.
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        warn_once(f"context:{name}", "%s must be a mapping; it is ignored", name)
        return {}
    return value


def _groups(value: Mapping[str, object] | None) -> dict[str, str]:
    groups: dict[str, str] = {}
    for group_type, key in _mapping("groups", value).items():
        usable = usable_session_id(key)
        if usable is not None:
            groups[str(group_type)] = usable
    return groups


def _version(value: object) -> int | str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return usable_text(value)
