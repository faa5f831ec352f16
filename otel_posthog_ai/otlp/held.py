"""Traces that are held until they are whole, and the log records of their spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.agent_logs.entry import AgentEntry
from otel_posthog_ai.agent_logs.spans import spans_of
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.reading.source import scope_name
from otel_posthog_ai.work.held_logs import HeldLogs
from otel_posthog_ai.work.whole_traces import SPANS_AT_ONCE

from .requests import LogEntry
from .strays import Strays


class HeldTrace:
    """What was read of one trace."""

    def __init__(self, trace_id: int) -> None:
        self.trace_id = trace_id
        self.spans: list[ReadableSpan] = []
        self.logs: list[LogEntry] = []
        self.bytes = 0.0
        """About as much as its spans and records took where they were read from."""

    @property
    def agents(self) -> list[AgentEntry]:
        """The records of agents, which become spans themselves."""
        return [entry.agent for entry in self.logs if entry.agent is not None]

    def span_ids(self) -> set[int]:
        """The ids of its spans."""
        return {context.span_id for span in self.spans if (context := span.get_span_context()) is not None}

    def times(self) -> tuple[int, int]:
        """The earliest start and the latest end of its spans."""
        starts = [span.start_time or 0 for span in self.spans]
        ends = [span.end_time or 0 for span in self.spans]
        moments = [agent.record.time_ns for agent in self.agents]
        return min(starts + moments, default=0), max(ends + moments, default=0)


def groups(traces: Iterable[HeldTrace]) -> Iterator[list[HeldTrace]]:
    """The traces in groups to be sent one after another, in their order.

    Two traces may report one call: they overlap in time, so a gap is the best place to cut. Some senders derive span
    ids, which are unique within a trace alone: traces that have one in common are not in one group.
    """
    group: list[HeldTrace] = []
    spans = latest = 0
    ids: set[int] = set()
    for trace in traces:
        start, end = trace.times()
        is_gap = spans >= SPANS_AT_ONCE // 2 and start > latest
        size = len(trace.spans) + len(trace.agents)
        own = trace.span_ids()
        if group and (is_gap or spans + size > SPANS_AT_ONCE or not ids.isdisjoint(own)):
            yield group
            group, spans, latest, ids = [], 0, 0, set()
        spans += size
        latest = max(latest, end)
        ids |= own
        group.append(trace)
    if group:
        yield group


class LogsOfSpans:
    """The log records of a group of traces, by span."""

    def __init__(self, group: Sequence[HeldTrace], strays: Strays[Any]) -> None:
        self._strays = strays
        self._of_span: dict[tuple[int, int], list[LogEntry]] = {}
        self._spans = [span for trace in group for span in trace.spans]
        agents: list[AgentEntry] = []
        for trace in group:
            agents += trace.agents
            for entry in trace.logs:
                if entry.agent is None:
                    self._of_span.setdefault((entry.trace_id, entry.span_id), []).append(entry)
        if agents:
            self._spans += spans_of(agents)

    @property
    def spans(self) -> list[ReadableSpan]:
        """All spans of the group, and those that agents have told in log records."""
        return self._spans

    @property
    def left(self) -> int:
        """Records that no span has asked for."""
        return sum(len(entries) for entries in self._of_span.values())

    def of(self, span: ReadableSpan) -> Iterable[Occurrence]:
        """The records of a span, and the stray one that is most likely its answer."""
        context = span.get_span_context()
        if context is None:
            return ()
        own = self._of_span.pop((context.trace_id, context.span_id), [])
        scope = scope_name(span)
        near = self._strays.near(scope, span.start_time or 0, span.end_time or 0)
        if not near:
            return [entry.occurrence for entry in own]
        joined = HeldLogs()
        for entry in own:
            joined.add(entry.trace_id, entry.span_id, entry.occurrence, scope)
        for entry in near:
            joined.add(0, 0, entry.occurrence, scope)
        found = list(joined.of(span))
        for entry in near:
            if any(occurrence is entry.occurrence for occurrence in found):
                self._strays.take(entry)
        return found
