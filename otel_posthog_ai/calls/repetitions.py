"""Spans that say nothing new to a reader: the same tool twice, a step that only repeats its parent, plumbing."""

from __future__ import annotations

from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.record import AISpan

_PLUMBING = frozenset({"chain", "prompt", "task", "custom", None})
_WHOLE = frozenset({"agent", "workflow"})


def is_repetition(outer: AISpan, inner: AISpan) -> bool:
    """Whether a step has the kind and name of its parent and no state of its own.

    An unspecific step of the same scope repeats an agent or a workflow, too: the OpenAI Agents SDK opens a task
    in each run, which OpenInference writes as a chain under the name of the agent span around it.
    """
    return (
        outer.kind == inner.kind == "span"
        and (outer.span_type == inner.span_type or _is_less_specific(outer, inner))
        and ((outer.name or outer.span_name) == (inner.name or inner.span_name) or _is_same_request(outer, inner))
        and unset(inner.input_state)
        and unset(inner.output_state)
        and inner.error is None
    )


def _is_less_specific(outer: AISpan, inner: AISpan) -> bool:
    """Whether an instrumentor calls its own agent or workflow a mere step the second time."""
    return outer.instrumentor == inner.instrumentor and outer.span_type in _WHOLE and inner.span_type in _PLUMBING


def _is_same_request(outer: AISpan, inner: AISpan) -> bool:
    """Whether a request of the protocol is sent for the step around it: it knows only its method."""
    return inner.span_type == "mcp" and inner.name == inner.operation == outer.operation


def is_graph_plumbing(record: AISpan) -> bool:
    """Whether a step is neither a node of a graph nor an agent, tool or the like."""
    return record.kind == "span" and record.span_type in _PLUMBING and not record.graph_node
