"""What an agent told twice, in spans and in log records that were made into spans: both are one.

Its conversation, model, counts and end tell a call; its id, or else its name and time, tell the run of a tool; the
trace and the time tell what a user asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

from otel_posthog_ai.record import AISpan, is_call
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Node

from .comparing import same_model, usage_differs

# A record is written a moment after the span has ended, or before.
NEAR_NS = 2_000_000_000

Pair = tuple[Node, Node]
"""The span, and the one that was made of log records."""


def same_logged_call(logged: AISpan, other: AISpan) -> bool:
    """Whether a call in log records is the one that a span tells."""
    return (
        logged.logged
        and not other.logged
        and logged.kind == other.kind
        and conversation_of(logged) == conversation_of(other)
        and (logged.error is None) == (other.error is None)
        and abs(logged.end_ns - other.end_ns) <= NEAR_NS
        and same_model(logged, other)
        and not usage_differs(logged.usage, other.usage)
    )


def told_twice(nodes: Iterable[Node]) -> list[Pair]:
    """The spans and the log records that tell the same, one to one, the nearest first."""
    known = [(node, node.record) for node in nodes if node.record is not None]
    logged = [(node, record) for node, record in known if record.logged]
    if not logged:
        return []
    others: defaultdict[_Where, list[tuple[Node, AISpan]]] = defaultdict(list)
    for node, record in known:
        if not record.logged:
            others[_where(record)].append((node, record))
    found = [
        (abs(record.end_ns - spanned.end_ns), other, node)
        for node, record in logged
        for other, spanned in others[_where(record)]
        if _is_same(record, spanned)
    ]
    return list(_one_to_one(sorted(found, key=lambda each: each[0])))


_Where = tuple[str, str | None, int | str | None]


def _where(record: AISpan) -> _Where:
    """What both have in common before anything is compared: kind, type, and the conversation or the trace."""
    return record.kind, record.span_type, told_of(record)


def told_of(record: AISpan) -> int | str | None:
    """What is told twice there: a prompt in its trace, all else in its conversation."""
    return record.trace_id if record.span_type == "agent" else conversation_of(record)


def _is_same(logged: AISpan, other: AISpan) -> bool:
    """For two that have the same kind, type and conversation or trace."""
    return same_logged_call(logged, other) if is_call(logged) else same_step(logged, other)


class Step(Protocol):
    """What tells the run of a tool, or a prompt."""

    @property
    def span_type(self) -> str | None: ...
    @property
    def tool_name(self) -> str | None: ...
    @property
    def tool_call_id(self) -> str | None: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...


def same_step(logged: Step, other: Step) -> bool:
    """Whether log records and a span, of the same type and conversation or trace, tell one run of a tool or prompt."""
    if logged.span_type == "agent":
        return other.start_ns - NEAR_NS <= logged.start_ns <= other.end_ns + NEAR_NS
    if logged.span_type != "tool":
        return False
    if logged.tool_call_id is not None and other.tool_call_id is not None:
        return logged.tool_call_id == other.tool_call_id
    return logged.tool_name == other.tool_name and abs(logged.end_ns - other.end_ns) <= NEAR_NS


def _one_to_one(pairs: Iterable[tuple[int, Node, Node]]) -> Iterator[Pair]:
    taken: set[int] = set()
    for _, other, logged in pairs:
        if taken.isdisjoint((other.span_id, logged.span_id)):
            taken |= {other.span_id, logged.span_id}
            yield other, logged


def lonely_prompts(nodes: Iterable[Node], hierarchy: Hierarchy) -> list[Node]:
    """Prompts in log records below which nothing is left: what answered them is told by spans elsewhere, or nowhere."""
    held = list(nodes)
    prompts = [node for node in held if node.record is not None and node.record.logged and not is_call(node.record)]
    prompts = [node for node in prompts if node.record is not None and node.record.span_type == "agent"]
    if not prompts:
        return []
    above = {each.span_id for node in held for each in hierarchy.lineage.untold(node, lambda _: "something")}
    return [node for node in prompts if node.span_id not in above and not node.promised]


def conversation_of(record: AISpan) -> str | None:
    """What an agent's spans and its log records have in common: the session, else the conversation's id."""
    identity = record.identity
    return identity.session if identity.session is not None else identity.incidental_session
