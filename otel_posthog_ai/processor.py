"""The main door: a BatchSpanProcessor tuned for serverless that sees spans start, and so knows who belongs to whom.

Two stages. What the BatchSpanProcessor exports is only read, placed, encoded and put into the outbox (CPU, no I/O);
one sender thread empties the outbox over the network.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from .assembly import Assembly, Built
from .belonging import Belonging
from .context import current, from_baggage, posthog_library_identity
from .delivery import Counters, EncodedEvent, Sender, forks
from .dialects import Occurrence, has_identity, is_marked, read_identity
from .events.outgoing import Outgoing
from .events.shrinking import shrink
from .exporter import PostHogSpanExporter, passes, tell_inert
from .hierarchy import Hierarchy
from .joined_logs import JoinedLogs
from .log import warn, warn_once
from .propagator import remote_ai_parent
from .settings import Settings, resolve

_live: weakref.WeakSet[PostHogSpanProcessor] = weakref.WeakSet()


def active_processors() -> list[PostHogSpanProcessor]:
    """The processors of this process that send: not inert, not shut down."""
    return [processor for processor in list(_live) if processor.active]


class _Stage(SpanExporter):
    """What the BatchSpanProcessor exports to: the CPU half of the work."""

    def __init__(self, take: Callable[[Sequence[ReadableSpan]], None]) -> None:
        self._take = take

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._take(spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """The processor shuts the sender down itself."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """The processor flushes the sender itself."""
        return True


class PostHogSpanProcessor(BatchSpanProcessor):
    """Sends the AI spans of a TracerProvider to PostHog: `provider.add_span_processor(PostHogSpanProcessor())`.

    Args:
        exporter: A `PostHogSpanExporter` whose settings are to be used. Default: settings from the options.
        flush_at: Waiting spans that start the work at once. Default 20, serverless 10.
        flush_interval_millis: Longest wait of a span before the work starts, in milliseconds. Default 10000, serverless
            2000.
        max_queue_size: Ended spans that may wait. Default 2048.
        serverless: Whether the process may be frozen between two requests. Default: detected.
        options: Every other option of `otel_posthog_ai.settings.OPTIONS`, by name (`api_key`, `host`, …).

    Raises:
        ValueError: for an option with a bad value. TypeError: for an unknown option.
    """

    def __init__(
        self,
        exporter: PostHogSpanExporter | None = None,
        *,
        flush_at: int | None = None,
        flush_interval_millis: int | None = None,
        max_queue_size: int | None = None,
        serverless: bool | None = None,
        **options: Any,
    ) -> None:
        given = {
            "flush_at": flush_at,
            "flush_interval_millis": flush_interval_millis,
            "max_queue_size": max_queue_size,
            "serverless": serverless,
            **options,
        }
        if exporter is not None and any(value is not None for value in given.values()):
            raise ValueError("give the options to the exporter, or leave the exporter out")
        self.settings: Settings = exporter.settings if exporter is not None else resolve(given)
        self.counters = Counters()
        self.hierarchy = Hierarchy()
        self._inert = self.settings.inert
        self._shut_down = False
        self._alone = False
        self._assembly = Assembly(self.settings, self.counters, self.hierarchy, patient=True)
        self._outgoing = Outgoing(self.settings, self.counters)
        self._logs = JoinedLogs()
        self._reads_baggage = bool(self.settings.baggage_keys)
        self._work = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queued = 0
        self._sender: Sender | None = None
        tell_inert(self.settings)
        if self._inert:
            return
        super().__init__(
            _Stage(self._take),
            max_queue_size=self.settings.max_queue_size,
            schedule_delay_millis=self.settings.flush_interval_millis,
            max_export_batch_size=self.settings.flush_at,
        )
        self._sender = Sender(self.settings, self.counters, shrink=shrink, on_tick=self._release_due)
        forks.in_child(self._start_anew)
        _live.add(self)

    # ---- the app's threads ---------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether spans are taken."""
        return not self._inert and not self._shut_down

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Learn the span's ancestry and whom it belongs to."""
        if self._inert:
            return
        try:
            context = span.get_span_context()
            if context is None:
                return
            if not self._alone and self._is_double(context.span_id):
                return
            belonging = current(parent_context)
            if self._reads_baggage or "posthog" in sys.modules:
                belonging = self._with_foreign(belonging, parent_context)
            parent = span.parent
            remote = remote_ai_parent(parent_context) if parent is not None and parent.is_remote else None
            self.hierarchy.started(span, context.span_id, belonging, remote.span_id if remote is not None else None)
        except Exception as error:
            warn("processor:on_start", "a span's start could not be noted (%s)", type(error).__name__)

    def _with_foreign(self, belonging: Belonging | None, context: Context | None) -> Belonging | None:
        for foreign in (posthog_library_identity(), from_baggage(context, self.settings.baggage_keys)):
            if foreign is not None:
                belonging = belonging.within(foreign) if belonging is not None else foreign
        return belonging

    def _is_double(self, span_id: int) -> bool:
        """Whether another processor with the same host and key sees the same spans: then this one stays inert."""
        self._alone = True
        for other in active_processors():
            if other is self or (other.settings.api_key, other.settings.host) != (self.settings.api_key, self.settings.host):
                continue
            if span_id in other.hierarchy.opened:
                self._inert = True
                warn_once("processor:double", "two PostHogSpanProcessors with one key and host on a provider; one is inert")
                return True
        return False

    def on_end(self, span: ReadableSpan) -> None:
        """Queue an AI span; note every other one as a link between its parent and its children."""
        if self._inert or self._shut_down:
            return
        try:
            context = span.context
            if context is None:
                return
            attributes = span.attributes
            ai = context.trace_flags.sampled and self.is_exported(span)
            identity = read_identity(attributes) if not ai and attributes and has_identity(attributes) else None
            self.hierarchy.finished(context.span_id, span.parent, context.trace_id, identity, ai)
            if ai:
                self._queue(span)
            else:
                self.counters.add("filtered")
        except Exception as error:
            warn("processor:on_end", "a span's end could not be noted (%s)", type(error).__name__)

    def is_exported(self, span: ReadableSpan) -> bool:
        """Whether a span is one for PostHog: what the user's filter says, else whether it looks like AI."""
        if self.settings.span_filter is not None:
            return passes(self.settings.span_filter, span)
        return is_marked(span)

    def _queue(self, span: ReadableSpan) -> None:
        with self._queue_lock:
            full = self._queued >= self.settings.max_queue_size
            if not full:
                self._queued += 1
        if full:
            self.counters.add("dropped", reason="queue_full")
            warn("processor:queue", "the queue of ended spans is full (max_queue_size); spans are dropped")
            return
        super().on_end(span)

    def join_log(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a log record with content for the span that it belongs to (0, 0: unknown). Called at emit."""
        if self.active:
            self._logs.add(trace_id, span_id, occurrence, scope)

    def capture(self, event: Mapping[str, Any]) -> None:
        """Send a ready event by this processor's delivery."""
        if self._sender is None or self._shut_down:
            return
        self._send(self._outgoing.encode([dict(event)], private=False))

    # ---- the worker ----------------------------------------------------------------------------------------------

    def _take(self, spans: Sequence[ReadableSpan]) -> None:
        with self._queue_lock:
            self._queued -= len(spans)
        with self._work:
            self._assembly.add(spans, self._logs.of)
            self._send_built(self._assembly.release())

    def _release_due(self) -> None:
        """Called by the sender's clock: the worker of the BatchSpanProcessor sleeps while its queue is empty."""
        if self._assembly.waiting and self._work.acquire(timeout=1.0):
            try:
                self._send_built(self._assembly.release())
            finally:
                self._work.release()

    def _send_built(self, built: Iterable[Built]) -> None:
        for each in built:
            self._send(self._outgoing.encode(each.events, private=each.private, context_keys=each.context_keys))

    def _send(self, events: list[EncodedEvent]) -> None:
        if events and self._sender is not None:
            self._sender.put(events)

    # ---- flush and shutdown --------------------------------------------------------------------------------------

    def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
        """Deliver what is owed within `timeout_millis`; True only when everything is delivered."""
        if self._inert:
            return True
        if self._shut_down or self._sender is None:
            return False
        deadline = _deadline(timeout_millis)
        super().force_flush(timeout_millis)
        if not self._release_everything(deadline, final=False):
            return False
        return self._sender.flush(deadline)

    def shutdown(self, timeout_millis: int | None = None) -> None:
        """Deliver what is owed within `timeout_millis` (default: the option `timeout`), then stop for good."""
        if self._inert or self._shut_down or self._sender is None:
            return
        deadline = _deadline(timeout_millis if timeout_millis is not None else self.settings.timeout * 1000)
        super().shutdown()
        self._shut_down = True
        self._release_everything(deadline, final=True)
        self._sender.shutdown(deadline)
        _live.discard(self)

    def _release_everything(self, deadline: float, *, final: bool) -> bool:
        if not self._work.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            self._send_built(self._assembly.release(everything=True, final=final))
        finally:
            self._work.release()
        return True

    def status(self) -> dict[str, Any]:
        """Counters, and what waits where: `queue` ended spans, `held` read spans, the rest by the sender."""
        if self._sender is None:
            return {**self.counters.snapshot(), "inert": True}
        return {**self._sender.status(), "queue": self._queued, "held": self._assembly.waiting}

    def _start_anew(self) -> None:
        """In a forked child: what the parent had queued or held is the parent's to send; ancestry stays."""
        self._work = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queued = 0
        self._assembly.forget_held()
        self._logs = JoinedLogs()


def _deadline(timeout_millis: float | None) -> float:
    return time.monotonic() + (timeout_millis if timeout_millis is not None else 30_000) / 1000
