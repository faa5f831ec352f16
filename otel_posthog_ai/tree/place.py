"""Where a span stands: what the tree decides and the events say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Placement:
    """Where a record stands, decided by the tree and not by the span alone."""

    __slots__ = (
        "context_properties", "distinct_id", "is_node", "is_trace", "parent_id", "trace_name", "trace_properties",
    )  # fmt: skip

    def __init__(self, distinct_id: str | None = None) -> None:
        self.parent_id: str | None = None
        """Span id of the nearest exported ancestor; None: a top node, whose parent is the trace id."""
        self.is_trace = False
        """The record is the root of its trace: it becomes `$ai_trace`."""
        self.is_node = True
        """The record is drawn as a node of the tree."""
        self.distinct_id = distinct_id
        self.trace_properties: Mapping[str, Any] = {}
        """Custom properties of the trace that were known when the record was placed."""
        self.context_properties: Mapping[str, Any] = {}
        """Custom properties of the surrounding `posthog_context`, and constant ones."""
        self.trace_name: str | None = None
