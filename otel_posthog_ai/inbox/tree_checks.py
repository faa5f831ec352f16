"""What PostHog's trace view does to the events of a trace together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from otel_posthog_ai.inbox.facts import EventFacts
from otel_posthog_ai.inbox.finding import Finding
from otel_posthog_ai.inbox.tree import NODE_EVENTS, NODE_LIMIT, Tree

QUERIED_SECONDS = 600
"""The trace page reads events about this far around the time of the trace."""


def trace_findings(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> list[Finding]:
    """All findings for a trace whose events are given by time."""
    return [finding for check in _CHECKS for finding in check(trace_id, events, tree)]


def _orphans(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    trace_nodes = {event.node_id for event in events if event.event == "$ai_trace"}
    for event in tree.orphans:
        if event.parent_id in trace_nodes:
            text = "its parent is the $ai_trace's own id, which is no node; point it at the trace id"
        else:
            text = f"its parent {event.parent_id} is not in the trace, so it is drawn as one more root"
        yield Finding("orphan", "drawn wrong", text, event.uuid)


def _unreached(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    for event in tree.unreached:
        if event.parent_id == event.node_id:
            yield Finding("cycle", "not drawn", "it is its own parent, so it is not drawn", event.uuid)
        elif event.parent_id:
            yield Finding("cycle", "not drawn", "its ancestors form a circle, so it is not drawn", event.uuid)


def _repeated_ids(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    for node_id in tree.repeated_ids:
        uuids = [event.uuid for event in events if event.node_id == node_id and event.event in NODE_EVENTS]
        text = f"{len(uuids)} events share the id {node_id}: the last of them is drawn in place of each"
        yield Finding("repeated-id", "drawn wrong", text, uuids[-1])


def _several_traces(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    traces = [event for event in events if event.event == "$ai_trace"]
    if len(traces) > 1:
        text = f"there are {len(traces)} $ai_trace events: only the first one's name and person are shown"
        yield Finding("several-traces", "not drawn", text, traces[1].uuid)


def _latency_twice(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    timed = [event for event in events if event.latency is not None and event.parent_id == trace_id]
    roots = [event for event in timed if event.event == "$ai_trace"]
    if roots and len(timed) > len(roots):
        text = "the $ai_trace and its children carry a latency, and the header adds them up"
        yield Finding("latency-twice", "drawn wrong", text, roots[0].uuid)


def _no_root(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    timed = [event for event in events if event.latency is not None]
    only_generations = all(event.event == "$ai_generation" for event in timed)
    if timed and not only_generations and not any(event.parent_id == trace_id for event in timed):
        yield Finding("no-root", "drawn wrong", "no event at the top carries a latency, so the header shows 0 seconds")


def _several_people(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    people = {event.distinct_id for event in events if event.event in NODE_EVENTS or event.event == "$ai_trace"}
    if len(people) > 1:
        yield Finding("several-people", "drawn wrong", f"the events belong to {len(people)} users; one is shown")
    sessions = {event.session_id for event in events if event.session_id is not None}
    if len(sessions) > 1:
        yield Finding("several-sessions", "drawn wrong", f"the events name {len(sessions)} sessions; one is shown")


def _long_trace(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    late = [event for event in events if event.event in NODE_EVENTS and event.at - events[0].at > QUERIED_SECONDS]
    if late:
        text = f"{len(late)} events came more than 10 minutes after the first; the trace page may not read that far"
        yield Finding("long-trace", "not drawn", text)


def _truncated(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Iterator[Finding]:
    if tree.truncated:
        yield Finding("truncated", "not drawn", f"the inbox draws the first {NODE_LIMIT:,} nodes only")


_CHECKS: tuple[Callable[[str, Sequence[EventFacts], Tree], Iterator[Finding]], ...] = (
    _orphans,
    _unreached,
    _repeated_ids,
    _several_traces,
    _latency_twice,
    _no_root,
    _several_people,
    _long_trace,
    _truncated,
)
