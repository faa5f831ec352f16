"""Among the spans that wait: reports of one call become one, and what says nothing new goes."""

from __future__ import annotations

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.record import AISpan, is_call, is_counted
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node
from otel_posthog_ai.tree.outlook import is_same_tool, of_record
from otel_posthog_ai.tree.ownership import note_below

from .lending import complete_calls, first_chunks, name_called_tools
from .logged import lonely_prompts, told_twice
from .merging import merge, merge_account, merge_steps
from .pairing import STAGES, WITHIN_ONE_SCOPE, find_pairs, several_instrumentors
from .repetitions import is_graph_plumbing, is_repetition
from .sent_calls import RememberedCalls
from .tool_states import complete_tools
from .twofold_steps import twofold_steps
from .wrappers import find_wrappers

# Why a span is no event of its own, in words for a person.
_SENT = "the other report of this call has left already"
_TOLD_TWICE = "log records of the same agent that tell the same"
_LONELY = "a prompt in log records below which nothing is left"
_PIECE = "a piece of the answer of the call around it"
_DRAWN_TWICE = "a step that two tracers of one framework drew"
_SAME_TOOL = "one execution of a tool, drawn by both"
_REPETITION = "a step that only repeats the one around it"
_NO_NODE = "a chain that is no node of a graph, and chain_spans is graph"


class Joining:
    """Joins the spans of `held` (span id -> node with its record); what is joined into another leaves it."""

    def __init__(
        self, held: dict[int, Node], hierarchy: Hierarchy, remembered: RememberedCalls, counters: Counters
    ) -> None:
        self._held = held
        self._hierarchy = hierarchy
        self._remembered = remembered
        self._counters = counters

    def gather_calls(self) -> None:
        """Make one record of each call that its dialect spreads over several spans."""
        records = [node.record for node in self._held.values() if node.record is not None]
        if any(record.lends for record in records):
            complete_calls(self._held.values(), self._hierarchy)
        name_called_tools(self._held.values(), self._hierarchy)
        if any(record.chunk for record in records):
            for chunk in first_chunks(self._held.values(), self._hierarchy):
                self._filter_out(chunk, _PIECE)
        complete_tools(self._held.values())
        self._demote_sums(records)

    def _demote_sums(self, records: list[AISpan]) -> None:
        """What was taken for a call until calls were found below it that count the same is a step."""
        for node in self._held.values():
            record = node.record
            if record is None or not (record.may_be_sum or record.unstated) or not is_call(record):
                continue
            below = record.instrumentor in node.stated_below if record.unstated else node.calls_below
            if (below and not is_counted(record)) or (node.count_below and (below or record.may_be_sum)):
                _demote(record)

    def join_logged(self) -> None:
        """Make one of what an agent told in spans and in log records."""
        for span, logged in told_twice(self._held.values()):
            kept, gone = span.record, logged.record
            if kept is None or gone is None:
                continue
            if is_call(kept):
                self._join(span, logged, _TOLD_TWICE)
            else:
                self._join_steps(span, logged, _TOLD_TWICE)
        for node in list(self._held.values()):
            if node.record is not None and not node.promised:
                told = self._remembered.steps.find(node, node.record, self._hierarchy)
                if told is not None:
                    self._absorb(told, node, _TOLD_TWICE)
        for prompt in lonely_prompts(self._held.values(), self._hierarchy):
            self._filter_out(prompt, _LONELY)

    def join_calls(self) -> None:
        """Make one of all reports of one call, also where one of them has left already."""
        for wrapper in find_wrappers(self._held, self._remembered, self._hierarchy):
            if wrapper.node.record is not None:
                _demote(wrapper.node.record)
                wrapper.node.because = wrapper.because
        for stage in STAGES if several_instrumentors(self._held.values()) else WITHIN_ONE_SCOPE:
            for pair in find_pairs(stage, self._held.values(), self._hierarchy):
                survivor = self._hierarchy.survivor(pair.survivor)
                self._join(survivor, pair.other, stage.says, other_is_wire=pair.wire is pair.other)
        for node in list(self._held.values()):
            if node.record is not None and is_call(node.record):
                self._join_remembered(node, node.record)

    def join_steps(self) -> None:
        """Make one of each step that two tracers drew."""
        for kept, told_again in twofold_steps(list(self._held.values()), self._hierarchy):
            self._join_steps(kept, told_again, _DRAWN_TWICE)

    def _join_steps(self, survivor: Node, other: Node, because: str) -> None:
        kept, gone = survivor.record, other.record
        if kept is None or gone is None or other.promised:
            return
        merge_steps(kept, gone)
        kept.identity.complete(gone.identity)
        self._absorb(survivor, other, because)

    def _join(self, survivor: Node, other: Node, because: str, *, other_is_wire: bool = False) -> None:
        kept, gone = survivor.record, other.record
        if kept is None or gone is None or survivor is other:
            return
        if gone.account:
            merge_account(kept, gone)
        else:
            merge(kept, gone, wire=gone if other_is_wire else kept)
        survivor.reported_by |= {gone.instrumentor} | other.reported_by
        if other.promised:
            # A child has left under this span: it stays as a step, without what would count twice.
            _demote(gone)
            other.because = because
        else:
            self._absorb(survivor, other, because)

    def _join_remembered(self, node: Node, record: AISpan) -> None:
        """The other half has left already: an outer call stays as a step, an inner one leaves nothing."""
        found = self._remembered.find(node, record, self._hierarchy)
        if found is None:
            return
        found.node.reported_by |= {record.instrumentor} | node.reported_by
        if found.is_inner or node.promised:
            _demote(record)
            node.because = _SENT
        else:
            self._absorb(found.node, node, _SENT)

    def _absorb(self, survivor: Node, other: Node, because: str) -> None:
        other.merge_into(survivor, because)
        survivor.private = survivor.private or other.private
        survivor.tainted = survivor.tainted or other.tainted
        survivor.users_below |= other.users_below
        survivor.sessions_below |= other.sessions_below
        if survivor.record is not None:
            note_below(survivor, survivor.record, self._hierarchy)  # whose it is, only the other may have known
        del self._held[other.span_id]
        self._counters.add("merged")

    def drop_repetitions(self, *, graph_only: bool) -> None:
        """Tool spans that stand twice become one; steps that only repeat their parent, and plumbing, go."""
        for node in list(self._held.values()):
            record = node.record
            if record is None or node.promised or record.kind != "span":
                continue
            above = self._nearest(node)
            if above is None:
                continue
            outer = above.record
            if outer is not None and is_same_tool(of_record(outer), of_record(record)):
                merge_steps(outer, record)
                self._absorb(above, node, _SAME_TOOL)
            elif outer is not None and is_repetition(outer, record):
                self._absorb(above, node, _REPETITION)
            elif graph_only and is_graph_plumbing(record):
                self._filter_out(node, _NO_NODE)

    def _filter_out(self, node: Node, because: str) -> None:
        del self._held[node.span_id]
        node.drop(because)
        self._counters.add("filtered")

    def _nearest(self, node: Node) -> Node | None:
        """The nearest ancestor that waits or has left."""
        for above in self._hierarchy.spans_above(node):
            if above.is_exported:
                return above
        return None


def _demote(record: AISpan) -> None:
    """A call whose tokens another event carries stays as a step."""
    record.kind, record.span_type = "span", "custom"
    asked = record.input or record.embedding_input
    if asked is not None:
        record.input_state = asked
    if record.output is not None:
        record.output_state = record.output
