"""Calls that a dialect spreads over several spans: what a step around a call says of it, and when its answer began."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import dump, is_list
from otel_posthog_ai.record import MISSING, AISpan, Message
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Fate, Node

_LENT = (
    "input", "instructions", "tools", "response_id", "finish_reason", "request_model", "provider_original", "provider",
)  # fmt: skip


def complete_calls(nodes: Iterable[Node], hierarchy: Hierarchy) -> None:
    """Give each call what it lacks and the steps of its dialect around it know, the nearest first."""
    for node in nodes:
        record = node.record
        if record is None or record.kind == "span":
            continue
        for above in hierarchy.spans_above(node):
            step = above.record
            if above.fate is not Fate.HELD or step is None:
                continue
            if step.kind != "span" or step.span_type == "tool":
                break
            if step.lends and step.dialect == record.dialect:
                _lend(step, record)


def _lend(step: AISpan, call: AISpan) -> None:
    for field in _LENT:
        if unset(getattr(call, field)):
            setattr(call, field, getattr(step, field))
    step.response_id = None  # of several calls below one step, one has the answer that the step knows
    if step.output and _extent(step.output) > _extent(call.output):
        call.output = step.output
    if step.lends_usage and call.error is None and (step.usage.output or 0) >= (call.usage.output or 0):
        call.usage, step.lends_usage = step.usage, False  # of several calls below one step, one has what it counts
    if call.error is None and call.finish_reason == "error":
        call.error, call.cancelled, call.finish_reason = step.error, False, None if step.error else "error"


# The reasons of providers and conventions for an answer that calls tools.
_FOR_TOOLS = frozenset({"tool_calls", "tool_use", "tool_call", "function_call"})


def name_called_tools(nodes: Iterable[Node], hierarchy: Hierarchy) -> None:
    """Tell of each call that stopped for tools, and does not say which, those that ran for it right below it."""
    nodes = list(nodes)
    silent = {node.span_id for node in nodes if node.record is not None and _calls_unnamed_tools(node.record)}
    if not silent:
        return
    called: dict[int, list[AISpan]] = {}
    for node in nodes:
        tool = node.record
        if tool is not None and tool.span_type == "tool" and tool.tool_call_id and tool.tool_name:
            above = hierarchy.span_above(node)
            if above is not None and above.span_id in silent:
                called.setdefault(above.span_id, []).append(tool)
    for node in nodes:
        if node.span_id in called and node.record is not None:
            tools = sorted(called[node.span_id], key=lambda tool: tool.start_ns)
            node.record.output = _with_calls(node.record.output, list(map(_call_of, tools)))


def _calls_unnamed_tools(record: AISpan) -> bool:
    if record.kind != "generation" or record.finish_reason not in _FOR_TOOLS:
        return False
    return not any(message.get("tool_calls") or is_list(message.get("content")) for message in record.output or ())


def _with_calls(output: list[Message] | None, calls: list[dict[str, Any]]) -> list[Message]:
    first, *others = output or [{"role": "assistant", "content": None}]
    return [{**first, "tool_calls": calls}, *others]


def _call_of(tool: AISpan) -> dict[str, Any]:
    given = "" if tool.input_state is MISSING else tool.input_state
    arguments = given if isinstance(given, str) else dump(given)
    return {"id": tool.tool_call_id, "type": "function", "function": {"name": tool.tool_name, "arguments": arguments}}


def _extent(messages: list[Message] | None) -> int:
    """How many texts, thoughts and calls there are."""
    found = 0
    for message in messages or ():
        content = message.get("content")
        found += len(message.get("tool_calls") or ())
        found += len(content) if isinstance(content, list) else bool(content)
    return found


def first_chunks(nodes: Iterable[Node], hierarchy: Hierarchy) -> list[Node]:
    """The spans of an answer's chunks, which are no events: their call began to be answered with the first of them."""
    chunks = [node for node in nodes if node.record is not None and node.record.chunk]
    for node in chunks:
        assert node.record is not None
        for above in hierarchy.spans_above(node):
            call = above.record
            if above.fate is Fate.HELD and call is not None and call.kind == "generation":
                waited = max(node.record.start_ns - call.start_ns, 0) / 1e9
                if call.stream and node.record.tool_call_id is None:  # a tool that it calls is told at its end
                    known = call.time_to_first_token
                    call.time_to_first_token = waited if known is None else min(waited, known)
                break
    return chunks
