"""The main door: a BatchSpanProcessor tuned for serverless that sees spans start, and so knows who belongs to whom.

The app's threads note starts and ends. One worker thread reads, places, encodes and puts into the outbox (CPU, no I/O);
one sender thread empties the outbox over the network.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from otel_posthog_ai import forks
from otel_posthog_ai.bounds import seconds_to_wait
from otel_posthog_ai.context.posthog_context import (
    BELONGING_KEY,
    request_belonging,
    with_foreign,
)
from otel_posthog_ai.context.remote_parent import REMOTE_PARENT_KEY
from otel_posthog_ai.context.unknown import BY_POOL, of_unknown
from otel_posthog_ai.log import warn, warn_once
from otel_posthog_ai.settings import Settings, resolve, tell_inert

from . import ending
from .registry import active_processors, live, made

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from otel_posthog_ai.agent_logs.entry import AgentEntry
    from otel_posthog_ai.counters import Counters
    from otel_posthog_ai.dialects import Occurrence
    from otel_posthog_ai.options import ProcessorOptions
    from otel_posthog_ai.tree.ancestry import Hierarchy
    from otel_posthog_ai.work.no_ai import NoAIYet

    from .exporter import PostHogSpanExporter


class PostHogSpanProcessor(BatchSpanProcessor):
    """Sends the AI spans of a TracerProvider to PostHog: `provider.add_span_processor(PostHogSpanProcessor())`.

    It learns each span's ancestry, user and session when the span starts, and sends from a thread of its own: the app's
    threads do no more than note a start or an end. What PostHog has not taken yet waits in a bounded outbox.

    Args:
        exporter: A `PostHogSpanExporter` whose settings are to be used, instead of options here. Default: none.
        flush_at: Waiting spans that start the work at once. Default: `20`; serverless `10`.
        flush_interval_millis: Longest wait of a span before the work starts, in milliseconds. Default: `10000`;
            serverless `2000`.
        max_queue_size: Ended spans that may wait. Default: `2048`.
        serverless: Whether the process may be frozen between two requests. Default: detected.
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

    An option that is None or "" comes from its environment variable (`otel_posthog_ai.environment_variables`), else it
    has its default.

    Raises:
        ValueError: an option has a bad value, or there are options beside an exporter.
        TypeError: there is no such option.
    """

    def __init__(
        self,
        exporter: PostHogSpanExporter | None = None,
        *,
        flush_at: int | None = None,
        flush_interval_millis: int | None = None,
        max_queue_size: int | None = None,
        serverless: bool | None = None,
        **options: Unpack[ProcessorOptions],
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
        if exporter is not None:
            exporter.leave_to_processor()
        self._inert = self.settings.inert
        self._shut_down = False
        self._has_left = False
        self._checked = False
        self._below_pool = False
        self._first: weakref.ReferenceType[PostHogSpanProcessor] | None = None
        """The processor that has the spans, where this one is a second of the same project."""
        self.flushes = 0
        """How often somebody has asked for a flush."""
        self._reads_baggage = bool(self.settings.baggage_keys)
        made.add(self)
        tell_inert(self.settings)
        if not self._inert:
            self._begin()

    def _begin(self) -> None:
        # Loaded here, because who sends nothing, in tests for one, need not pay for it.
        from otel_posthog_ai.work.pipeline import shared_pipeline
        from otel_posthog_ai.work.sorting import Sorter

        # Not the SDK's queue and thread: whoever flushes those works them off himself, under a lock that a signal
        # handler would wait for, and without a deadline.
        self._pipeline = shared_pipeline(self.settings)
        self.hierarchy: Hierarchy = self._pipeline.hierarchy
        self._note_start = self.hierarchy.open_spans.add
        self.counters: Counters = self._pipeline.counters
        self.sorter = Sorter(self.settings, self._pipeline.room, self.counters, wake=self._pipeline.wake)
        self.no_ai: NoAIYet = self.sorter.no_ai
        self._pipeline.join(self)
        forks.in_child(self.sorter.start_anew)
        # Registered after the sender's own, so called before it: it fills the outbox that the sender then empties.
        forks.at_end_of_child(self._deliver_at_end)
        live.add(self)
        ending.deliver_at_exit()
        if self.settings.deliver_on_sigterm:
            ending.deliver_on_sigterm(self.settings.timeout)

    # ---- the app's threads ---------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether spans are taken."""
        return not self._inert and not self._shut_down

    @property
    def may_owe(self) -> bool:
        """Whether something may have to be delivered: also while it is being shut down."""
        return not self._inert and not self._has_left

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Learn the span's ancestry and whom it belongs to."""
        if self._inert or self._shut_down:
            return
        try:
            if not forks.page[0]:
                forks.notice()
            if not self._checked and self._is_double(span):
                return
            context = get_current() if parent_context is None else parent_context
            # As `current` does, without a call: this line runs for every span of the app.
            belonging: Any = context.get(BELONGING_KEY) or request_belonging.get()
            if self._below_pool and parent_context is None:
                belonging = of_unknown(self.counters)
            if self._reads_baggage or "posthog" in sys.modules:
                belonging = with_foreign(belonging, context, self.settings.baggage_keys)
            if belonging is None and REMOTE_PARENT_KEY not in context:
                self._note_start(span)
            else:
                self.hierarchy.started(span, context, belonging)
        except Exception as error:
            warn("processor:on_start", "a span's start could not be noted (%s)", type(error).__name__)

    def _is_double(self, span: Span) -> bool:
        """Whether another processor with the same host and key sees the same spans: then this one stays inert."""
        self._checked = True
        self._below_pool = sys._getframe(2).f_globals.get("__name__") == BY_POOL
        span_id = span.get_span_context().span_id
        mine = (self.settings.api_key, self.settings.host)
        for other in active_processors():
            if (
                other is not self
                and (other.settings.api_key, other.settings.host) == mine
                and other.hierarchy.open_spans.live(span_id) is not None
            ):
                self._stand_back(other)
                return True
        return False

    def _stand_back(self, other: PostHogSpanProcessor) -> None:
        """A cell was run again, or a module was reloaded: `other` has the spans, and this one holds no thread."""
        self._inert = True
        self._first = weakref.ref(other)
        live.discard(self)
        self._pipeline.dismiss(self)
        warn_once("processor:double", "two PostHogSpanProcessors with one key and host on a provider: one is inert")

    def on_end(self, span: ReadableSpan) -> None:
        """Take an ended span. Whether it is AI is looked at later, in another thread, unless very many end."""
        if self._inert:
            return
        if not self._shut_down:
            self.sorter.add(span)
            return
        try:
            self.sorter.refuse(span)
        except Exception as error:
            warn("processor:on_end", "a span's end could not be noted (%s)", type(error).__name__)

    def join_log(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a log record with content for the span that it belongs to (0, 0: unknown). Called at emit."""
        if self.active:
            self._pipeline.join_log(trace_id, span_id, occurrence, scope)

    def join_agent(self, entry: AgentEntry) -> None:
        """Keep a log record of a coding agent, which becomes a span itself. Called at emit."""
        if self.active:
            self._pipeline.join_agent(entry)

    def capture(self, event: Mapping[str, Any], *, private: bool = False, context_keys: Collection[str] = ()) -> bool:
        """Send a ready event by this processor's delivery; False where it was not queued.

        `private` leaves content out; custom properties then leave only under `context_keys`.
        """
        forks.notice()
        return self.active and self._pipeline.send([event], private=private, context_keys=context_keys)

    # ---- the worker ----------------------------------------------------------------------------------------------

    def sort_out(self) -> None:
        """Look at the spans that have ended since, and choose those that are AI."""
        self.sorter.sort_out()

    # ---- flush and shutdown --------------------------------------------------------------------------------------

    def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
        """Deliver what is owed within `timeout_millis` milliseconds; True only when everything is delivered."""
        self.flushes += 1
        if self._inert:
            first = self._first() if self._first is not None else None
            return first is None or first.force_flush(timeout_millis)  # what is owed is owed by the first
        forks.notice()
        return not self._has_left and self._pipeline.flush(_deadline(timeout_millis))

    def shutdown(self, timeout_millis: int | None = None) -> None:
        """Deliver what is owed within `timeout_millis` (default: the option `timeout`), then stop for good."""
        if self._inert:
            return
        forks.notice()
        deadline = _deadline(timeout_millis if timeout_millis is not None else self.settings.timeout * 1000)
        exit_by = ending.exit_by()
        if exit_by is not None:
            deadline = min(deadline, max(exit_by, time.monotonic() + _LAST_MOMENT))
        if self._shut_down:
            if not self._has_left:  # Perhaps a signal handler on top of the first call, which rests meanwhile.
                self._pipeline.flush(deadline)
            return
        self._shut_down = True  # From now on nothing is taken, or there would be no end to what is owed.
        self._pipeline.leave(self, deadline)
        self._has_left = True
        live.discard(self)

    def _deliver_at_end(self) -> None:
        if self.active:
            deadline = time.monotonic() + self.settings.timeout
            self._pipeline.flush(deadline)  # What still ends meanwhile, in a thread that nobody waits for, is taken.
            self.shutdown(int(max(deadline - time.monotonic(), _LAST_MOMENT) * 1000))

    def status(self) -> dict[str, Any]:
        """Counters, and what waits where: `queue` ended spans, `held` read ones, `waiting` events in the outbox."""
        if self._inert:
            return {"inert": True}
        return {**self._pipeline.status(), "queue": self.sorter.queued}


_LAST_MOMENT = 0.2
"""Seconds for what ended since everything was delivered at the exit."""


def _deadline(timeout_millis: float | None) -> float:
    return time.monotonic() + seconds_to_wait(timeout_millis if timeout_millis is not None else 30_000)
