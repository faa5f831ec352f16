"""Two spans that are one call, and the spans that are asked for such."""

from __future__ import annotations

from otel_posthog_ai.record import AISpan, is_call
from otel_posthog_ai.tree.nodes import Node


class Pair:
    """Two spans that are one call: what survives, what is merged into it, and which of both is nearer the wire."""

    __slots__ = ("other", "survivor", "wire")

    def __init__(self, survivor: Node, other: Node, wire: Node) -> None:
        self.survivor = survivor
        self.other = other
        self.wire = wire


def record_of(node: Node) -> AISpan:
    """The record of a span that waits."""
    assert node.record is not None  # only what waits is asked for
    return node.record


def calls_among(nodes: list[Node]) -> list[Node]:
    """Those that are calls of a model."""
    return [node for node in nodes if is_call(record_of(node))]
