"""The stages of the processor without its threads: a test says who is faster, and looks at each decision by itself."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from otel_posthog_ai.context.posthog_context import current
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.tree.unread import UnreadSpans
from otel_posthog_ai.work.reading_room import ReadingRoom
from otel_posthog_ai.work.sorting import Sorter
from tests.traced import assert_nothing_failed


class Stages(SpanProcessor):
    """Starts and ends are noted; what has ended is queued, read and released when the test says so."""

    def __init__(self, **options: Any) -> None:
        settings, self.counters = resolve({"api_key": "phc_stages", **options}, environ={}), Counters()
        self.room = ReadingRoom(settings, self.counters, patient=True)
        self.queue: list[ReadableSpan] = []
        self._sorter = Sorter(settings, self.room, self.counters, wake=lambda: None)
        self.room.hierarchy.catch_up = self.queue_ended
        self.events: list[dict[str, Any]] = []
        self.may_lose = False
        """Spans that nobody can read are among those of the test."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        context = get_current() if parent_context is None else parent_context
        self.room.hierarchy.started(span, context, current(context))

    def on_end(self, span: ReadableSpan) -> None:
        self._sorter.add(span)

    def second_passes(self) -> None:
        """What is open is held weakly from now on."""
        self.room.hierarchy.sweep()

    def queue_ended(self) -> None:
        """What has ended is on its way from now on."""
        self._sorter.sort_out()
        while batch := self._sorter.next_batch():
            self.queue += batch

    def queue_batch(self) -> None:
        """One batch of what was chosen is on its way from now on."""
        self.queue += self._sorter.next_batch()

    def read_queued(self) -> None:
        """What is on its way reaches the worker."""
        self.room.add(self.queue, lambda _: ())
        self.queue.clear()

    def release(self, *, everything: bool = True) -> None:
        """What the worker has read leaves, or only what need not wait."""
        self.events += [decode(event) for event in self.room.release(everything=everything)]
        if not self.may_lose:
            assert_nothing_failed(self.counters.snapshot())

    def leave(self, *, everything: bool = True) -> list[str]:
        """All three, and the names of the events that have left so far."""
        self.queue_ended()
        self.read_queued()
        self.release(everything=everything)
        return [event["properties"]["$ai_span_name"] for event in self.events]


def provider_of(stages: Stages) -> TracerProvider:
    """A provider whose spans go through the stages."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(stages)
    return provider


def all_unread(unread: UnreadSpans, *, but: str | None = None) -> list[tuple[int, ReadableSpan]]:
    """The spans that are open or on their way, but for those of one scope."""
    return [found for scope in unread.scopes() if scope != but for found in unread.of_scope(scope)]
