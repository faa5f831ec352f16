"""What is kept of spans that have ended: enough to place what comes late below them."""

from __future__ import annotations

from opentelemetry.trace import SpanContext

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.dialects import Identity

from .nodes import Fate, Node, place_of


class Ended:
    """What is kept of an ended span of which more is known than its place."""

    __slots__ = ("ai", "belonging", "identity", "parent_id", "parent_is_remote", "remote_parent", "trace_id")

    def __init__(
        self,
        parent_id: int,
        trace_id: int,
        belonging: Belonging | None,
        remote_parent: int | None,
        identity: Identity | None,
        parent_is_remote: bool,
        ai: bool,
    ) -> None:
        self.parent_id = parent_id
        self.trace_id = trace_id
        self.belonging = belonging
        self.remote_parent = remote_parent
        self.identity = identity
        self.parent_is_remote = parent_is_remote
        self.ai = ai


PlainEnded = int | tuple[int, int]
"""The parent of a link, or parent and trace of an AI span of which nothing else is kept.

Both cost the garbage collector nothing, whose full runs stop the app: it lets go of tuples of numbers.
"""


class EndedSpans:
    """What is known of spans once their end was noted, by span id. Any thread may write and ask."""

    def __init__(self) -> None:
        self._ended: dict[int, PlainEnded | Ended] = {}

    def __len__(self) -> int:
        return len(self._ended)

    def __contains__(self, span_id: int) -> bool:
        return span_id in self._ended

    def add(
        self,
        span_id: int,
        parent: SpanContext | None,
        trace_id: int,
        belonging: Belonging | None,
        remote_parent: int | None,
        identity: Identity | None,
        ai: bool,
    ) -> None:
        """Note an end. `ai`: the span is on its way to the worker. A plain link costs one integer."""
        parent_id, is_remote = place_of(parent)
        if is_remote or identity is not None or belonging is not None:
            self._ended[span_id] = Ended(parent_id, trace_id, belonging, remote_parent, identity, is_remote, ai)
        else:
            self._ended[span_id] = (parent_id, trace_id) if ai else parent_id

    def lose(self, span_id: int, identity: Identity | None) -> None:
        """The span will never reach the worker: it is only a link, but still says whose it was."""
        ended = self._ended.get(span_id)
        if isinstance(ended, Ended):
            ended.ai, ended.identity = False, identity
        elif isinstance(ended, tuple):
            parent_id, trace_id = ended
            self._ended[span_id] = (
                parent_id if identity is None else Ended(parent_id, trace_id, None, None, identity, False, False)
            )

    def is_on_its_way(self, span_id: int) -> bool:
        """Whether an AI span has ended, as far as is kept of it."""
        ended = self._ended.get(span_id)
        return isinstance(ended, tuple) or (isinstance(ended, Ended) and ended.ai)

    def parent_of(self, span_id: int) -> int | None:
        """The id of its parent, 0 where it has none; None when nothing is known of the span."""
        ended = self._ended.get(span_id)
        if isinstance(ended, Ended):
            return ended.parent_id
        return ended[0] if isinstance(ended, tuple) else ended

    def identity_of(self, span_id: int) -> Identity | None:
        """What the span said of user and session."""
        ended = self._ended.get(span_id)
        return ended.identity if isinstance(ended, Ended) else None

    def node(self, span_id: int) -> Node | None:
        """A new node of the span; None when nothing is known of it."""
        ended = self._ended.get(span_id)
        if ended is None:
            return None
        if isinstance(ended, tuple):
            return Node(span_id, ended[1], ended[0])
        if not isinstance(ended, Ended):
            return Node(span_id, 0, ended, fate=Fate.LINK)
        fate = Fate.UNKNOWN if ended.ai else Fate.LINK
        node = Node(span_id, ended.trace_id, ended.parent_id, ended.parent_is_remote, fate)
        node.belonging, node.remote_parent, node.identity = ended.belonging, ended.remote_parent, ended.identity
        return node

    def trim(self, most: int) -> None:
        """Keep what ended last."""
        forget_oldest(self._ended, most)
