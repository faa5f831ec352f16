"""The traces of one project that are held: each leaves when it is quiet, too old, or memory is short.

Every span alone would give other events: a parent ends after its children, two instrumentors report one call. So a
trace waits until nothing more is likely to come. What comes later all the same is placed as a running app would place
a late span.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakValueDictionary

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.otlp.requests import LogEntry
from otel_posthog_ai.otlp.strays import Strays
from otel_posthog_ai.work.held_logs import weight

from .journal import Entry
from .open_trace import HeldLog, OpenTrace
from .packing import pack

_LOG_BYTES = 1_000
"""About what a log record costs in memory, beside its texts."""
_MOST_LEFT = 20_000
_NEARLY = 0.9
_MOST_SCOPES, _OTHER_SCOPES = 200, "(others)"


class Patience(NamedTuple):
    """How long a trace is held, in seconds."""

    quiet: float = 10.0
    """Without anything new."""
    longest: float = 300.0
    """Since its first span came, however busy it is; but what ended in the last `quiet` seconds of a busy one stays."""
    unfinished: float = 120.0
    """Without anything new, while a span of its own process that was named as a parent has not come: it still runs."""


class StrayOrigin(NamedTuple):
    """When a log record without ids came, and the request on disk that holds it."""

    since: float
    entry: Entry | None


class OpenTraces:
    """Not thread-safe; times are those of `time.monotonic()`."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._open: OrderedDict[int, OpenTrace] = OrderedDict()
        """The one that has been quiet for longest comes first."""
        self._left: dict[int, None] = {}
        """Traces of which something has left: what they wait for may have been in it."""
        self._resources: WeakValueDictionary[int, Resource] = WeakValueDictionary()
        """Those that are held, by `id`."""
        self.strays = Strays[StrayOrigin]()
        self.seen: Counter[tuple[str, bool]] = Counter()
        """Spans that came, by scope and whether they are AI."""
        self.spans = 0
        self.bytes = 0
        """About as much memory as all of it takes."""

    def __len__(self) -> int:
        return len(self._open)

    def add(self, spans: Iterable[ReadableSpan], now: float, entry: Entry | None) -> None:
        """Hold the spans."""
        resource: Resource | None = None
        for span in spans:
            packed, is_ai = pack(span)
            context = span.get_span_context()
            assert context is not None
            more = 0
            if packed.resource is not resource:
                resource = packed.resource
                more = self._first_seen(resource)
            trace = self._trace(context.trace_id, now)
            self.bytes += trace.add(packed, context.span_id, span.parent, entry, more)
            self.spans += 1
            self._count(packed.scope, is_ai)

    def _first_seen(self, resource: Resource) -> int:
        """The bytes of a resource where it was not held before: all that hold it hold the same object."""
        if self._resources.get(id(resource)) is resource:
            return 0
        self._resources[id(resource)] = resource
        return weight(resource.attributes)

    def _count(self, scope: InstrumentationScope | None, is_ai: bool) -> None:
        name = scope.name if scope is not None else ""
        if (name, is_ai) not in self.seen and len(self.seen) >= _MOST_SCOPES:
            name = _OTHER_SCOPES
        self.seen[name, is_ai] += 1

    def add_logs(self, logs: Iterable[LogEntry], size: int, now: float, entry: Entry | None) -> None:
        """Hold log records, of so many bytes each."""
        size += _LOG_BYTES
        for each in logs:
            if not each.trace_id or not each.span_id:
                self.strays.add(each, size, StrayOrigin(now, entry))
                continue
            self.bytes += self._trace(each.trace_id, now).add_log(HeldLog(each, size, entry))

    def _trace(self, trace_id: int, now: float) -> OpenTrace:
        trace = self._open.get(trace_id)
        if trace is None:
            trace = self._open[trace_id] = OpenTrace(trace_id, now)
        elif trace.changed != now:
            trace.changed = now
            self._open.move_to_end(trace_id)
        return trace

    def oldest_seconds(self, now: float) -> float:
        """How long the oldest trace has been held."""
        return max((now - trace.since for trace in self._open.values()), default=0.0)

    def leaving(self, now: float, *, short_by: int = 0, everything: bool = False) -> list[OpenTrace]:
        """The traces that have to go, in the order in which they came; `short_by` bytes of them at least."""
        going = list(self._open.values()) if everything else self._due(now)
        staying = self._last_of_busy(going, now) if short_by <= 0 and not everything else {}
        short_by -= sum(trace.bytes for trace in going)
        if short_by > 0:
            chosen = {trace.trace_id for trace in going}
            for trace in self._open.values():
                if short_by <= 0:
                    break
                if trace.trace_id not in chosen:
                    going.append(trace)
                    short_by -= trace.bytes
        for trace in going:
            last = staying.get(trace.trace_id)
            if last is not None:
                self._open[trace.trace_id] = last
            else:
                del self._open[trace.trace_id]
            self._left[trace.trace_id] = None
            self.bytes -= trace.bytes
            self.spans -= len(trace.spans)
        forget_oldest(self._left, _MOST_LEFT)
        return sorted(going, key=lambda trace: trace.since)

    def forget_strays(self, now: float, most_bytes: float) -> None:
        """Give up log records without ids that no call has asked for in time."""
        self.strays.forget(lambda origin: now - origin.since > self._patience.longest)
        self.strays.shrink_to(most_bytes)

    def _last_of_busy(self, going: Iterable[OpenTrace], now: float) -> dict[int, OpenTrace]:
        """By trace id, what stays of traces that are old and not quiet."""
        quiet = self._patience.quiet
        busy = (trace for trace in going if now - trace.changed < quiet * _NEARLY)
        parted = ((trace.trace_id, trace.part_with_last(quiet, now)) for trace in busy)
        return {trace_id: last for trace_id, last in parted if last is not None}

    def _due(self, now: float) -> list[OpenTrace]:
        quiet, longest, unfinished = self._patience
        # Traces that came together may report one call from two sides: they leave together, too.
        first = next(iter(self._open.values()), None)
        some_quiet = first is not None and now - first.changed >= quiet
        enough = quiet * _NEARLY if some_quiet else quiet
        return [
            trace
            for trace in self._open.values()
            if now - trace.changed >= (unfinished if trace.awaited and trace.trace_id not in self._left else enough)
            or now - trace.since >= longest
        ]
