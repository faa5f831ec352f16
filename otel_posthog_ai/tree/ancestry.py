"""Who is whose ancestor: learned when spans start and end, asked when events are placed.

The app's threads write what begins, others what ended; the one worker asks, and keeps what it finds out in nodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import ReferenceType, ref

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE
from opentelemetry.trace import SpanContext, SpanKind

from otel_posthog_ai.attribute_names.general import HTTP_STATUS_CODE
from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.context.remote_parent import REMOTE_PARENT_KEY, remote_ai_parent
from otel_posthog_ai.dialects import Identity, is_marked, read_identity
from otel_posthog_ai.record import is_call

from .admission import passes
from .nodes import Fate, Node
from .open_spans import OpenSpans

MOST_REFUSED = 1_000
"""Refused requests that are remembered until the call that sent them is read."""
_REFUSED = 400
_STATUS_KEYS = (HTTP_RESPONSE_STATUS_CODE, HTTP_STATUS_CODE)
_SWEEP_SECONDS = 0.5
MOST_ENDED = 20_000
"""Ended spans that late children can still be placed under."""


class Ended:
    """What is kept of an ended span that is more than a link to its parent."""

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


_NOT_SEEN: tuple[None, None, None] = (None, None, None)


class _Opened:
    """The spans that are open at a moment, by trace and by scope."""

    __slots__ = ("by_scope", "by_trace")

    def __init__(self, open_spans: OpenSpans) -> None:
        self.by_trace: dict[int, list[tuple[int, ReadableSpan]]] = {}
        self.by_scope: dict[str | None, list[tuple[int, ReadableSpan]]] = {}
        for span_id, span in open_spans:
            scope = span.instrumentation_scope
            self.by_trace.setdefault(span.get_span_context().trace_id, []).append((span_id, span))
            self.by_scope.setdefault(scope.name if scope is not None else None, []).append((span_id, span))


class Hierarchy:
    """The ancestry of all spans that one processor sees."""

    def __init__(self) -> None:
        self.open_spans = OpenSpans()
        self.ended: dict[int, int | Ended] = {}
        self._refused: dict[int, int] = {}
        """Span id -> HTTP status of the last request below it that was refused."""
        self.nodes: dict[int, Node] = {}
        self._arriving: dict[str, dict[int, ReferenceType[ReadableSpan]]] = {}
        """Ended AI spans on their way to the worker, by scope; the queue that they are in holds them."""
        self._arriving_of: dict[int, dict[int, ReferenceType[ReadableSpan]]] = {}
        """The same by trace."""
        self.catch_up: Callable[[], None] = _nothing
        """Brings `ended` up to date: spans that have just ended may not have been noted yet."""
        self._next_sweep = 0.0
        self._walked: dict[Node, Sequence[Node]] | None = None
        self._opened: _Opened | None = None
        """The open spans, while all is at rest."""

    def start_anew(self) -> None:
        """In a forked child: whoever walked here is not there. Ancestry stays."""
        self.open_spans.start_anew()
        self._walked = self._opened = None

    # ---- the app's threads ---------------------------------------------------------------------------------------

    def started(self, span: Span, context: Context, belonging: Belonging | None) -> None:
        """A span began in `context`; called in the app's thread, for every span."""
        remote = _parent_afar(span, context) if REMOTE_PARENT_KEY in context else None
        self.open_spans.add(span if belonging is None and remote is None else (span, belonging, remote))

    def finished(
        self, span_id: int, parent: SpanContext | None, trace_id: int, identity: Identity | None, ai: bool
    ) -> None:
        """A span has ended. A plain link costs one integer."""
        _, belonging, remote_parent = self.open_spans.known(span_id) or _NOT_SEEN
        if parent is None:
            parent_id, is_remote = 0, False
        else:
            parent_id, is_remote = parent.span_id, parent.is_remote
        if ai or is_remote or identity is not None or belonging is not None:
            self.ended[span_id] = Ended(parent_id, trace_id, belonging, remote_parent, identity, is_remote, ai)
        else:
            self.ended[span_id] = parent_id
        self.open_spans.remove(span_id)  # Only now: who asks meanwhile finds it in one of both.

    def answered(self, span: ReadableSpan) -> None:
        """An ordinary span has ended: where it is a client's request that was refused, whose call that was is noted."""
        if span.kind is not SpanKind.CLIENT or span.parent is None or not span.attributes:
            return
        status = next((found for key in _STATUS_KEYS if (found := span.attributes.get(key)) is not None), None)
        parent_id = span.parent.span_id
        if isinstance(status, int) and status >= _REFUSED:
            self._refused[parent_id] = status
            forget_oldest(self._refused, MOST_REFUSED)
        elif self._refused:
            self._refused.pop(parent_id, None)  # tried again, and answered

    def refused_with(self, node: Node) -> int | None:
        """The HTTP status of the last request below a span, where it was refused."""
        return self._refused.get(node.span_id)

    def saw_start(self, span_id: int) -> bool:
        """Whether the span was seen when it started: then it is known in which context it ran."""
        return self.open_spans.known(span_id) is not None or span_id in self.ended

    def sweep(self) -> None:
        """Pin no span that stays open, and forget what is too old; called about every second."""
        self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        self.open_spans.sweep()
        forget_oldest(self.ended, MOST_ENDED)

    def sweep_if_due(self) -> None:
        """`sweep`, which looks at every open span: where the last was long enough ago, or much has ended."""
        if len(self.ended) > MOST_ENDED or time.monotonic() >= self._next_sweep:
            self.sweep()

    # ---- the worker ----------------------------------------------------------------------------------------------

    def trim(self) -> None:
        """Forget what is too old; called by the worker."""
        self.sweep_if_due()
        if len(self.nodes) > MOST_ENDED:
            for span_id in list(self.nodes):
                if len(self.nodes) <= MOST_ENDED:
                    break
                if self.nodes[span_id].fate is not Fate.HELD and self.open_spans.known(span_id) is None:
                    del self.nodes[span_id]

    def has_begun(self) -> bool:
        """Whether any span is known."""
        return bool(self.open_spans or self.ended)

    def arrives(self, span_id: int, trace_id: int, span: ReadableSpan) -> None:
        """An AI span has ended and is on its way to the worker."""
        scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
        arriving = self._arriving.setdefault(scope, {})
        arriving[span_id] = reference = ref(span)
        self._arriving_of.setdefault(trace_id, {})[span_id] = reference
        # A span that is dropped on its way never arrives.
        forget_oldest(arriving, MOST_ENDED)
        forget_oldest(self._arriving_of, MOST_ENDED)

    def arrived(self, span_id: int, trace_id: int, scope: str) -> None:
        """The worker has the span; what becomes of it is said by its node."""
        arriving = self._arriving.get(scope)
        if arriving is not None:
            arriving.pop(span_id, None)
        of_trace = self._arriving_of.get(trace_id)
        if of_trace is not None:  # empty it stays: another thread may be about to add to it
            of_trace.pop(span_id, None)

    def live(self, span_id: int) -> Span | None:
        """The span itself while it is open or somebody holds it; where nobody does, its end has been noted."""
        known = self.open_spans.known(span_id)
        if known is None:
            return None
        if known[0] is None:  # What the processor gets at the end of a span is a copy of it.
            self.catch_up()
        return known[0]

    def unread(self, span_id: int) -> ReadableSpan | None:
        """The span itself until the worker has read it: while it is open, and while it is on its way after that."""
        span = self.live(span_id)
        if span is not None:
            if span.end_time is None:
                return span
            self.catch_up()
        for spans in self._arriving.copy().values():
            arriving = spans.get(span_id)
            if arriving is not None:
                return arriving()
        return None

    def unread_spans(self, but: str | None = None) -> Iterator[tuple[int, ReadableSpan]]:
        """The spans that are open or on their way, by span id; those of the scope `but` are left out."""
        for name, opened in self._open().by_scope.items():
            if name != but:
                yield from opened
        for name, spans in self._arriving.copy().items():
            if name == but:
                continue
            for span_id, reference in spans.copy().items():
                arriving = reference()
                if arriving is not None:
                    yield span_id, arriving

    def _open(self) -> _Opened:
        """The open spans. While all is at rest they are looked through once: what begins meanwhile is not among them.

        It begins after everything that is placed has ended, so nothing that is placed can have run inside it.
        """
        found = self._opened
        if found is None:
            found = _Opened(self.open_spans)
            self._opened = found if self._walked is not None else None
        return found

    def unread_spans_of(self, trace_id: int) -> Sequence[tuple[int, ReadableSpan]]:
        """Those of `unread_spans` that are of this trace; of spans that begin while all is at rest some may lack."""
        unread = list(self._open().by_trace.get(trace_id, ()))
        for span_id, reference in self._arriving_of.get(trace_id, {}).copy().items():
            arriving = reference()
            if arriving is not None:
                unread.append((span_id, arriving))
        return unread

    def node(self, span_id: int) -> Node | None:
        """The node of a span; None when nothing is known of it."""
        known = self.nodes.get(span_id)
        if known is not None:
            return known
        found = self._look_up(span_id)
        if found is None:
            self.catch_up()
            found = self._look_up(span_id)
        if found is not None:
            self.nodes[span_id] = found
        return found

    def _look_up(self, span_id: int) -> Node | None:
        known = self.open_spans.known(span_id)
        span = known[0] if known is not None else None
        if known is not None and span is not None:
            context = span.get_span_context()
            parent = span.parent
            node = Node(
                span_id,
                context.trace_id,
                parent.span_id if parent is not None else 0,
                parent is not None and parent.is_remote,
            )
            _, node.belonging, node.remote_parent = known
        else:
            ended = self.ended.get(span_id)
            if ended is None:
                return None
            if isinstance(ended, Ended):
                fate = Fate.UNKNOWN if ended.ai else Fate.LINK
                node = Node(span_id, ended.trace_id, ended.parent_id, ended.parent_is_remote, fate)
                node.belonging, node.remote_parent, node.identity = ended.belonging, ended.remote_parent, ended.identity
            else:
                node = Node(span_id, 0, ended, fate=Fate.LINK)
        return node

    def learn(self, span_id: int, trace_id: int, parent: SpanContext | None) -> tuple[Node, Sequence[Node]]:
        """The node of a span that has reached the worker, made if nobody announced it (the bare exporter).

        With it come its ancestors, nearest first.
        """
        node = self.node(span_id)
        if node is None or (node.trace_id and node.trace_id != trace_id):
            node = self.nodes[span_id] = Node(
                span_id, trace_id, parent.span_id if parent is not None else 0, parent is not None and parent.is_remote
            )
        node.trace_id = trace_id
        above = self.ancestors(node)
        if node.parent_id == span_id or any(each.parent_id == span_id for each in above):
            node.parent_id = 0  # a cycle ends where it would close
            above = ()
        return node, above

    def learn_promised(self, span_id: int, trace_id: int, below: Node) -> None:
        """A child that names a span which nobody has seen has left: should it come, it must keep its id."""
        node = self.node(span_id)
        if node is None:
            node = self.nodes[span_id] = Node(span_id, trace_id, 0)
        node.promised = True
        if below.calls_below or (below.record is not None and is_call(below.record)):
            node.calls_below = True

    def ancestors(self, node: Node) -> Sequence[Node]:
        """The ancestors that are known, nearest first; a cycle ends the walk."""
        walked = self._walked
        known = walked.get(node) if walked is not None else None
        if known is not None:
            return known
        below = node
        chain: list[Node] = []
        nodes = self.nodes
        seen = {node.span_id}
        while (parent_id := below.parent_id) and parent_id not in seen:
            seen.add(parent_id)
            above = nodes.get(parent_id) or self.node(parent_id)
            if above is None or (above.trace_id and below.trace_id and above.trace_id != below.trace_id):
                break
            if not above.trace_id:
                above.trace_id = below.trace_id
            chain.append(above)
            below = above
        if walked is not None:
            walked[node] = chain
        return chain

    def nearest_marked(self, span_id: int, span_filter: Callable[[ReadableSpan], Any] | None) -> int | None:
        """The nearest open AI span at or above a span, or the AI span of another process that one was under.

        Walks without the worker's nodes: this runs in the app's threads.
        """
        seen: set[int] = set()
        while span_id and span_id not in seen:
            seen.add(span_id)
            span = self.open_spans.live(span_id)
            if span is None:
                if span_id not in self.ended:
                    self.catch_up()
                ended = self.ended.get(span_id)
                if ended is None:
                    return None
                span_id = ended.parent_id if isinstance(ended, Ended) else ended
                continue
            if is_marked(span) and passes(span_filter, span):
                return span_id
            known = self.open_spans.known(span_id)
            if known is not None and known[2] is not None:
                return known[2]
            span_id = span.parent.span_id if span.parent is not None else 0
        return None

    @contextmanager
    def at_rest(self) -> Generator[None]:
        """While the worker places what it has read, no span is read.

        Each is asked for its ancestors only once, and what is open or on its way is looked through only once.
        """
        self._walked = {}
        try:
            yield
        finally:
            self._walked = self._opened = None

    def survivor(self, node: Node) -> Node:
        """What the span has been merged into by now, or itself."""
        while node.fate is Fate.MERGED:
            into = self.node(node.survivor)
            if into is None or into is node:
                return node
            node = into
        return node

    def identity(self, node: Node) -> Identity | None:
        """What the span itself says of user and session; an open span is read as it is now."""
        span = self.live(node.span_id)
        if span is None:
            ended = self.ended.get(node.span_id)
            if isinstance(ended, Ended) and ended.identity is not None:
                return ended.identity
            return node.identity
        attributes = span.attributes
        size = len(attributes) if attributes else 0
        if node.identity_of_open[0] != size:
            found = read_identity(dict(attributes)) if attributes else None
            node.identity_of_open = (size, found)
            node.identity = found
        return node.identity_of_open[1]


def _parent_afar(span: Span, context: Context) -> int | None:
    """The AI span of another process that a span is under, where the propagator brought one along."""
    parent = span.parent
    found = remote_ai_parent(context) if parent is not None and parent.is_remote else None
    return found.span_id if found is not None else None


def _nothing() -> None:
    """Nothing has to be caught up with."""
