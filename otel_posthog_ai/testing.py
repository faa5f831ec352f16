"""What your spans become, in a test: no key, no network, no thread.

    from otel_posthog_ai.testing import capture_events

    with capture_events() as captured:
        answer("How is the weather?")          # your code, with your instrumentors
    assert captured.generations[0]["properties"]["$ai_model"] == "gpt-4o-mini"

The events are those that `PostHogSpanProcessor` would post: read, joined, placed, masked and encoded by the same code.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from .context.posthog_context import current, with_foreign
from .counters import Counters
from .delivery import decode
from .settings import Settings, resolve
from .work.held_logs import HeldLogs
from .work.reading_room import ReadingRoom

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import LoggerProvider
    from typing_extensions import Unpack

    from .options import ProcessorOptions
    from .reading.source import Occurrence

Event = dict[str, Any]
"""One event as it would be posted: `event`, `distinct_id`, `properties`, `timestamp`, `uuid`."""


class CapturedEvents(SpanProcessor):
    """The events of the spans that ended so far; made by `capture_events`, or added to a provider like any processor.

    Args:
        options: Those of `PostHogSpanProcessor`; none of them comes from the environment.

    Raises:
        ValueError: an option has a bad value.
    """

    def __init__(self, **options: Unpack[ProcessorOptions]) -> None:
        self.settings: Settings = resolve({"api_key": "phc_in_memory", **options}, environ={})
        self._room = ReadingRoom(self.settings, Counters(), patient=True)
        self._logs = HeldLogs()
        self._lock = threading.Lock()
        self._ended: list[ReadableSpan] = []
        self._events: list[Event] = []
        self.active = True

    @property
    def events(self) -> list[Event]:
        """All events, in the order in which they would leave. What has left stays as it is, so ask when all is over."""
        with self._lock:
            ended, self._ended = self._ended, []
            chosen = [span for span in ended if self._room.note_end(span)]
            self._room.add(chosen, self._logs.of)
            self._events += [decode(event) for event in self._room.release(everything=True)]
            return list(self._events)

    @property
    def generations(self) -> list[Event]:
        """The model calls: `$ai_generation`, in the order of their ends."""
        return self.of("$ai_generation")

    def of(self, name: str) -> list[Event]:
        """The events of one name (`$ai_span`, `$ai_trace`, `$ai_embedding`, …), in the order of their times."""
        return sorted((event for event in self.events if event["event"] == name), key=lambda event: event["timestamp"])

    def tree(self) -> list[tuple[int, str]]:
        """Depth and name of each node as PostHog draws them: parents before children, children by time."""
        below: dict[str, list[Event]] = {}
        for event in self.events:
            properties = event["properties"]
            if event["event"] == "$ai_trace":
                below.setdefault("", []).append(event)
            elif "$ai_parent_id" in properties:
                below.setdefault(properties["$ai_parent_id"], []).append(event)
        roots = {event["properties"]["$ai_trace_id"] for event in below.get("", [])}
        known = roots | {each["properties"]["$ai_span_id"] for some in below.values() for each in some}
        tops = [event for parent, some in below.items() if parent and parent not in known for event in some]
        return [
            line
            for event in sorted((*below.get("", []), *tops), key=lambda event: str(event["timestamp"]))
            for line in _lines(event, below, 0)
        ]

    # ---- a processor -------------------------------------------------------------------------------------------------

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Learn the span's ancestry and whom it belongs to."""
        if self.active:
            context = get_current() if parent_context is None else parent_context
            belonging = with_foreign(current(context), context, self.settings.baggage_keys)
            self._room.hierarchy.started(span, context, belonging)

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span until somebody asks for the events."""
        if self.active:
            with self._lock:
                self._ended.append(span)

    def join_log(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        """Keep a log record with content for its span: `PostHogLogRecordProcessor(captured)` hands it over."""
        if self.active:
            self._logs.add(trace_id, span_id, occurrence, scope)

    def shutdown(self) -> None:
        """Take no more spans; the events stay."""
        self.active = False

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is owed to anybody."""
        return True


def _lines(event: Mapping[str, Any], below: Mapping[str, list[Event]], depth: int) -> Generator[tuple[int, str]]:
    properties = event["properties"]
    yield depth, properties["$ai_span_name"]
    own = properties["$ai_trace_id"] if event["event"] == "$ai_trace" else properties["$ai_span_id"]
    for child in sorted(below.get(own, []), key=lambda child: str(child["timestamp"])):
        yield from _lines(child, below, depth + 1)


@contextmanager
def capture_events(
    provider: TracerProvider | None = None,
    *,
    logger_provider: LoggerProvider | None = None,
    **options: Unpack[ProcessorOptions],
) -> Generator[CapturedEvents]:
    """The events of the spans that start and end inside.

    Args:
        provider: The TracerProvider whose spans are captured. Default: the global one; where there is none, it is set.
        logger_provider: The LoggerProvider whose log records hold message content. Default: none.
        options: Those of `PostHogSpanProcessor` (`privacy_mode`, `mask`, …).

    Raises:
        ValueError: an option has a bad value, or the global provider is not one of OpenTelemetry's SDK.
    """
    captured = CapturedEvents(**options)
    (provider if provider is not None else _global_provider()).add_span_processor(captured)
    if logger_provider is not None:
        from .doors.log_records import PostHogLogRecordProcessor

        # It asks for no more than what `CapturedEvents` has.
        logger_provider.add_log_record_processor(PostHogLogRecordProcessor(captured))  # type: ignore[arg-type]
    try:
        yield captured
    finally:
        captured.shutdown()


def _global_provider() -> TracerProvider:
    known = trace.get_tracer_provider()
    if isinstance(known, trace.ProxyTracerProvider):
        trace.set_tracer_provider(TracerProvider())
        known = trace.get_tracer_provider()
    if not isinstance(known, TracerProvider):
        raise ValueError("the global TracerProvider takes no processors: give the provider of your spans")
    return known
