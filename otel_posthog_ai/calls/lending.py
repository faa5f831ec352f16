"""Calls that a dialect spreads over several spans: what a step around a call says of it, and when its answer began."""

from __future__ import annotations

from collections.abc import Iterable

from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.record import AISpan, Message
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
                if call.stream and (call.time_to_first_token is None or waited < call.time_to_first_token):
                    call.time_to_first_token = waited
                break
    return chunks
