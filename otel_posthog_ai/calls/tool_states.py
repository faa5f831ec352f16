"""What a tool was given and gave back, where its own span does not say so and the calls of its trace do.

AutoGen's spans of tools, as the conventions ask for them, have no more than the tool's name and the id of the call,
Magentic's have the arguments alone; beside them an instrumentor of the client records the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from otel_posthog_ai.reading.values import is_mapping, parse_json
from otel_posthog_ai.record import MISSING, AISpan, Message, is_call
from otel_posthog_ai.tree.nodes import Node


class _Said:
    """What the messages of one trace say of its tools, by the id of each call."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.gave: dict[str, Any] = {}
        self._answered: dict[Any, list[tuple[str, Any]]] | None = None

    def read(self, message: Message) -> None:
        if message["role"] == "tool":
            self.gave[str(message.get("tool_call_id"))] = message["content"]
        for call in _called(message):
            call_id, function = str(call.get("id")), call["function"]
            self.names[call_id], self.given[call_id] = function.get("name"), function.get("arguments")

    def call_of(self, tool: AISpan, others: Iterable[AISpan]) -> str | None:
        """The id of the call that the tool ran for: its own, else that of the only answered one with its arguments."""
        if tool.tool_call_id is not None:
            return tool.tool_call_id
        name, state = _told(tool)
        alike = [call_id for call_id, given in self._answered_calls().get(name, ()) if given == state]
        rivals = (other for other in others if other is not tool and other.trace_id == tool.trace_id)
        return alike[0] if len(alike) == 1 and not any(_told(other) == (name, state) for other in rivals) else None

    def _answered_calls(self) -> dict[Any, list[tuple[str, Any]]]:
        """Of each tool the calls that were answered, and with what arguments; asked for when all messages were read."""
        if self._answered is None:
            self._answered = {}
            for call_id in self.gave:
                if call_id in self.names:
                    given = parse_json(self.given[call_id])
                    self._answered.setdefault(self.names[call_id], []).append((call_id, given))
        return self._answered


def _told(tool: AISpan) -> tuple[str | None, Any]:
    return tool.tool_name or tool.name, tool.input_state


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
    for tool in silent:
        of_trace = said[tool.trace_id]
        call_id = of_trace.call_of(tool, silent)
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
