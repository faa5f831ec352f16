"""Who is whose ancestor: learned when spans start and end, asked when events are placed.

The app's threads write what begins, others what ended; the one worker asks, and keeps what it finds out in nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.trace import SpanContext

from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.context.remote_parent import REMOTE_PARENT_KEY, remote_ai_parent
from otel_posthog_ai.dialects import Identity, is_marked, read_identity
from otel_posthog_ai.reading.source import scope_name
from otel_posthog_ai.record import is_call

from .admission import passes
from .ended_spans import EndedSpans
from .lineage import Inherited, Lineage
from .nodes import Fate, Node, place_of
from .open_spans import OpenSpans
from .refusals import Refusals
from .unread import UnreadSpans

_SWEEP_SECONDS = 0.5
MOST_ENDED = 20_000
"""Ended spans that late children can still be placed under."""


_NOT_SEEN: tuple[None, None, None] = (None, None, None)


class Hierarchy:
    """The ancestry of all spans that one processor sees."""

    def __init__(self) -> None:
        self.open_spans = OpenSpans()
        self.ended = EndedSpans()
        self.nodes: dict[int, Node] = {}
        self._tolerated = 0
        """Nodes above `MOST_ENDED` that are no reason to look for some to forget."""
        self.catch_up: Callable[[], None] = _nothing
        """Brings `ended` up to date: spans that have just ended may not have been noted yet."""
        self.unread = UnreadSpans(self.open_spans, lambda: self.catch_up())
        self.refusals = Refusals()
        self.lineage = Lineage(self._right_above)
        self._next_span = Inherited[Node | None](self.lineage, None, _itself_or_above)
        self._next_sweep = 0.0

    def start_anew(self) -> None:
        """In a forked child: whoever walked here is not there. Ancestry stays."""
        self.open_spans.start_anew()
        self.unread.rest(False)

    # ---- the app's threads ---------------------------------------------------------------------------------------

    def started(self, span: Span, context: Context, belonging: Belonging | None) -> None:
        """A span began in `context`; called in the app's thread, for every span."""
        remote = _parent_afar(span, context) if REMOTE_PARENT_KEY in context else None
        self.open_spans.add(span if belonging is None and remote is None else (span, belonging, remote))

    def finished(
        self, span_id: int, parent: SpanContext | None, trace_id: int, identity: Identity | None, ai: bool
    ) -> None:
        """A span has ended; `ai`: it is on its way to the worker."""
        _, belonging, remote_parent = self.open_spans.known(span_id) or _NOT_SEEN
        self.ended.add(span_id, parent, trace_id, belonging, remote_parent, identity, ai)
        self.open_spans.remove(span_id)  # Only now: who asks meanwhile finds it in one of both.

    def lost(self, span: ReadableSpan) -> None:
        """An ended AI span that will never be read: only a link, for what runs below it."""
        context = span.get_span_context()
        if context is None:
            return
        self.unread.arrived(context.span_id, context.trace_id, scope_name(span))
        self.ended.lose(context.span_id, read_identity(span.attributes or {}))

    def saw_start(self, span_id: int) -> bool:
        """Whether the span was seen when it started: then it is known in which context it ran."""
        return self.open_spans.known(span_id) is not None or span_id in self.ended

    def sweep(self) -> None:
        """Pin no span that stays open, and forget what is too old; called about every second."""
        self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        self.open_spans.sweep()
        self.ended.trim(MOST_ENDED)

    def sweep_if_due(self) -> None:
        """`sweep`, which looks at every open span: where the last was long enough ago, or much has ended."""
        if len(self.ended) > MOST_ENDED or time.monotonic() >= self._next_sweep:
            self.sweep()

    # ---- the worker ----------------------------------------------------------------------------------------------

    def trim(self) -> None:
        """Forget what is too old; called by the worker."""
        self.sweep_if_due()
        surplus = len(self.nodes) - MOST_ENDED
        if surplus <= self._tolerated:
            return
        # An eighth goes at once, so that the walk is spread over many; what has to stay is tolerated until the next.
        eighth = MOST_ENDED // 8
        needless = (
            span_id
            for span_id, node in self.nodes.items()
            if node.fate is not Fate.HELD and self.open_spans.known(span_id) is None
        )
        for span_id in list(islice(needless, surplus + eighth)):
            del self.nodes[span_id]
        self._tolerated = len(self.nodes) - MOST_ENDED + eighth

    def has_begun(self) -> bool:
        """Whether any span is known."""
        return bool(self.open_spans or self.ended)

    def node(self, span_id: int) -> Node | None:
        """The node of a span; None when nothing is known of it."""
        known = self.nodes.get(span_id)
        if known is not None:
            return known
        found = self._look_up(span_id)
        if found is None:
            self.catch_up()
            found = self._look_up(span_id)
        return self._note(found) if found is not None else None

    def _note(self, node: Node) -> Node:
        self.nodes[node.span_id] = node
        self.lineage.appeared(node.span_id)
        return node

    def _look_up(self, span_id: int) -> Node | None:
        known = self.open_spans.known(span_id)
        span = known[0] if known is not None else None
        if known is None or span is None:
            return self.ended.node(span_id)
        node = Node(span_id, span.get_span_context().trace_id, *place_of(span.parent))
        _, node.belonging, node.remote_parent = known
        return node

    def learn(self, span_id: int, trace_id: int, parent: SpanContext | None) -> Node:
        """The node of a span that has reached the worker, made if nobody announced it (the bare exporter)."""
        node = self.node(span_id)
        if node is not None and node.trace_id not in (0, trace_id):  # ids of spans are unique within a trace
            self.lineage.forget()
            node = None
        if node is None:
            node = self._note(Node(span_id, trace_id, *place_of(parent)))
        else:
            node.trace_id = trace_id
            if parent is not None and not node.parent_id:  # a child has named it before it came
                node.parent_id, node.parent_is_remote = place_of(parent)
                self.lineage.forget()
        self.lineage.way(node)
        return node

    def learn_promised(self, span_id: int, below: Node) -> None:
        """A child that names a span which nobody has seen has left: should it come, it must keep its id."""
        node = self.node(span_id)
        if node is None:
            node = self._note(Node(span_id, below.trace_id))
        node.promised = True
        if below.calls_below or (below.record is not None and is_call(below.record)):
            node.calls_below = True

    def span_above(self, node: Node) -> Node | None:
        """The nearest ancestor that is more than a link."""
        above = self._next_span.above(node)
        while above is not None and above.fate is Fate.LINK:
            above = self._next_span.above(above)
        return above

    def spans_above(self, node: Node) -> Iterator[Node]:
        """The ancestors that are more than links, nearest first."""
        above = self.span_above(node)
        while above is not None:
            yield above
            above = self.span_above(above)

    def _right_above(self, node: Node) -> Node | None:
        above = self.node(node.parent_id) if node.parent_id else None
        if above is None or (above.trace_id and node.trace_id and above.trace_id != node.trace_id):
            return None
        if not above.trace_id:
            above.trace_id = node.trace_id
        return above

    def nearest_marked(self, span_id: int, span_filter: Callable[[ReadableSpan], Any] | None) -> int | None:
        """The nearest open AI span at or above a span, or the AI span of another process that one was under.

        Walks without the worker's nodes: this runs in the app's threads.
        """
        seen: set[int] = set()
        while span_id not in seen:
            seen.add(span_id)
            span, _, remote_parent = self.open_spans.known(span_id) or _NOT_SEEN
            if span is None:
                if span_id not in self.ended:
                    self.catch_up()
                above = self.ended.parent_of(span_id)
            elif is_marked(span) and passes(span_filter, span):
                return span_id
            elif remote_parent is not None:
                return remote_parent
            else:
                above = span.parent.span_id if span.parent is not None else None
            if not above:
                return None
            span_id = above
        return None

    @contextmanager
    def at_rest(self) -> Generator[None]:
        """While the worker reads a batch, or places what it has read: each way up is walked only once.

        What is open or on its way is looked through only once, too.
        """
        self.unread.rest(True)
        try:
            with self.lineage.at_rest():
                yield
        finally:
            self.unread.rest(False)

    def survivor(self, node: Node) -> Node:
        """What the span has been merged into by now, or itself."""
        passed: list[Node] = []
        while node.fate is Fate.MERGED:
            into = self.node(node.survivor)
            if into is None:
                break
            passed.append(node)
            node = into
        for each in passed:
            each.survivor = node.span_id  # who asks again need not go the same way
        return node

    def identity(self, node: Node) -> Identity | None:
        """What the span itself says of user and session; one that the worker has not read is read as it is now."""
        span = self.unread.get(node.span_id)
        if span is None:
            return self.ended.identity_of(node.span_id) or node.identity
        node.identity = read_identity(dict(span.attributes or {}))
        return node.identity


def _parent_afar(span: Span, context: Context) -> int | None:
    """The AI span of another process that a span is under, where the propagator brought one along."""
    parent = span.parent
    found = remote_ai_parent(context) if parent is not None and parent.is_remote else None
    return found.span_id if found is not None else None


def _itself_or_above(node: Node, above: Node | None) -> Node | None:
    return above if node.fate is Fate.LINK else node


def _nothing() -> None:
    """Nothing has to be caught up with."""
