"""What the worker knows of a span, and what can become of it."""

from __future__ import annotations

from typing import NamedTuple

from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.dialects import AISpan, Identity

UNKNOWN = "unknown"  # nothing was decided yet
PLAIN = "plain"  # never exported: a link of the chain only
HELD = "held"  # read, and waiting to be exported
LEFT = "left"  # exported
MERGED = "merged"  # its event is part of the survivor's

_NOBODY: frozenset[tuple[bool, str]] = frozenset()


class Outlook(NamedTuple):
    """`ai`: it will be exported (None: nobody can tell yet); the rest: as what, as far as it or its like said so."""

    ai: bool | None
    kind: str | None = None
    span_type: str | None = None


class Node:
    """What the worker knows of one span: a link of the chain, and its fate once that is decided."""

    __slots__ = (
        "belonging", "fate", "glimpse", "identity", "identity_of_open", "parent_id", "parent_is_remote", "private",
        "promised", "record", "remote_parent", "reported_by", "sessions_below", "span_id", "survivor", "tainted",
        "trace_id", "users_below",
    )  # fmt: skip

    def __init__(self, span_id: int, trace_id: int, parent_id: int, parent_is_remote: bool = False) -> None:
        self.span_id = span_id
        self.trace_id = trace_id
        self.parent_id = parent_id
        self.parent_is_remote = parent_is_remote
        self.belonging: Belonging | None = None
        self.remote_parent: int | None = None
        self.record: AISpan | None = None
        """The record while it waits to be exported."""
        self.glimpse: tuple[int, Outlook | None] | None = None
        """Number of attributes of the open span, and what they said when there were so many."""
        self.fate: str = UNKNOWN
        self.survivor: int = 0
        """The span that this one was merged into."""
        self.promised = False
        """An event that names this span as its parent has left."""
        self.private = False
        """It ran in privacy mode, and so does everything below it."""
        self.tainted = False
        """Something below it ran in privacy mode: its own content may repeat that."""
        self.reported_by: frozenset[str] = frozenset()
        """The scopes of other spans that were found to be this call, too: each reports a call once."""
        self.users_below: frozenset[tuple[bool, str]] = _NOBODY
        self.sessions_below: frozenset[tuple[bool, str]] = _NOBODY
        self.identity: Identity | None = None
        self.identity_of_open: tuple[int, Identity | None] = (-1, None)
