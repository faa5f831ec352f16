"""The tree of a trace as PostHog's trace view draws it, with the traps of that view told as warnings.

PostHog maps every event to a node by id and to its parent's list of children, and draws from the trace id downwards.
So a child of an unknown id becomes an extra root, an id that two events share draws the later event twice, and a
circle of parents is never reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otel_posthog_ai.inbox.clock import iso
from otel_posthog_ai.inbox.facts import EventFacts
from otel_posthog_ai.inbox.header import end, start, total

NODE_EVENTS = frozenset({"$ai_generation", "$ai_embedding", "$ai_span"})
"""The events that are drawn as nodes."""

NODE_LIMIT = 20_000
"""Nodes drawn of one trace: shared ids below shared ids would double the tree at every level."""

_SUMS = ("latency", "total_cost", "input_tokens", "output_tokens")


@dataclass(slots=True)
class Node:
    """One drawn row: an event, how deep it stands, and the four numbers beside it."""

    facts: EventFacts
    depth: int
    orphan: bool
    sums: dict[str, float | None]
    children: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """The drawn nodes from top to bottom, and the node ids that PostHog never reaches."""

    nodes: Sequence[Node]
    orphans: Sequence[EventFacts]
    unreached: Sequence[EventFacts]
    repeated_ids: Sequence[str]
    truncated: bool


def draw(trace_id: str, events: Sequence[EventFacts]) -> Tree:
    """Lay out the events of one trace, given by time."""
    drawable = [event for event in events if event.event in NODE_EVENTS]
    by_id: dict[str, EventFacts] = {}
    children: dict[str, list[str]] = defaultdict(list)
    repeated: dict[str, None] = {}
    for event in drawable:
        if event.node_id in by_id:
            repeated[event.node_id] = None
        by_id[event.node_id] = event
        if event.parent_id:
            children[event.parent_id].append(event.node_id)
    orphans = [child for parent, own in children.items() if parent != trace_id and parent not in by_id for child in own]
    walk = _walk([*((child, False) for child in children[trace_id]), *((child, True) for child in orphans)], children)
    nodes: list[Node] = []
    truncated = False
    for node_id, depth, orphan in walk:
        if len(nodes) == NODE_LIMIT:
            truncated = True
            break
        nodes.append(Node(by_id[node_id], depth, orphan, {}))
    _add_up(nodes)
    reached = {node.facts.node_id for node in nodes}
    return Tree(
        nodes=nodes,
        orphans=[by_id[node_id] for node_id in dict.fromkeys(orphans)],
        unreached=[] if truncated else [event for event in drawable if event.node_id not in reached],
        repeated_ids=list(repeated),
        truncated=truncated,
    )


def _walk(roots: Sequence[tuple[str, bool]], children: Mapping[str, list[str]]) -> Iterator[tuple[str, int, bool]]:
    """Depth first without recursion: traces can be deeper than Python's stack. An id is never below itself."""
    path: list[str] = []
    on_path: set[str] = set()
    pending = [(node_id, 0, orphan) for node_id, orphan in reversed(roots)]
    while pending:
        node_id, depth, orphan = pending.pop()
        while len(path) > depth:
            on_path.discard(path.pop())
        if node_id in on_path:
            continue
        yield node_id, depth, orphan
        path.append(node_id)
        on_path.add(node_id)
        pending.extend((child, depth + 1, False) for child in reversed(children.get(node_id, ())))


def _add_up(nodes: Sequence[Node]) -> None:
    """Give each node its own numbers, else the sum of its children's; a generation never shows its children's."""
    below: dict[int, list[Node]] = defaultdict(list)
    for node in reversed(nodes):
        own = below.pop(node.depth + 1, [])
        node.children = len(own)
        for name in _SUMS:
            given: float | None = getattr(node.facts, name)
            if given is None and node.facts.event != "$ai_generation":
                given = total(child.sums[name] for child in own)
            node.sums[name] = given
        below[node.depth].append(node)


def node_json(node: Node) -> dict[str, Any]:
    """A node as the API gives it: a row of the tree in drawing order, indented by ``depth``."""
    facts = node.facts
    return {
        "id": facts.node_id,
        "parent_id": facts.parent_id,
        "depth": node.depth,
        "children": node.children,
        "orphan": node.orphan,
        "event": facts.event,
        "uuid": facts.uuid,
        "title": title(facts),
        "span_type": facts.span_type,
        "model": facts.model,
        "provider": facts.provider,
        "latency": node.sums["latency"],
        "input_tokens": node.sums["input_tokens"],
        "output_tokens": node.sums["output_tokens"],
        "total_cost_usd": node.sums["total_cost"],
        "pricing": facts.pricing,
        "is_error": facts.is_error,
        "error": facts.error,
        "started_at": iso(start(facts)),
        "ended_at": iso(end(facts)),
        "warnings": facts.warning_count,
    }


def title(facts: EventFacts) -> str:
    """What PostHog writes on the node."""
    if facts.name is not None:
        return facts.name
    if facts.event == "$ai_span":
        return "Span"
    kind = "Generation" if facts.event == "$ai_generation" else "Embedding"
    model = facts.model if facts.model is not None else kind
    return f"{model} ({facts.provider})" if facts.provider is not None else model
