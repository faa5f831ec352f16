"""Spans that were read and wait, and the order in which they leave."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.dialects import AISpan
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node


class Held:
    """A span that was read and waits."""

    __slots__ = ("node", "record", "resource", "since")

    def __init__(self, node: Node, record: AISpan, resource: Any, since: float) -> None:
        self.node = node
        self.record = record
        self.resource = resource
        self.since = since


def ancestors_first(ready: list[Held], hierarchy: Hierarchy) -> list[Held]:
    """In order of time, so that the root of a trace is known when its children ask for it.

    Where clocks have whole milliseconds, or differ, an ancestor begins as late as its descendants, or later.
    """
    way, span_above = hierarchy.lineage.way, hierarchy.span_above
    began = {held.node: held.record.start_ns for held in ready}
    depth = {node: way(node).length for node in began}
    topmost = min(depth.values(), default=0)
    right_above: dict[Node, Node | None] = {}
    for held in ready:
        node: Node | None = held.node
        while node is not None and node not in right_above:
            if node not in depth:
                depth[node] = way(node).length
            if depth[node] < topmost:
                break
            node = right_above.setdefault(node, span_above(node))
    for node in sorted(right_above, key=depth.__getitem__, reverse=True):
        above = right_above[node]
        if above is not None:
            began[above] = min(began.get(above, began[node]), began[node])
    return sorted(ready, key=lambda held: (began[held.node], depth[held.node]))
