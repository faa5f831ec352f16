"""For whom a span ran: its own word, then that of its ancestors, then what all below it agree on.

Never sideways by trace id, and nothing is remembered by trace id alone: one trace may serve many users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from otel_posthog_ai.context.belonging import Belonging, usable_id, usable_session_id
from otel_posthog_ai.dialects import Identity, read_identity
from otel_posthog_ai.reading.resources import once_a_resource
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.settings import Settings

from .ancestry import Hierarchy
from .nodes import Node


class Owner:
    """Whom an event belongs to."""

    __slots__ = ("distinct_id", "groups", "replay_session_id", "session_id")

    def __init__(
        self,
        distinct_id: str | None,
        session_id: str | None,
        replay_session_id: str | None,
        groups: dict[str, str] | None,
    ) -> None:
        self.distinct_id = distinct_id
        self.session_id = session_id
        self.replay_session_id = replay_session_id
        self.groups = groups


_Chain = list[tuple[Belonging | None, Identity | None]]


def note_below(node: Node, record: AISpan, ancestors: Sequence[Node]) -> None:
    """Tell the ancestors of a span which user and session it names; they count there only if all below agree."""
    if node.belonging is None and _is_nobody(record.identity):
        return
    user = _named(node, record.identity, "distinct_id", "user", "incidental_user", usable_id)
    session = _named(node, record.identity, "session_id", "session", "incidental_session", usable_session_id)
    if user is None and session is None:
        return
    for above in ancestors:
        # Two different names say all there is to say.
        if user is not None and len(above.users_below) < 3:
            above.users_below |= {user}
        if session is not None and len(above.sessions_below) < 3:
            above.sessions_below |= {session}


def _named(
    node: Node,
    identity: Identity,
    belonging: str,
    explicit: str,
    incidental: str,
    usable: Callable[[object], str | None],
) -> tuple[bool, str] | None:
    """Whether explicitly, and whom, a span names itself."""
    said = getattr(node.belonging, belonging) if node.belonging is not None else None
    found = said or usable(getattr(identity, explicit))
    if found is not None:
        return True, found
    found = usable(getattr(identity, incidental))
    return (False, found) if found is not None else None


def find_owner(
    node: Node, record: AISpan, hierarchy: Hierarchy, settings: Settings, resource: Mapping[str, Any]
) -> Owner:
    """Whom the events of `record` belong to, by all that is known now."""
    chain: _Chain = [(node.belonging, record.identity)]
    chain += [(above.belonging, hierarchy.identity(above)) for above in hierarchy.ancestors(node)]
    chain = [link for link in chain if link[0] is not None or not _is_nobody(link[1])]
    of_resource = _identity_of_resource(resource) if resource else None
    if not (chain or node.users_below or node.sessions_below or of_resource is not None):
        return Owner(usable_id(settings.default_distinct_id), None, None, None)  # nobody says anything
    user = (
        _upward(chain, "distinct_id", "user", usable_id)
        or _agreed(node.users_below, True)
        or (usable_id(of_resource.user) if of_resource is not None else None)
        or _incidental(chain, "incidental_user", usable_id)
        or _agreed(node.users_below, False)
        or usable_id(settings.default_distinct_id)
    )
    session = (
        _upward(chain, "session_id", "session", usable_session_id)
        or _agreed(node.sessions_below, True)
        or (usable_session_id(of_resource.session) if of_resource is not None else None)
        or _incidental(chain, "incidental_session", usable_session_id)
        or _agreed(node.sessions_below, False)
    )
    replay = _upward(chain, "replay_session_id", "replay_session", usable_session_id)
    return Owner(user, session, replay, _groups(chain))


def _is_nobody(identity: Identity | None) -> bool:
    return identity is None or (
        identity.user is None
        and identity.session is None
        and identity.incidental_user is None
        and identity.incidental_session is None
        and identity.replay_session is None
        and identity.groups is None
    )


_identity_of_resource = once_a_resource(read_identity)


def _upward(chain: _Chain, belonging: str, explicit: str, usable: Callable[[object], str | None]) -> str | None:
    for surrounding, identity in chain:
        said = getattr(surrounding, belonging) if surrounding is not None else None
        if said is None and identity is not None:
            named = getattr(identity, explicit)
            said = usable(named) if named is not None else None
        if said is not None:
            return str(said)
    return None


def _incidental(chain: _Chain, field: str, usable: Callable[[object], str | None]) -> str | None:
    for _, identity in chain:
        named = getattr(identity, field) if identity is not None else None
        found = usable(named) if named is not None else None
        if found is not None:
            return found
    return None


def _agreed(named: frozenset[tuple[bool, str]], explicit: bool) -> str | None:
    """The one name on which all below agree; explicit names shut incidental ones out."""
    if not named:
        return None
    names = {name for is_explicit, name in named if is_explicit is explicit}
    return next(iter(names)) if len(names) == 1 else None


def _groups(chain: _Chain) -> dict[str, str] | None:
    groups: dict[str, str] = {}
    for surrounding, identity in chain:
        for said in (
            surrounding.groups if surrounding is not None else None,
            identity.groups if identity is not None else None,
        ):
            for key, value in (said or {}).items():
                groups.setdefault(key, value)
    return groups or None
