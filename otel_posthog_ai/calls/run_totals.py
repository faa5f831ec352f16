"""Usage that stands only on an agent or a run, because the model was called where nobody traces it.

Where no call below counts anything, the total is counted once: by a generation below the run, made of what it says.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from hashlib import blake2b

from opentelemetry.trace import SpanContext

from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.record import MISSING, AISpan, Message, is_call, is_counted
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .comparing import TOLERANCE_NS, contains, same_model
from .sent_calls import RememberedCalls

MADE_FROM_TOTALS = "made_from_totals"
"""The custom property by which such a generation can be told from a real one."""
_RUNS = frozenset({"agent", "workflow"})


def call_of_totals(run: AISpan) -> AISpan | None:
    """A generation of the usage of a whole run; None where the span is no run, or does not say what was used of what.

    Its span id is derived from the run's, so that it is the same by every door.
    """
    usage, model = run.usage, run.response_model or run.request_model
    if run.kind != "span" or run.span_type not in _RUNS or model is None or not (usage.input or usage.output):
        return None
    made = AISpan(
        trace_id=run.trace_id,
        span_id=blake2b(f"{run.trace_id}:{run.span_id}:totals".encode(), digest_size=8).hexdigest(),
        parent_id=run.span_id,
        start_ns=run.start_ns,
        end_ns=run.end_ns,
        span_name=f"{run.name or run.span_name} (total)",
        scope=run.scope,
        scope_version=run.scope_version,
    )
    made.kind, made.dialect = "generation", run.dialect
    for field in ("provider", "provider_original", "request_model", "response_model", "framework", "agent_name",
                  "finish_reason", "base_url", "tools", "instructions", "usage", "cost", "error", "cancelled",
                  "private", "resource"):  # fmt: skip
        setattr(made, field, getattr(run, field))
    made.input = run.input or _messages(run.input_state, "user")
    made.output = run.output or _messages(run.output_state, "assistant")
    made.attributes[MADE_FROM_TOTALS] = True
    return made


class RunTotals:
    """Makes the calls, and takes them back where the calls that they count were seen after all."""

    def __init__(self, hierarchy: Hierarchy, remembered: RememberedCalls) -> None:
        self._hierarchy = hierarchy
        self._remembered = remembered
        self._runs: dict[int, Node] = {}
        """Span id of what was made -> the run; of a span that is such a total itself, that span."""

    def note(self, node: Node, record: AISpan) -> Node | None:
        """A span was read: the call that has to be made of it, held, with its record."""
        if record.sums_trace:
            record.attributes[MADE_FROM_TOTALS] = True
            self._runs[node.span_id] = node
            return None
        made = None if node.calls_below or is_call(record) else call_of_totals(record)
        if is_call(record) or made is not None:
            self._note_call(node)
        if made is None:
            return None
        parent = SpanContext(node.trace_id, node.span_id, False)
        below = self._hierarchy.learn(int(made.span_id, 16), node.trace_id, parent)
        if below.is_taken:
            return None
        below.hold(made)
        below.identity = made.identity
        self._runs[below.span_id] = node
        return below

    def counted_otherwise(self, waiting: Iterable[Node]) -> list[Node]:
        """Those of the made calls that wait whose run has been counted by real ones: below it, or traced apart."""
        if not self._runs:
            return []
        nodes = {node.span_id: node for node in waiting}
        self._note_calls(nodes.values())
        calls = [node.record for node in nodes.values() if node.record is not None]
        calls += self._remembered.records()
        calls.sort(key=_start)
        gone: list[Node] = []
        for span_id, run in list(self._runs.items()):
            node = nodes.get(span_id)
            if node is None or node.record is None:
                del self._runs[span_id]  # it has left, or was merged
            elif run.calls_below or _is_counted_apart(node.record, _begun_within(node.record, calls)):
                del self._runs[span_id]
                node.drop("a total of calls that stand below it after all")
                gone.append(node)
        return gone

    def _note_calls(self, held: Iterable[Node]) -> None:
        """Who does not see spans start reads a call before the run around it, and only now knows what is above."""
        for node in held:
            if node.record is not None and is_call(node.record) and node.span_id not in self._runs:
                self._note_call(node)

    def _note_call(self, node: Node) -> None:
        for above in self._hierarchy.lineage.untold(node, lambda _: "a call"):
            above.calls_below = True


def _start(call: AISpan) -> int:
    return call.start_ns


def _begun_within(total: AISpan, calls: list[AISpan]) -> list[AISpan]:
    """Those of the calls, in the order of their starts, that began while the run was at work."""
    first = bisect_left(calls, total.start_ns - TOLERANCE_NS, key=_start)
    return calls[first : bisect_right(calls, total.end_ns, key=_start)]


def _is_counted_apart(total: AISpan, calls: Iterable[AISpan]) -> bool:
    return _told_beside(total, calls) if total.sums_trace else _traced_apart(total, calls)


def _told_beside(total: AISpan, calls: Iterable[AISpan]) -> bool:
    """Whether one of the calls that it counts together is counted by itself."""
    return any(
        call.trace_id == total.trace_id
        and call.scope == total.scope
        and not call.sums_trace
        and is_counted(call)
        and contains(total, call)
        for call in calls
    )


def _traced_apart(made: AISpan, calls: Iterable[AISpan]) -> bool:
    """Whether calls with nothing above them, which ran within the run, are what it counts."""
    return any(
        call.kind == "generation" and call.parent_id is None and same_model(made, call) and contains(made, call)
        for call in calls
    )


def _messages(state: object, role: str) -> list[Message] | None:
    return None if state is MISSING else read_messages(state, role)
