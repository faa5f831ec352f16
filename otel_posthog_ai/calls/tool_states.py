"""What a tool was given and gave back, where its own span does not say so and the calls of its trace do.

AutoGen's spans of tools, as the conventions ask for them, have no more than the tool's name and the id of the call,
Magentic's have the arguments alone; beside them an instrumentor of the client records the messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from otel_posthog_ai.reading.values import is_list, is_mapping, parse_json
from otel_posthog_ai.record import MISSING, AISpan, Message, is_call
from otel_posthog_ai.tree.nodes import Node


class _Said:
    """What the messages of one trace say of its tools, by the id of each call."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.gave: dict[str, Any] = {}
        self._answered: dict[_Told, list[str]] | None = None

    def read(self, message: Message) -> None:
        if message["role"] == "tool":
            self.gave[str(message.get("tool_call_id"))] = message["content"]
        for call in _called(message):
            call_id, function = str(call.get("id")), call["function"]
            self.names[call_id], self.given[call_id] = function.get("name"), function.get("arguments")

    def call_of(self, tool: AISpan, told: Counter[tuple[str, _Told]]) -> str | None:
        """The id of the call that the tool ran for: its own, else that of the only answered one with its arguments.

        `told` counts the tools that lack a state, by trace.
        """
        if tool.tool_call_id is not None:
            return tool.tool_call_id
        own = _told(tool)
        alike = self._answered_calls().get(own, ())
        return alike[0] if len(alike) == 1 and told[tool.trace_id, own] == 1 else None

    def _answered_calls(self) -> dict[_Told, list[str]]:
        """The calls that were answered, by tool and arguments; asked for when all messages were read."""
        if self._answered is None:
            self._answered = {}
            for call_id in self.gave:
                if call_id in self.names:
                    called = self.names[call_id], _hashable(parse_json(self.given[call_id]))
                    self._answered.setdefault(called, []).append(call_id)
        return self._answered


_Told = tuple[Any, Hashable]
"""A tool's name and what it was given."""
_DEEPEST = 32
"""Arguments are compared down to here."""


def _told(tool: AISpan) -> _Told:
    return tool.tool_name or tool.name, _hashable(tool.input_state)


def _hashable(state: Any, depth: int = 0) -> Hashable:
    """What is equal to that of an equal state."""
    if depth == _DEEPEST:
        return None
    if is_mapping(state):
        return frozenset((key, _hashable(value, depth + 1)) for key, value in state.items())
    if is_list(state):
        return tuple(_hashable(value, depth + 1) for value in state)
    return state if isinstance(state, Hashable) else repr(state)


def complete_tools(nodes: Iterable[Node]) -> None:
    """Give each tool the states that it lacks and the calls of its trace know; never what a private call says."""
    nodes = list(nodes)
    silent = [node.record for node in nodes if node.record is not None and _is_silent(node.record)]
    if not silent:
        return
    said = {record.trace_id: _Said() for record in silent}
    for node in nodes:
        call = node.record
        if call is not None and is_call(call) and call.trace_id in said and not (node.private or node.tainted):
            for message in (*(call.input or ()), *(call.output or ())):
                said[call.trace_id].read(message)
    told = Counter((tool.trace_id, _told(tool)) for tool in silent)
    for tool in silent:
        of_trace = said[tool.trace_id]
        call_id = of_trace.call_of(tool, told)
        if call_id is not None:
            _fill(tool, of_trace.given.get(call_id), of_trace.gave.get(call_id))


def _fill(tool: AISpan, given: Any, gave: Any) -> None:
    if tool.input_state is MISSING and given is not None and given != "":  # a call completed by the tool has no more
        tool.input_state = parse_json(given)
    if tool.output_state is MISSING and tool.error is None and gave is not None:
        tool.output_state = parse_json(gave)


def _is_silent(record: AISpan) -> bool:
    """Whether a tool lacks a state; an error is all that a failed one gave back."""
    if record.span_type not in ("tool", "mcp"):
        return False
    if record.input_state is MISSING:
        return record.tool_call_id is not None
    return record.output_state is MISSING and record.error is None


def _called(message: Message) -> Iterator[dict[str, Any]]:
    content = message["content"]
    parts = content if isinstance(content, list) else ()
    for found in (*(message.get("tool_calls") or ()), *parts):
        if is_mapping(found) and is_mapping(found.get("function")):
            yield dict(found)
