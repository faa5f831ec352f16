"""From ended spans to placed events: read, wait for what could still change, join, place, build.

One thread at a time is in here (the caller holds the lock). What waits, waits because an ancestor that is still open
could change it; the wait ends with that ancestor, after the flush interval, or when everything has to leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from .content_hint import hint_missing_content
from .delivery import Counters
from .dialects import AISpan, Occurrence, is_marked, read_identity, read_span
from .dialects.content_events import add_evaluation
from .dialects.table import unset
from .duplicates import is_call, merge, merge_steps
from .events.event import Event, Placement, build_events, named_trace, result_events
from .events.naming import private_name
from .events.outgoing import Privacy
from .hierarchy import HELD, LEFT, MERGED, PLAIN, UNKNOWN, Hierarchy, Node
from .late_results import LateResults
from .log import warn
from .noise import is_graph_plumbing, is_repetition, is_same_tool
from .outlook import Outlooks
from .ownership import find_owner, note_below
from .pairing import STAGES, find_pairs
from .propagator import was_passed_on
from .remembered import RememberedCalls
from .roots import Trace, Traces, can_be_root
from .settings import Settings


class Held(NamedTuple):
    """A span that was read and waits."""

    node: Node
    record: AISpan
    resource: Any
    since: float


class Built(NamedTuple):
    """The events of one span, and what privacy mode needs to know of it."""

    events: list[Event]
    privacy: Privacy


class Assembly:
    """Turns ended AI spans into events. `patient`: it sees spans start, so that waiting is worth it."""

    def __init__(self, settings: Settings, counters: Counters, hierarchy: Hierarchy, *, patient: bool) -> None:
        self._settings = settings
        self._counters = counters
        self._hierarchy = hierarchy
        self._patient = patient
        self._longest_wait = settings.flush_interval_millis / 1000
        self._held: dict[int, Held] = {}
        self._outlooks = Outlooks()
        self._traces = Traces()
        self._remembered = RememberedCalls()
        self._constant_properties = dict(settings.properties) if isinstance(settings.properties, dict) else {}

    @property
    def waiting(self) -> int:
        """How many spans wait."""
        return len(self._held)

    def forget_held(self) -> None:
        """In a forked child: what waits is the parent's to send."""
        for held in self._held.values():
            held.node.fate, held.node.record = LEFT, None
        self._held = {}

    # ---- reading -------------------------------------------------------------------------------------------------

    def add(self, spans: Iterable[ReadableSpan], logs_of: Callable[[ReadableSpan], Iterable[Occurrence]]) -> None:
        """Read ended spans; those that are AI wait from now on."""
        now = time.monotonic()
        for span in spans:
            try:
                self._read(span, logs_of(span), now)
            except Exception as error:  # a bad span loses that span
                self._counters.add("dropped", reason="unreadable")
                warn("assembly:unreadable", "a span could not be read and is lost (%s)", type(error).__name__)
        self._hierarchy.trim()

    def _read(self, span: ReadableSpan, logs: Iterable[Occurrence], now: float) -> None:
        context = span.get_span_context()
        if context is None:
            self._counters.add("dropped", reason="unreadable")
            return
        node = self._hierarchy.learn(context.span_id, context.trace_id, span.parent)
        # A span that the user's filter let through, or that a child names as its parent, is exported whatever it says.
        record = read_span(span, logs, forced=self._settings.span_filter is not None or node.promised)
        scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
        self._outlooks.learn(scope, span.name, record)
        if record is None or (record.noise and not node.promised):
            node.identity = record.identity if record is not None else read_identity(span.attributes or {})
            self._drop(node)
            return
        if node.fate in (HELD, LEFT):
            self._counters.add("dropped", reason="repeated")
            return
        node.fate, node.record = HELD, record
        node.identity = record.identity
        self._mark_private(node, record)
        note_below(node, record, self._hierarchy)
        trace = self._traces.of(node.trace_id)
        trace.metadata.update(record.trace_metadata)
        self._held[node.span_id] = Held(node, record, span.resource.attributes, now)

    def _drop(self, node: Node) -> None:
        node.fate = PLAIN
        self._counters.add("filtered")

    def _mark_private(self, node: Node, record: AISpan) -> None:
        """What runs below a private span is private; what it ran in leaves without content, too."""
        above = list(self._hierarchy.ancestors(node))
        node.private = record.private or any(
            each.private or (each.belonging is not None and each.belonging.privacy_mode) for each in (node, *above)
        )
        if node.private:
            for each in above:
                each.tainted = True

    # ---- releasing -----------------------------------------------------------------------------------------------

    def release(self, *, everything: bool = False, final: bool = False) -> list[Built]:
        """The events of all spans that need not wait any longer; `final`: no open span will ever end."""
        if final:
            self._hold_unfinished()
        if not self._held:
            return []
        if self._settings.deduplicate:
            self._join_calls()
        self._drop_repetitions(final or everything)
        now = time.monotonic()
        ready = [
            held
            for held in self._held.values()
            if everything or not self._patient or now - held.since >= self._longest_wait or not self._must_wait(held)
        ]
        for held in ready:
            del self._held[held.node.span_id]
        # Ancestors are placed first, so that the root of a trace is known when its children ask for it.
        ready.sort(key=lambda held: held.record.start_ns)
        return self._built(ready, final)

    def _hold_unfinished(self) -> None:
        """Open spans that a child has named as its parent leave as far as they got: no id may dangle."""
        for node in list(self._hierarchy.nodes.values()):
            span = self._hierarchy.live_span(node.span_id) if node.promised and node.fate == UNKNOWN else None
            if span is None:
                continue
            try:
                record = read_span(span, forced=True)
            except Exception as error:
                warn("assembly:unfinished", "a span that never ended could not be read (%s)", type(error).__name__)
                continue
            if record is not None:
                record.end_ns = max(record.start_ns, time.time_ns())
                node.fate, node.record = HELD, record
                self._held[node.span_id] = Held(node, record, span.resource.attributes, 0.0)

    def evaluated(self, results: LateResults) -> Iterator[Built]:
        """The events of results that arrived after their call had left."""
        for (node, record), result in results.due(self._call_of):
            first = len(record.evaluations)
            if not add_evaluation(record, result):
                continue
            owner = find_owner(node, record, self._hierarchy, self._settings, {})
            yield Built(
                result_events(record, Placement(distinct_id=owner.distinct_id), first),
                Privacy(node.private or node.tainted, name=private_name(record)),
            )

    def _call_of(self, span_id: int, response_id: str | None) -> tuple[Node, AISpan] | None:
        node = self._hierarchy.node(span_id) if span_id else None
        return self._remembered.call_of(self._survivor(node).span_id if node is not None else span_id, response_id)

    def _must_wait(self, held: Held) -> bool:
        record = held.record
        for above in self._hierarchy.ancestors(held.node):
            if above.fate == UNKNOWN and self._may_change(above, record):
                return True
        return self._settings.deduplicate and is_call(record) and record.parent_id is None and self._runs_inside(held)

    def _may_change(self, above: Node, record: AISpan) -> bool:
        """Whether an ancestor that has not been read yet could change the event of `record`."""
        span = self._hierarchy.live_span(above.span_id)
        if span is None:
            return above.span_id in self._hierarchy.ended  # it is on its way to this thread
        outlook = self._outlooks.of_open(above, span)
        if outlook.ai is None:
            return True
        if not outlook.ai:
            return False
        if outlook.kind is None:
            return True
        if outlook.kind == record.kind and is_call(record) and self._settings.deduplicate:
            scope = span.instrumentation_scope
            return scope is None or scope.name != record.scope or record.pair_key is not None
        return outlook.span_type == "tool" and record.span_type == "tool"

    def _runs_inside(self, held: Held) -> bool:
        """Whether a call of another scope, in another trace, may turn out to be this one: open, or not yet read."""
        record = held.record
        for span_id, span in self._hierarchy.unread_spans():
            if (span.start_time or 0) > record.start_ns or (span.end_time or record.end_ns) < record.end_ns:
                continue
            scope = span.instrumentation_scope.name if span.instrumentation_scope is not None else ""
            if scope == record.scope:
                continue
            node = self._hierarchy.node(span_id)
            if node is None or node.fate != UNKNOWN or node.trace_id == held.node.trace_id:
                continue
            outlook = self._outlooks.of_open(node, span)
            if outlook.ai and outlook.kind in (None, record.kind):
                return True
        return False

    # ---- joining -------------------------------------------------------------------------------------------------

    def _join_calls(self) -> None:
        for stage in STAGES:
            waiting = [held.node for held in self._held.values()]
            for pair in find_pairs(stage, waiting, self._hierarchy):
                self._join(self._survivor(pair.survivor), pair.other, other_is_wire=pair.wire is pair.other)
        for held in list(self._held.values()):
            self._join_remembered(held)

    def _survivor(self, node: Node) -> Node:
        """What the span has been merged into by now, or itself."""
        while node.fate == MERGED:
            into = self._hierarchy.node(node.survivor)
            if into is None:
                return node
            node = into
        return node

    def _join(self, survivor: Node, other: Node, *, other_is_wire: bool) -> None:
        kept, gone = survivor.record, other.record
        if kept is None or gone is None or survivor is other:
            return
        merge(kept, gone, wire=gone if other_is_wire else kept)
        if other.promised:
            # A child has left under this span: it stays as a step, without what would count twice.
            _demote(gone)
        else:
            self._absorb(survivor, other)

    def _join_remembered(self, held: Held) -> None:
        """The other half has left already: an outer call stays as a step, an inner one leaves nothing."""
        if not is_call(held.record):
            return
        found = self._remembered.find(held.node, held.record, self._hierarchy)
        if found is None:
            return
        if found.is_inner or held.node.promised:
            _demote(held.record)
        else:
            self._absorb(found.node, held.node)

    def _absorb(self, survivor: Node, other: Node) -> None:
        other.fate, other.survivor, other.record = MERGED, survivor.span_id, None
        survivor.private = survivor.private or other.private
        survivor.tainted = survivor.tainted or other.tainted
        survivor.users_below |= other.users_below
        survivor.sessions_below |= other.sessions_below
        self._held.pop(other.span_id, None)
        self._counters.add("merged")

    def _drop_repetitions(self, everything: bool) -> None:
        """Tool spans that stand twice become one; steps that only repeat their parent, and plumbing, go."""
        for held in list(self._held.values()):
            node, record = held.node, held.record
            if node.promised or record.kind != "span" or node.span_id not in self._held:
                continue
            above = self._nearest(node)
            outer = above.record if above is not None else None
            if outer is not None and above is not None and is_same_tool(outer, record) and not above.promised:
                merge_steps(outer, record)
                self._absorb(above, node)
            elif outer is not None and above is not None and is_repetition(outer, record):
                self._absorb(above, node)
            elif self._settings.chain_spans == "graph" and is_graph_plumbing(record) and above is not None:
                del self._held[node.span_id]
                node.record = None
                self._drop(node)

    def _nearest(self, node: Node) -> Node | None:
        """The nearest ancestor that waits or has left."""
        for above in self._hierarchy.ancestors(node):
            if above.fate in (HELD, LEFT):
                return above
        return None

    # ---- placing -------------------------------------------------------------------------------------------------

    def _built(self, ready: list[Held], final: bool) -> list[Built]:
        placed: list[tuple[Held, Placement]] = []
        for held in ready:
            held.node.fate = LEFT
        for held in ready:
            placed.append((held, self._place(held, final)))
        for held, place in placed:
            trace = self._traces.of(held.node.trace_id)
            if not place.is_trace:
                trace.note(held.record, direct=self._hangs_on_root(held.node, trace.root_id))
        for held, place in placed:
            if place.is_trace:
                self._complete_states(held.record, self._traces.of(held.node.trace_id))
        return [built for held, place in placed for built in self._build(held, place)]

    def _hangs_on_root(self, node: Node, root_id: int | None) -> bool:
        if root_id is None:
            return False
        parent = self._parent(node, final=False)
        return parent is not None and parent.span_id == root_id

    @staticmethod
    def _complete_states(root: AISpan, trace: Trace) -> None:
        """A root that tells no input or output has those of what lies below, as far as that is known by now."""
        if unset(root.input_state):
            root.input_state = trace.input_state()
        if unset(root.output_state):
            root.output_state = trace.output_state()

    def _parent(self, node: Node, *, final: bool) -> Node | None:
        """The nearest ancestor that is or will be exported."""
        for above in self._hierarchy.ancestors(node):
            above = self._survivor(above)
            if above.span_id == node.span_id:
                continue
            if above.fate in (HELD, LEFT):
                return above
            if above.fate == UNKNOWN and not final and self._will_be_exported(above):
                return above
        return None

    def _will_be_exported(self, above: Node) -> bool:
        span = self._hierarchy.live_span(above.span_id)
        if span is None:
            return False
        # What its like turned out to be is no promise: only a span that is marked itself is certain to be read.
        if not self._outlooks.of_open(above, span).ai or not is_marked(span):
            return False
        return self._settings.span_filter is None or _passes(self._settings.span_filter, span)

    def _place(self, held: Held, final: bool) -> Placement:
        node, record = held.node, held.record
        trace = self._traces.of(node.trace_id)
        parent = self._parent(node, final=final)
        remote = self._remote_parent(node) if parent is None else None
        place = Placement()
        if parent is None and remote is None:
            if (
                trace.root_id is None
                and not trace.named
                and can_be_root(record)
                and not self._earlier_root(node, record)
            ):
                trace.root_id = node.span_id
            place.is_trace = trace.root_id == node.span_id and can_be_root(record)
            place.is_node = not place.is_trace or node.promised or self._is_known_afar(node)
            if trace.root_id == node.span_id and not place.is_trace:
                trace.root_id = None
            place.parent_id = self._unseen_parent(node)
        elif remote is not None:
            place.parent_id = f"{remote:016x}"
        elif parent is not None:
            place.parent_id = self._parent_id(parent, trace)
        self._own(held, place)
        return place

    def _parent_id(self, parent: Node, trace: Trace) -> str | None:
        """What a child calls its parent: None (the trace id) for the root of the trace."""
        if trace.root_id is None and not trace.named and parent.fate == UNKNOWN:
            self._claim_root(parent, trace)
        if trace.root_id == parent.span_id and not parent.promised and not self._is_known_afar(parent):
            return None
        parent.promised = True
        return f"{parent.span_id:016x}"

    def _claim_root(self, open_parent: Node, trace: Trace) -> None:
        """An open top node that will surely be a root is the root before it ends."""
        span = self._hierarchy.live_span(open_parent.span_id)
        if span is None or self._parent(open_parent, final=False) is not None:
            return
        outlook = self._outlooks.of_open(open_parent, span)
        if outlook.kind == "span" and outlook.span_type not in (None, "tool", "mcp"):
            trace.root_id = open_parent.span_id

    def _earlier_root(self, node: Node, record: AISpan) -> bool:
        """Whether an AI root of the same trace began earlier and is still open."""
        if not self._patient:
            return False
        for span_id, span in self._hierarchy.open_spans():
            context = span.get_span_context()
            if context is None or context.trace_id != node.trace_id or (span.start_time or 0) >= record.start_ns:
                continue
            above = self._hierarchy.node(span_id)
            if above is None or any(each.span_id == span_id for each in self._hierarchy.ancestors(node)):
                continue
            outlook = self._outlooks.of_open(above, span)
            if (
                outlook.ai
                and outlook.kind == "span"
                and outlook.span_type != "tool"
                and self._parent(above, final=False) is None
            ):
                return True
        return False

    def _top(self, node: Node) -> Node:
        top = node
        for above in self._hierarchy.ancestors(node):
            top = above
        return top

    def _is_known_afar(self, node: Node) -> bool:
        """Whether the trace goes on in another process, above the span or below it."""
        return was_passed_on(node.span_id) or (self._patient and self._top(node).parent_is_remote)

    def _remote_parent(self, node: Node) -> int | None:
        """The AI span of another process that the propagator brought along."""
        for each in (node, *self._hierarchy.ancestors(node)):
            if each.remote_parent is not None:
                return each.remote_parent
        return None

    def _unseen_parent(self, node: Node) -> str | None:
        """The bare exporter may name a local parent that it has not seen: it may still come."""
        if self._patient:
            return None
        top = self._top(node)
        if not top.parent_id or top.parent_is_remote:
            return None
        self._hierarchy.learn_promised(top.parent_id, node.trace_id)
        return f"{top.parent_id:016x}"

    def _own(self, held: Held, place: Placement) -> None:
        node, record = held.node, held.record
        owner = find_owner(node, record, self._hierarchy, self._settings, held.resource)
        place.distinct_id = owner.distinct_id
        record.identity.session = owner.session_id
        record.identity.replay_session = owner.replay_session_id
        record.identity.groups = owner.groups
        place.trace_properties = self._traces.of(node.trace_id).metadata
        belonging = node.belonging
        place.context_properties = {
            **self._constant_properties,
            **(belonging.properties if belonging is not None else {}),
        }
        if belonging is not None:
            place.trace_name = belonging.trace_name
            record.prompt_name = belonging.prompt_name if belonging.prompt_name is not None else record.prompt_name
            record.prompt_version = (
                belonging.prompt_version if belonging.prompt_version is not None else record.prompt_version
            )
        if isinstance(self._settings.properties, tuple):
            record.resource.update(
                {key: held.resource[key] for key in self._settings.properties if key in held.resource}
            )

    # ---- building ------------------------------------------------------------------------------------------------

    def _build(self, held: Held, place: Placement) -> Iterator[Built]:
        node, record = held.node, held.record
        privacy = Privacy(node.private or node.tainted, frozenset(place.context_properties), private_name(record))
        if not (self._settings.privacy_mode or node.private):
            hint_missing_content(record)
        try:
            events, dropped = build_events(record, place, costs=self._settings.costs == "span")
        except Exception as error:  # a bad record loses that record
            self._counters.add("dropped", reason="unreadable")
            warn("assembly:unbuildable", "a span could not be turned into an event (%s)", type(error).__name__)
            return
        if dropped:
            self._counters.add("attributes_dropped", dropped)
        trace = self._traces.of(node.trace_id)
        if place.is_trace:
            trace.forget_states()
        self._counters.add("exported")
        yield Built(events, privacy)
        name = place.trace_name
        if (
            name is not None
            and trace.root_id is None
            and not trace.named
            and is_call(record)
            and place.parent_id is None
        ):
            trace.named = True
            yield Built([named_trace(record, place, name)], privacy._replace(name=name))
        self._remembered.add(node, record)
        node.record = None


def _demote(record: AISpan) -> None:
    """A call whose tokens another event carries stays as a step."""
    record.kind, record.span_type = "span", "custom"
    if record.input is not None:
        record.input_state = record.input
    if record.output is not None:
        record.output_state = record.output


def _passes(span_filter: Callable[[Any], bool], span: ReadableSpan) -> bool:
    try:
        return bool(span_filter(span))
    except Exception:
        return True
