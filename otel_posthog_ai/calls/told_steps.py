"""Steps of agents that have left, runs of tools and prompts: so that the other telling of one is not drawn, too.

An agent sends its spans and its log records in requests of their own, and a conversation may last longer than anything
is held: the two tellings of one step then leave apart.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .logged import same_step, told_of

MOST_STEPS = 5_000
_Key = tuple[int | str | None, str, str | None]
"""The conversation or the trace; by what the step is to be found, and that."""


class _Told(NamedTuple):
    node: Node
    common: int | str | None
    """The conversation or the trace."""
    logged: bool
    span_type: str | None
    tool_name: str | None
    tool_call_id: str | None
    start_ns: int
    end_ns: int


class ToldSteps:
    """The last steps that left, without their content. They are looked up once any was told in log records."""

    def __init__(self) -> None:
        self._told: dict[int, _Told] = {}
        """By span id, in the order in which they left."""
        self._alike: defaultdict[_Key, list[_Told]] | None = None
        """None until somebody asks: few apps have agents that write log records."""
        self._again: dict[int, list[Node]] = {}
        """Span id → who told it again: of equal steps each is told once, but a run may be drawn in a span within its
        span."""
        self._by_agents = False
        """Whether any was told in log records."""

    def add(self, node: Node, record: AISpan) -> None:
        """A step has left."""
        if record.span_type not in ("tool", "agent"):
            return
        self._by_agents = self._by_agents or record.logged
        self._told[node.span_id] = told = _Told(
            node,
            told_of(record),
            record.logged,
            record.span_type,
            record.tool_name,
            record.tool_call_id,
            record.start_ns,
            record.end_ns,
        )
        if len(self._told) > MOST_STEPS:
            forget_oldest(self._told, MOST_STEPS)
            self._again = {span_id: again for span_id, again in self._again.items() if span_id in self._told}
            self._alike = None
        elif self._alike is not None:
            _index(self._alike, told)

    def _indexed(self) -> defaultdict[_Key, list[_Told]]:
        if self._alike is None:
            self._alike = defaultdict(list)
            for told in self._told.values():
                _index(self._alike, told)
        return self._alike

    def find(self, node: Node, record: AISpan, hierarchy: Hierarchy) -> Node | None:
        """The step that this one tells again, where one of both was told in log records: the nearest in time."""
        if record.span_type not in ("tool", "agent") or not (record.logged or self._by_agents):
            return None
        alike = self._indexed()
        same = [
            told
            for key in _finds(record)
            for told in alike.get(key, ())
            if told.logged != record.logged
            and told.span_type == record.span_type
            and (same_step(record, told) if record.logged else same_step(told, record))
            and (told.node.span_id not in self._again or self._is_within(node, told, hierarchy))
        ]
        if not same:
            return None
        nearest = min(same, key=lambda told: abs(told.end_ns - record.end_ns))
        self._again.setdefault(nearest.node.span_id, []).append(node)
        return nearest.node

    def _is_within(self, node: Node, told: _Told, hierarchy: Hierarchy) -> bool:
        """Whether a run is drawn around, or within, the spans that have told it again."""
        is_above = hierarchy.lineage.is_above
        again = self._again[told.node.span_id]
        return told.span_type == "tool" and all(is_above(other, node) or is_above(node, other) for other in again)


def _index(alike: defaultdict[_Key, list[_Told]], told: _Told) -> None:
    """By its id where it has one, and else by its name, or only by that."""
    _, common, _, _, name, call_id, _, _ = told
    alike[(common, "id", call_id) if call_id is not None else (common, "no id", name)].append(told)
    alike[common, "name", name].append(told)


def _finds(record: AISpan) -> tuple[_Key, ...]:
    common, name, call_id = told_of(record), record.tool_name, record.tool_call_id
    return ((common, "name", name),) if call_id is None else ((common, "id", call_id), (common, "no id", name))
