"""The nearest AI ancestor in another process, as a context carries it, and which of our spans others may know as such.

`propagator` writes and reads it; who only asks for it need not load what a propagator is made of.
"""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_current

from otel_posthog_ai.bounds import forget_oldest

MOST_PASSED_ON = 20_000
"""AI spans that are remembered because another process may know them as its parent."""

REMOTE_PARENT_KEY = create_key("posthog-remote-ai-parent")
"""Where a context carries the `RemoteParent` that came along with its trace."""


class RemoteParent(NamedTuple):
    """The nearest AI ancestor in another process."""

    trace_id: int
    span_id: int


def remote_ai_parent(context: Context | None = None) -> RemoteParent | None:
    """The AI ancestor that came along with the trace that `context` (default: the current one) is in."""
    if context is None:
        context = get_current()
    parent = context.get(REMOTE_PARENT_KEY)
    # Compared here and not at extraction: a composite may run the trace context's propagator after this one.
    if isinstance(parent, RemoteParent) and parent.trace_id == trace_id_of(context):
        return parent
    return None


def trace_id_of(context: Context) -> int:
    """The trace that `context` is in; 0 for none."""
    return trace.get_current_span(context).get_span_context().trace_id


_passed_on: dict[int, None] = {}


def was_passed_on(span_id: int) -> bool:
    """Whether another process may have events that name this span as their parent: then it must be a node itself."""
    return span_id in _passed_on


def remember_passed_on(span_id: int) -> None:
    """Another process is told of this span."""
    _passed_on[span_id] = None
    forget_oldest(_passed_on, MOST_PASSED_ON)
