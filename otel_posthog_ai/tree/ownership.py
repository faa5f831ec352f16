"""For whom a span ran: its own word, then that of its ancestors, then what all below it agree on.

Never sideways by trace id, and nothing is remembered by trace id alone: one trace may serve many users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from otel_posthog_ai.context.belonging import Belonging, usable_id, usable_session_id
from otel_posthog_ai.dialects import Identity, read_identity
from otel_posthog_ai.reading.resources import once_a_resource
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.settings import Settings

from .ancestry import Hierarchy
from .lineage import Inherited
from .nodes import Node


class Owner(NamedTuple):
    """Whom an event belongs to."""

    distinct_id: str | None
    session_id: str | None
    replay_session_id: str | None
    groups: dict[str, str] | None


class _Said(NamedTuple):
    """What a span and its ancestors say, the nearest first, but for the ids of conversations that a framework made."""

    user: str | None = None
    session: str | None = None
    replay_session: str | None = None
    incidental_user: str | None = None
    incidental_session: str | None = None
    groups: Mapping[str, str] | None = None


_Named = tuple[bool, str]
"""Whether explicitly, and whom."""
_NOTHING = _Said()
_ENOUGH = 3
"""Different names say all there is to say with the second; so many are remembered."""
_SEVERAL = "several"


def note_below(node: Node, record: AISpan, hierarchy: Hierarchy) -> None:
    """Tell the ancestors of a span which user and session it names; they count there only if all below agree."""
    if node.belonging is None and _is_nobody(record.identity):
        return
    user = _named(node, record.identity, "distinct_id", "user", "incidental_user", usable_id)
    session = _named(node, record.identity, "session_id", "session", "incidental_session", usable_session_id)
    for below, named in (("users_below", user), ("sessions_below", session)):
        if named is not None:
            _tell_above(node, below, named, hierarchy)


def _tell_above(node: Node, below: str, named: _Named, hierarchy: Hierarchy) -> None:
    """Note the name in the set `below` of each ancestor that has not heard it, or enough others."""

    def news(above: Node) -> tuple[str, object]:
        return below, named if len(getattr(above, below)) < _ENOUGH else _SEVERAL

    for above in hierarchy.lineage.untold(node, news):
        known: frozenset[_Named] = getattr(above, below)
        if len(known) < _ENOUGH:
            setattr(above, below, known | {named})


def _named(
    node: Node,
    identity: Identity,
    belonging: str,
    explicit: str,
    incidental: str,
    usable: Callable[[object], str | None],
) -> _Named | None:
    """Whom a span names itself."""
    said = getattr(node.belonging, belonging) if node.belonging is not None else None
    found = said or usable(getattr(identity, explicit))
    if found is not None:
        return True, found
    found = usable(getattr(identity, incidental))
    return (False, found) if found is not None else None


class Owners:
    """Finds out whom events belong to, by all that is known now."""

    def __init__(self, settings: Settings, hierarchy: Hierarchy) -> None:
        self._default = usable_id(settings.default_distinct_id)
        self._identity = hierarchy.identity
        self._said = Inherited(hierarchy.lineage, _NOTHING, self._said_by)

    def find(self, node: Node, record: AISpan, resource: Mapping[str, Any]) -> Owner:
        """Whom the events of `record` belong to."""
        said = _complete(node.belonging, record.identity, self._said.above(node))
        of_resource = _identity_of_resource(resource) if resource else None
        if said is _NOTHING and not (node.users_below or node.sessions_below or of_resource is not None):
            return Owner(self._default, None, None, None)  # nobody says anything
        user_there = usable_id(of_resource.user) if of_resource is not None else None
        session_there = usable_session_id(of_resource.session) if of_resource is not None else None
        user = _settled(said.user, node.users_below, user_there, said.incidental_user) or self._default
        session = _settled(said.session, node.sessions_below, session_there, said.incidental_session)
        groups = _all_groups(said.groups, of_resource.groups if of_resource is not None else None)
        return Owner(user, session, said.replay_session, groups)

    def _said_by(self, node: Node, above: _Said) -> _Said:
        return _complete(node.belonging, self._identity(node), above)


def _complete(belonging: Belonging | None, identity: Identity | None, above: _Said) -> _Said:
    """What the surroundings of a span say, then the span itself, then those above it."""
    if _is_nobody(identity):
        if belonging is None:
            return above
        identity = _NOBODY
    assert identity is not None
    around = belonging if belonging is not None else _NO_BELONGING
    return _Said(
        _first(around.distinct_id, identity.user, usable_id, above.user),
        _first(around.session_id, identity.session, usable_session_id, above.session),
        _first(around.replay_session_id, identity.replay_session, usable_session_id, above.replay_session),
        _first(None, identity.incidental_user, usable_id, above.incidental_user),
        # The outermost: an agent that is run as a tool has a session of its own, which nobody knows outside.
        _first(above.incidental_session, identity.incidental_session, usable_session_id, None),
        _all_groups(around.groups, identity.groups, above.groups),
    )


def _is_nobody(identity: Identity | None) -> bool:
    return identity is None or identity.names_nobody()


_identity_of_resource = once_a_resource(read_identity)


_NOBODY = Identity()
_NO_BELONGING = Belonging()


def _first(around: str | None, named: object, usable: Callable[[object], str | None], above: str | None) -> str | None:
    if around is not None:
        return around
    said = usable(named)
    return said if said is not None else above


def _settled(
    explicit: str | None, below: frozenset[tuple[bool, str]], of_resource: str | None, incidental: str | None
) -> str | None:
    """Of all that names a user or a session, what counts."""
    return explicit or _agreed(below, True) or of_resource or incidental or _agreed(below, False)


def _agreed(named: frozenset[tuple[bool, str]], explicit: bool) -> str | None:
    """The one name on which all below agree; explicit names shut incidental ones out."""
    if not named:
        return None
    names = {name for is_explicit, name in named if is_explicit is explicit}
    return next(iter(names)) if len(names) == 1 else None


def _all_groups(*said: Mapping[str, str] | None) -> dict[str, str] | None:
    """The groups of all, of which the first to name a type of group counts."""
    groups: dict[str, str] = {}
    for each in reversed(said):
        groups.update(each or {})
    return groups or None
