"""What the worker knows of a span, and what can become of it."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from opentelemetry.trace import SpanContext

from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.dialects import AISpan, Identity


class Fate(Enum):
    """What has become of a span."""

    UNKNOWN = "unknown"
    """Nothing was decided yet."""
    LINK = "link"
    """Never exported: a link of the chain only."""
    HELD = "held"
    """Read, and waiting to be exported."""
    LEFT = "left"
    """Exported."""
    MERGED = "merged"
    """Its event is part of the survivor's."""


_NOTHING: frozenset[str] = frozenset()
_NOBODY: frozenset[tuple[bool, str]] = frozenset()
_ANY_PROCESS: tuple[Any, ...] = ()


class Outlook(NamedTuple):
    """`ai`: it will be exported (None: nobody can tell yet); the rest: as what, as far as it or its like said so."""

    ai: bool | None
    kind: str | None = None
    span_type: str | None = None
    tool: tuple[str | None, str | None] | None = None
    """Of a tool: its name, and which call of the model it runs."""


class Node:
    """What the worker knows of one span: a link of the chain, and its fate once that is decided."""

    __slots__ = (
        "because", "belonging", "calls_below", "count_below", "fate", "glimpse", "identity", "parent_id",
        "parent_is_remote", "private", "process", "promised", "record", "remote_parent", "reported_by",
        "sessions_below", "span_id", "stated_below", "survivor", "tainted", "trace_id", "users_below",
    )  # fmt: skip

    def __init__(
        self, span_id: int, trace_id: int, parent_id: int = 0, parent_is_remote: bool = False, fate: Fate = Fate.UNKNOWN
    ) -> None:
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
        self.fate = fate
        self.survivor: int = 0
        """The span that this one was merged into."""
        self.because = ""
        """Why it was merged or dropped, or is only a step, in words for a person."""
        self.process = _ANY_PROCESS
        """What its resource says of the process that it ran in, where spans of several may meet."""
        self.promised = False
        """An event that names this span as its parent has left."""
        self.private = False
        """It ran in privacy mode, and so does everything below it."""
        self.tainted = False
        """Something below it ran in privacy mode: its own content may repeat that."""
        self.reported_by: frozenset[str] = _NOTHING
        """The scopes of other spans that were found to be this call, too: each reports a call once."""
        self.calls_below = False
        """A call of a model was read below it, or made from the totals of a run there."""
        self.count_below = False
        """A call that was read below it said how many tokens it took."""
        self.stated_below: frozenset[str] = _NOTHING
        """The scopes of calls that were read below it, and said so of themselves."""
        self.users_below: frozenset[tuple[bool, str]] = _NOBODY
        self.sessions_below: frozenset[tuple[bool, str]] = _NOBODY
        self.identity: Identity | None = None

    # ---- the only ways from one fate to another ------------------------------------------------------------------

    @property
    def is_taken(self) -> bool:
        """Whether the span was read before: what comes once more under its id is no other span."""
        return self.fate not in (Fate.UNKNOWN, Fate.LINK)

    @property
    def is_exported(self) -> bool:
        """Whether an event of its own has left or will."""
        return self.fate in (Fate.HELD, Fate.LEFT)

    def hold(self, record: AISpan) -> None:
        """It was read as an AI span, and waits."""
        self._turn(Fate.HELD, (Fate.UNKNOWN, Fate.LINK))
        self.record = record

    def leave(self) -> None:
        """Its event is on its way; the record stays until that is built."""
        self._turn(Fate.LEFT, (Fate.HELD,))

    def merge_into(self, survivor: Node, because: str) -> None:
        """Another span tells what it told, and what runs below it runs below that one."""
        self._turn(Fate.MERGED, (Fate.HELD,))
        self.survivor, self.record, self.because = survivor.span_id, None, because

    def drop(self, because: str) -> None:
        """It is not for PostHog: a link of the chain."""
        self._turn(Fate.LINK, (Fate.UNKNOWN, Fate.LINK, Fate.HELD))
        self.record, self.because = None, because

    def _turn(self, fate: Fate, allowed: tuple[Fate, ...]) -> None:
        if self.fate not in allowed:
            raise ValueError(f"a span that is {self.fate.value} cannot become {fate.value}")
        self.fate = fate


def place_of(parent: SpanContext | None) -> tuple[int, bool]:
    """The id of a parent, and whether it is in another process."""
    return (parent.span_id, parent.is_remote) if parent is not None else (0, False)
