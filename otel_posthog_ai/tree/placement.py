"""Where each span stands: its parent, the root of its trace, whom it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.context.remote_parent import was_passed_on
from otel_posthog_ai.dialects import AISpan, Identity, is_marked
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.settings import Settings

from .admission import passes
from .ancestry import Hierarchy
from .lineage import Inherited
from .nodes import Fate, Node
from .outlook import Outlooks, is_same_tool
from .ownership import Owners
from .place import Placement
from .roots import Trace, Traces, can_be_root


class Placing:
    """Places spans that leave. `patient`: it sees spans start, so an unknown parent is none of this process."""

    def __init__(self, settings: Settings, hierarchy: Hierarchy, outlooks: Outlooks, *, patient: bool) -> None:
        self._settings = settings
        self._hierarchy = hierarchy
        self._outlooks = outlooks
        self._patient = patient
        self._traces = Traces()
        self.owners = Owners(settings, hierarchy)
        self._remote = Inherited[int | None](hierarchy.lineage, None, _remote_or_above)
        self._constant_properties: Mapping[str, Any] = {}
        self._resource_keys: tuple[str, ...] = ()
        if isinstance(settings.properties, tuple):
            self._resource_keys = settings.properties
        elif settings.properties is not None:
            self._constant_properties = settings.properties

    def trace(self, node: Node) -> Trace:
        """What is known of the span's trace."""
        return self._traces.of(node.trace_id)

    def place(self, node: Node, record: AISpan, resource: Mapping[str, Any], *, final: bool) -> Placement:
        """Where a span stands that leaves now; `final`: no open span will ever end."""
        trace = self.trace(node)
        parent = self._parent(node, final=final)
        place = Placement()
        if parent is not None:
            place.parent_id = self._parent_id(parent, trace)
        elif (remote := self._remote_parent(node)) is not None:
            place.parent_id = f"{remote:016x}"
        else:
            self._place_on_top(node, record, trace, place)
        self._own(node, record, resource, trace, place)
        if not place.is_trace:
            trace.note(record, direct=parent is not None and parent.span_id == trace.root_id)
        return place

    def _place_on_top(self, node: Node, record: AISpan, trace: Trace, place: Placement) -> None:
        """Nothing is above: the first that can be is the root of its trace."""
        if trace.may_be_named() and can_be_root(record) and not self._earlier_root(node, record):
            trace.root_id = node.span_id
        place.is_trace = trace.root_id == node.span_id and can_be_root(record)
        place.is_node = not place.is_trace or node.promised or self._is_known_afar(node)
        if trace.root_id == node.span_id and not place.is_trace:
            trace.root_id = None
        if place.is_trace:
            # What was written about the root was written about the whole trace.
            trace.metadata = {**record.metadata, **trace.metadata}
            trace.tags = record.tags or trace.tags
        place.parent_id = self._unseen_parent(node)

    @staticmethod
    def complete_states(root: AISpan, trace: Trace) -> None:
        """A root that tells no input or output has those of what lies below, as far as that is known by now."""
        if unset(root.input_state):
            root.input_state = trace.input_state()
        if unset(root.output_state):
            root.output_state = trace.output_state()
        trace.forget_states()

    def _parent(self, node: Node, *, final: bool = False) -> Node | None:
        """The nearest ancestor that is or will be exported; `final`: no open span will ever end."""
        for above in self._hierarchy.spans_above(node):
            above = self._hierarchy.survivor(above)
            if above.span_id == node.span_id:
                continue
            if above.is_exported:
                return above
            if above.fate is Fate.UNKNOWN and not final and self._will_be_exported(above):
                return self._as_one_tool(above)
        return None

    def _as_one_tool(self, tool: Node) -> Node:
        """The outermost of the open spans that draw one tool: they become one, unless a child has named another."""
        for outer in self._hierarchy.spans_above(tool):
            if tool.promised or outer.is_exported:
                break
            if self._will_be_exported(outer):
                if not self._draw_one_tool(outer, tool):
                    break
                tool = outer
        return tool

    def _draw_one_tool(self, outer: Node, inner: Node) -> bool:
        spans = [(each, self._hierarchy.unread.get(each.span_id)) for each in (outer, inner)]
        seen = [self._outlooks.of_open(each, span) for each, span in spans if span is not None]
        return len(seen) == len(spans) and is_same_tool(*seen)

    def _will_be_exported(self, above: Node) -> bool:
        span = self._hierarchy.unread.get(above.span_id)
        if span is None:
            return above.promised and not self._patient  # a sibling has named it, and it will be read when it comes
        # What its like turned out to be is no promise: only a span that is marked itself is certain to be read.
        if not self._outlooks.of_open(above, span).ai or not is_marked(span):
            return False
        return passes(self._settings.span_filter, span)

    def _parent_id(self, parent: Node, trace: Trace) -> str | None:
        """What a child calls its parent: None (the trace id) for the root of the trace."""
        if trace.may_be_named() and parent.fate is Fate.UNKNOWN:
            self._claim_root(parent, trace)
        if trace.root_id == parent.span_id and not parent.promised and not self._is_known_afar(parent):
            return None
        parent.promised = True
        return f"{parent.span_id:016x}"

    def _claim_root(self, unread: Node, trace: Trace) -> None:
        """A top node that will surely be a root is the root before it is read."""
        span = self._hierarchy.unread.get(unread.span_id)
        if span is None or self._parent(unread) is not None:
            return
        outlook = self._outlooks.of_open(unread, span)
        if can_be_root(outlook):
            trace.root_id = unread.span_id

    def _earlier_root(self, node: Node, record: AISpan) -> bool:
        """Whether an AI root of the same trace began earlier and has not been read yet."""
        if not self._patient:
            return False
        for span_id, span in self._hierarchy.unread.of_trace(node.trace_id):
            if span.start_time is None or span.start_time >= record.start_ns:
                continue
            above = self._hierarchy.node(span_id)
            if above is None or self._hierarchy.lineage.is_above(above, node):
                continue
            outlook = self._outlooks.of_open(above, span)
            if outlook.ai and can_be_root(outlook) and self._parent(above) is None:
                return True
        return False

    def _is_known_afar(self, node: Node) -> bool:
        """Whether the trace goes on in another process, above the span or below it."""
        return was_passed_on(node.span_id) or (self._patient and self._hierarchy.lineage.way(node).top.parent_is_remote)

    def _remote_parent(self, node: Node) -> int | None:
        """The AI span of another process that the propagator brought along."""
        return _remote_or_above(node, self._remote.above(node))

    def _unseen_parent(self, node: Node) -> str | None:
        """The bare exporter may name a local parent that it has not seen: it may still come."""
        if self._patient:
            return None
        top = self._hierarchy.lineage.way(node).top
        if not top.parent_id or top.parent_is_remote:
            return None
        self._hierarchy.learn_promised(top.parent_id, node)
        return f"{top.parent_id:016x}"

    def _own(self, node: Node, record: AISpan, resource: Mapping[str, Any], trace: Trace, place: Placement) -> None:
        """Whom the span belongs to, and what the app said around it."""
        owner = self.owners.find(node, record, resource)
        place.distinct_id = owner.distinct_id
        said, record.identity = record.identity, Identity()
        record.identity.complete(said)
        record.identity.session, record.identity.replay_session, record.identity.groups = owner[1:]
        if said.incidental_session is None:
            # Also one on which all below agree: it is that of the run, and who names none runs in it, too.
            said.incidental_session = owner.session_id
        place.trace_properties = trace.metadata
        place.trace_name = record.trace_name
        record.tags = record.tags or trace.tags
        place.context_properties = self._constant_properties
        belonging = node.belonging
        if belonging is not None:
            place.context_properties = {**self._constant_properties, **belonging.properties}
            if belonging.trace_name is not None:
                place.trace_name = belonging.trace_name
            if belonging.prompt_name is not None:
                record.prompt_name = belonging.prompt_name
            if belonging.prompt_version is not None:
                record.prompt_version = belonging.prompt_version
        if self._resource_keys:
            record.resource.update({key: resource[key] for key in self._resource_keys if key in resource})


def _remote_or_above(node: Node, above: int | None) -> int | None:
    return node.remote_parent if node.remote_parent is not None else above
