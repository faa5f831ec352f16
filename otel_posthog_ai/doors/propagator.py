"""Carry the nearest AI ancestor across processes, so that an agent that calls an agent is one tree.

The W3C `traceparent` names the HTTP client span as the parent, which PostHog never sees. The header
`x-posthog-ai-parent: 00-<32 hex trace id>-<16 hex span id>` names the AI span above it. It carries no identity, and it
is believed only beside a trace context of the same trace: a stranger can say no more with it than with `traceparent`.

    OTEL_PROPAGATORS=tracecontext,baggage,posthog_ai
"""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context, get_current, set_value
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.trace import get_current_span

from otel_posthog_ai.context.remote_parent import (
    REMOTE_PARENT_KEY,
    RemoteParent,
    remember_passed_on,
    remote_ai_parent,
)
from otel_posthog_ai.log import warn
from otel_posthog_ai.patterns import pattern

from .registry import active_processors

HEADER = "x-posthog-ai-parent"

_FORMAT = pattern(r"00-([0-9a-f]{32})-([0-9a-f]{16})")


class PostHogPropagator(TextMapPropagator):
    """Reads and writes the header `x-posthog-ai-parent`; malformed ones are ignored. Never raises."""

    def extract(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,
    ) -> Context:
        """`context` (default: an empty one) with the AI ancestor that the carrier names."""
        if context is None:
            context = Context()
        parent = _parsed(getter.get(carrier, HEADER))
        return context if parent is None else set_value(REMOTE_PARENT_KEY, parent, context)

    def inject(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        setter: Setter[CarrierT] = default_setter,
    ) -> None:
        """Write the nearest AI ancestor of the span in `context` (default: the current one), if it has one."""
        if context is None:
            context = get_current()
        parent = _nearest_ai_ancestor(context)
        if parent is not None:
            remember_passed_on(parent.span_id)
            setter.set(carrier, HEADER, f"00-{parent.trace_id:032x}-{parent.span_id:016x}")

    @property
    def fields(self) -> set[str]:
        """The header names that are read and written."""
        return {HEADER}


def _parsed(values: list[str] | None) -> RemoteParent | None:
    # Two different parents are none.
    if not values or len(set(values)) != 1:
        return None
    given: Any = values[0]
    match = _FORMAT.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        return None
    parent = RemoteParent(int(match[1], 16), int(match[2], 16))
    return parent if parent.trace_id and parent.span_id else None


def _nearest_ai_ancestor(context: Context) -> RemoteParent | None:
    try:
        local = _local_ai_ancestor(context)
    except Exception as error:
        warn("propagator:ancestor", "the AI ancestor could not be found (%s)", type(error).__name__)
        local = None
    # A service without AI spans of its own passes on what it was told.
    return local if local is not None else remote_ai_parent(context)


def _local_ai_ancestor(context: Context) -> RemoteParent | None:
    """The nearest AI span at or above the current span of `context`, as a processor of this process knows it."""
    span_context = get_current_span(context).get_span_context()
    if not span_context.is_valid:
        return None
    for processor in active_processors():
        found = processor.hierarchy.nearest_marked(span_context.span_id, processor.settings.span_filter)
        if found is not None:
            return RemoteParent(span_context.trace_id, found)
    return None
