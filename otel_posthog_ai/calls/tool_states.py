"""What a tool was given and gave back, where its own span does not say so and the calls of its trace do.

AutoGen's spans of tools, as the conventions ask for them, have no more than the tool's name and the id of the call;
beside them an instrumentor of the client records the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from otel_posthog_ai.reading.values import is_mapping, parse_json
from otel_posthog_ai.record import MISSING, AISpan, Message, is_call
from otel_posthog_ai.tree.nodes import Node


def complete_tools(nodes: Iterable[Node]) -> None:
    """Give each tool that names its call the states that it lacks; never what a private call says."""
    nodes = list(nodes)
    silent = [node.record for node in nodes if node.record is not None and _is_silent(node.record)]
    if not silent:
        return
    traces = {record.trace_id for record in silent}
    given: dict[tuple[str, str], Any] = {}
    gave: dict[tuple[str, str], Any] = {}
    for node in nodes:
        call = node.record
        if call is not None and is_call(call) and call.trace_id in traces and not (node.private or node.tainted):
            for message in (*(call.input or ()), *(call.output or ())):
                if message["role"] == "tool":
                    gave[call.trace_id, str(message.get("tool_call_id"))] = message["content"]
                for found in _called(message):
                    given[call.trace_id, str(found.get("id"))] = found["function"].get("arguments")
    for tool in silent:
        key = (tool.trace_id, str(tool.tool_call_id))
        if tool.input_state is MISSING and given.get(key):  # "" are none
            tool.input_state = parse_json(given[key])
        if tool.output_state is MISSING and tool.error is None and gave.get(key) is not None:
            tool.output_state = parse_json(gave[key])


def _is_silent(record: AISpan) -> bool:
    """Whether a tool lacks a state; an error is all that a failed one gave back."""
    if record.span_type not in ("tool", "mcp") or record.tool_call_id is None:
        return False
    return record.input_state is MISSING or (record.output_state is MISSING and record.error is None)


def _called(message: Message) -> Iterator[dict[str, Any]]:
    content = message["content"]
    parts = content if isinstance(content, list) else ()
    for found in (*(message.get("tool_calls") or ()), *parts):
        if is_mapping(found) and is_mapping(found.get("function")):
            yield dict(found)
