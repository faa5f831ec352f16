"""Runs of tools whose spans have left: so that an agent's other telling of one, when it comes late, is not drawn."""

from __future__ import annotations

from typing import NamedTuple

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.nodes import Node

from .logged import conversation_of, same_run

MOST_RUNS = 1_000
_Tool = tuple[str | None, str | None]
"""The conversation, and the tool's name."""


class _Told(NamedTuple):
    node: Node
    logged: bool
    tool_name: str | None
    tool_call_id: str | None
    end_ns: int


class ToldRuns:
    """The last runs that left. Each is one that a span tells and log records tell again, so it is found once."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[_Tool, _Told]] = {}
        """By span id, in the order in which they left."""
        self._by_agents = False
        """Whether any was told in log records, as few apps do."""

    def add(self, node: Node, record: AISpan) -> None:
        """A step has left."""
        if record.span_type == "tool":
            told = _Told(node, record.logged, record.tool_name, record.tool_call_id, record.end_ns)
            self._told[node.span_id] = _tool_of(record), told
            self._by_agents = self._by_agents or record.logged
            forget_oldest(self._told, MOST_RUNS)

    def find(self, record: AISpan) -> Node | None:
        """The span that has told this run, where one of both was told in log records."""
        if record.span_type != "tool" or not (record.logged or self._by_agents):
            return None
        tool = _tool_of(record)
        found = (told for of, told in self._told.values() if of == tool and told.logged != record.logged)
        same = [told for told in found if same_run(told, record)]
        if not same:
            return None
        nearest = min(same, key=lambda told: abs(told.end_ns - record.end_ns))
        del self._told[nearest.node.span_id]
        return nearest.node


def _tool_of(record: AISpan) -> _Tool:
    return conversation_of(record), record.tool_name
