"""One trace that is held, its spans as bytes; an old one that is still busy leaves without its last seconds."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.trace import SpanContext

from otel_posthog_ai.otlp.held import HeldTrace
from otel_posthog_ai.otlp.requests import LogEntry

from .journal import Entry
from .packing import PackedSpan, unpack


class HeldLog(NamedTuple):
    """A log record, about how many bytes it takes, and the request on disk that holds it."""

    log: LogEntry
    bytes: int
    entry: Entry | None

    @property
    def time_ns(self) -> int:
        """When it was written."""
        return self.log.occurrence.time_ns


class OpenTrace:
    """What has come of one trace; its own times are those of `time.monotonic()`."""

    __slots__ = ("awaited", "bytes", "changed", "entries", "logs", "seen", "since", "spans", "trace_id")

    def __init__(self, trace_id: int, now: float) -> None:
        self.trace_id = trace_id
        self.since = self.changed = now
        self.spans: list[PackedSpan] = []
        self.logs: list[HeldLog] = []
        self.bytes = 0
        self.seen: set[int] = set()
        self.awaited: set[int] = set()
        """Spans of the same process that were named as parents and have not come."""
        self.entries: dict[Entry, int] = {}
        """The requests on disk that hold some of it, each with the latest end or time of that, in nanoseconds."""

    def add(
        self, span: PackedSpan, span_id: int, parent: SpanContext | None, entry: Entry | None, more: int = 0
    ) -> int:
        """Take a span, and `more` bytes with it; about how many it takes."""
        self.spans.append(span)
        self.seen.add(span_id)
        self.awaited.discard(span_id)
        if parent is not None and not parent.is_remote and parent.span_id not in self.seen:
            self.awaited.add(parent.span_id)
        if entry is not None:
            self._hold(entry, span.end_ns)
        size = span.size + more
        self.bytes += size
        return size

    def add_log(self, held: HeldLog) -> int:
        """Take a log record; about how many bytes it takes."""
        self.logs.append(held)
        if held.entry is not None:
            self._hold(held.entry, held.time_ns)
        self.bytes += held.bytes
        return held.bytes

    def _hold(self, entry: Entry, time_ns: int) -> None:
        if entry not in self.entries:
            entry.hold()
        self.entries[entry] = max(time_ns, self.entries.get(entry, 0))

    def unpacked(self) -> HeldTrace:
        """The trace with its spans as objects."""
        held = HeldTrace(self.trace_id)
        held.spans = [unpack(span) for span in self.spans]
        held.logs = [each.log for each in self.logs]
        held.bytes = self.bytes
        return held

    def part_with_last(self, seconds: float, now: float) -> OpenTrace | None:
        """Split off what ended in the last seconds of the trace, and records of spans that have not come.

        What tells one call or one run of a tool, a span, a span in it, a log record, ends at one moment but comes in
        requests of its own: it is not to be torn apart. None where all or nothing would stay.
        """
        latest = max([span.end_ns for span in self.spans] + [each.time_ns for each in self.logs])
        until = latest - int(seconds * 1e9)
        early = [span for span in self.spans if span.end_ns <= until]
        come = {span.span_id for span in early}
        early_logs = [each for each in self.logs if _is_early(each, until, come)]
        if not (early or early_logs) or len(early) + len(early_logs) == len(self.spans) + len(self.logs):
            return None
        last = OpenTrace(self.trace_id, now)
        last.changed = self.changed
        last.spans = [span for span in self.spans if span.end_ns > until]
        for span in last.spans:
            last.bytes += span.size
        for each in self.logs:
            if not _is_early(each, until, come):
                last.add_log(each)
        for entry, time_ns in self.entries.items():
            if time_ns > until:
                last._hold(entry, time_ns)
        self.spans, self.logs = early, early_logs
        self.bytes -= last.bytes
        return last


def _is_early(each: HeldLog, until: int, come: set[int]) -> bool:
    """Whether a record goes by its own time, as those of agents do, or with its span."""
    return each.time_ns <= until if each.log.agent is not None else each.log.span_id in come
