"""The bare door: a plain SpanExporter that holds the whole pipeline, for set-ups that take nothing else."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_posthog_ai import forks
from otel_posthog_ai.bounds import seconds_to_wait
from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.context import entries
from otel_posthog_ai.context.posthog_context import current, with_foreign
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Deadline, Poster
from otel_posthog_ai.log import warn
from otel_posthog_ai.one_at_a_time import OneAtATime
from otel_posthog_ai.settings import Settings, resolve, tell_inert
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.work.reading_room import ReadingRoom

from . import ending
from .exporter_outbox import ExporterOutbox

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from otel_posthog_ai.options import ExporterOptions


_made: weakref.WeakSet[PostHogSpanExporter] = weakref.WeakSet()


def made_exporters() -> list[PostHogSpanExporter]:
    """All bare exporters of this process that somebody still holds."""
    return list(_made)


class PostHogSpanExporter(SpanExporter):
    """Exports AI spans to PostHog, whatever TracerProvider and SpanProcessor it stands behind.

    It posts before `export` returns, so put it behind a BatchSpanProcessor. It knows ancestry, user and session as far
    as the spans that it has seen tell; `PostHogSpanProcessor` sees spans start and knows them exactly, and sends from a
    thread of its own.

    Args:
        api_key: The project API key, `phc_…`; without it there is one warning, and nothing is sent. Default: none.
        host: Where to post: `us`, `eu` or a URL; hosts of the web app are rewritten to ingestion hosts, a path prefix
            is kept. Default: `https://us.i.posthog.com`.
        privacy_mode: Send no prompts, outputs, tool data or error texts. Default: `false`.
        capture_media: Send base64 media; else each leaves the placeholder `[base64 image redacted]`. Default: `false`.
        default_distinct_id: The user where none is known; without it such events are anonymous. Default: none.
        timeout: One deadline for all tries of an export, in seconds. Default: `10`.
        max_retries: Repeats of a failed request within the timeout. Default: `3`.
        compression: `gzip` or `none`. Default: `gzip`.
        large_events: Events over 983,040 bytes: `auto` uses PostHog's AI route and shrinks where there is none;
            `shrink`; `ai_route` sends every event there. Default: `auto`.
        spool_directory: A directory that keeps unsent events across crashes and restarts; without it they wait in
            memory only. Default: none.
        baggage_keys: Baggage keys that may set user, session and properties: a list, or a text with commas. Default:
            none.
        deduplicate: Make one generation of the spans that report one model call. Default: `true`.
        chain_spans: `all`, or `graph`: only graph nodes, agents, tools, retrievers and model calls. Default: `all`.
        costs: `span` passes a cost on the span through; `posthog` leaves it out, and PostHog computes all. Default:
            `span`.
        outbox_bytes: Most bytes of events that wait to be sent. Default: `33554432`.
        outbox_seconds: Longest time that a process tries to send an event, in seconds. Default: `3600`.
        deliver_on_sigterm: Deliver what is owed before SIGTERM ends the process, where nobody else handles it. Default:
            `true`.
        mask: `mask(key, value) -> value` over every text of the content, or names of built-in masks (`emails`,
            `phone_numbers`, `card_numbers`, `api_keys`). Default: none.
        before_send: `before_send(event) -> event or None`: the last word on every event; None drops it. Default: none.
        span_filter: `span_filter(span) -> bool`: whether a span is exported; without it AI spans are. Default: none.
        properties: Custom properties of every event (a mapping), or names of resource attributes to send. Default:
            none.
        disabled: Read nothing and send nothing. Default: `false`.
        flush_at: For `PostHogSpanProcessor(exporter)`: Waiting spans that start the work at once. Default: `20`;
            serverless `10`.
        flush_interval_millis: For `PostHogSpanProcessor(exporter)`: Longest wait of a span before the work starts, in
            milliseconds. Default: `10000`; serverless `2000`.
        max_queue_size: For `PostHogSpanProcessor(exporter)`: Ended spans that may wait. Default: `2048`.
        serverless: For `PostHogSpanProcessor(exporter)`: Whether the process may be frozen between two requests.
            Default: detected.

    An option that is None or "" comes from its environment variable (`otel_posthog_ai.environment_variables`), else it
    has its default.

    Raises:
        ValueError: an option has a bad value.
        TypeError: there is no such option.
    """

    def __init__(self, api_key: str | None = None, host: str | None = None, **options: Unpack[ExporterOptions]) -> None:
        self.settings: Settings = resolve({"api_key": api_key, "host": host, **options})
        self.counters = Counters()
        self._room = ReadingRoom(self.settings, self.counters, patient=False)
        self.hierarchy = self._room.hierarchy
        poster = Poster(self.settings, self.counters, shrink=shrink)
        self._outbox = ExporterOutbox(poster, self.counters, self.settings.outbox_bytes)
        self._shut_down = False
        self._arrived: deque[Sequence[ReadableSpan]] = deque()
        self._reading = OneAtATime()
        forks.in_child(self._in_child)
        self._providers: weakref.WeakSet[TracerProvider] = weakref.WeakSet()
        _made.add(self)
        tell_inert(self.settings)
        self._looks_around = not self.settings.inert
        entries.watch(self._find_provider)
        if self.settings.deliver_on_sigterm and not self.settings.inert:
            ending.deliver_on_sigterm(self.settings.timeout)

    def _in_child(self) -> None:
        """What is owed is the parent's to send, and the lock may be held by a thread that is not there."""
        self._arrived.clear()
        self._reading = OneAtATime()
        self._outbox.start_anew()
        self._room.forget_held()

    def attach(self, provider: TracerProvider) -> None:
        """Learn ancestry, user, session and privacy from spans of `provider` as they start, from now on.

        The global provider is found without this, when a `posthog_context` is entered or at the first export. One that
        is not global has to be named, before its spans start.
        """
        if not self.settings.inert and provider not in self._providers:
            self._providers.add(provider)
            provider.add_span_processor(_Onlooker(self.hierarchy, self.settings.baggage_keys))

    def _find_provider(self) -> bool:
        """Attach to the global provider; True when there is nothing left to look for."""
        if not self._providers and self._looks_around:
            provider = trace.get_tracer_provider()
            if isinstance(provider, TracerProvider):
                self.attach(provider)
        return bool(self._providers) or not self._looks_around

    def leave_to_processor(self) -> None:
        """A `PostHogSpanProcessor` with these settings sees spans start itself: look for no provider."""
        self._looks_around = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Post the events of `spans` and what is still owed; FAILURE while anything stays owed."""
        if self.settings.inert:
            return SpanExportResult.SUCCESS
        if self._shut_down:
            self._refuse(spans)
            return SpanExportResult.FAILURE
        limit = Deadline(time.monotonic() + self.settings.timeout)
        try:
            self._find_provider()
            self._arrived.append(spans)
            return SpanExportResult.SUCCESS if self._delivered(limit) else SpanExportResult.FAILURE
        except Exception as error:
            warn("exporter:export", "an export failed (%s)", type(error).__name__)
            return SpanExportResult.FAILURE

    def _refuse(self, spans: Sequence[ReadableSpan]) -> None:
        wanted = sum(self._room.wants(span) for span in spans)
        self.counters.add("seen", len(spans))
        self.counters.add("filtered", len(spans) - wanted)
        self.counters.add("dropped", wanted, reason="after_shutdown")

    def _delivered(self, limit: Deadline) -> bool:
        return self._read_arrived(limit) and self._outbox.deliver(limit) and not self._arrived

    def _read_arrived(self, limit: Deadline) -> bool:
        """Read what is to be exported; False where another thread is at it for too long, or where this is a signal
        handler on top of it. Who is at it reads that too."""
        if not self._reading.begin(limit.remaining()):
            return False
        try:
            while self._arrived:
                self._take(self._arrived.popleft())
        finally:
            self._reading.end()
        return not self._arrived or self._read_arrived(limit)

    def _take(self, spans: Sequence[ReadableSpan]) -> None:
        chosen = [span for span in spans if self._room.note_end(span)]
        self.counters.add("seen", len(spans))
        self.counters.add("filtered", len(spans) - len(chosen))
        self._room.add(chosen, lambda _span: ())
        self._outbox.add(self._room.release(everything=True))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Try once more to post what is owed, within `timeout_millis` (and the option `timeout`); True when nothing is
        owed any more."""
        return self.settings.inert or (not self._shut_down and self._delivered(self._firm_limit(timeout_millis)))

    def _firm_limit(self, timeout_millis: float) -> Deadline:
        return Deadline(time.monotonic() + min(seconds_to_wait(timeout_millis), self.settings.timeout), firm=True)

    def shutdown(self, timeout_millis: int = 30_000) -> None:
        """Post what is owed within the timeout (milliseconds); afterwards nothing is sent."""
        if self._shut_down or self.settings.inert:
            return
        self._shut_down, self._looks_around = True, False
        self._delivered(self._firm_limit(timeout_millis))
        while self._arrived:
            self._refuse(self._arrived.popleft())
        self._outbox.close()

    def status(self) -> Mapping[str, Any]:
        """Counters, and what is owed: `waiting` events, `waiting_bytes`."""
        return self._outbox.status()


class _Onlooker(SpanProcessor):
    """Learns ancestry for a bare exporter that found its provider."""

    def __init__(self, hierarchy: Hierarchy, baggage_keys: Collection[str]) -> None:
        self._hierarchy = hierarchy
        self._baggage_keys = baggage_keys

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        try:
            context = get_current() if parent_context is None else parent_context
            self._hierarchy.started(span, context, with_foreign(current(context), context, self._baggage_keys))
        except Exception as error:
            warn("exporter:on_start", "a span's start could not be noted (%s)", type(error).__name__)

    def on_end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        if context is not None and self._hierarchy.saw_start(context.span_id):
            self._hierarchy.finished(context.span_id, span.parent, context.trace_id, None, True)

    def shutdown(self) -> None:
        """Nothing is open here."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return True
