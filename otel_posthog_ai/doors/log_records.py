"""Message content that instrumentors emit as OpenTelemetry log records, joined to the span of its call."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk.resources import Resource

from otel_posthog_ai.agent_logs.entry import agent_entry
from otel_posthog_ai.log import warn
from otel_posthog_ai.reading.log_contents import content_of, log_record

if TYPE_CHECKING:
    from .processor import PostHogSpanProcessor


_made: weakref.WeakSet[PostHogLogRecordProcessor] = weakref.WeakSet()


def logs_are_joined() -> bool:
    """Whether this process has a log record processor that was not shut down."""
    return any(not processor.is_shut_down for processor in list(_made))


class PostHogLogRecordProcessor(LogRecordProcessor):
    """Hands the content in GenAI log records to a `PostHogSpanProcessor`, which exports it with the generation.

        spans = PostHogSpanProcessor()
        tracer_provider.add_span_processor(spans)
        logger_provider.add_log_record_processor(PostHogLogRecordProcessor(spans))

    Needed for instrumentors that put prompts and answers into log records instead of span attributes, and for coding
    agents whose calls are log records: those become spans themselves. It sends nothing itself, keeps nothing but such
    records, and leaves every record as it is for the other processors. Its place among them does not matter. Records
    wait for the end of their span, or until their conversation is quiet, bounded in number, bytes and time.

    Args:
        span_processor: the span processor of the same app. Raises `ValueError` when it is none.
    """

    def __init__(self, span_processor: PostHogSpanProcessor) -> None:
        if not callable(getattr(span_processor, "join_log", None)):
            raise ValueError("PostHogLogRecordProcessor needs the PostHogSpanProcessor that the spans go to")
        self._span_processor = span_processor
        self._shut_down = False
        _made.add(self)

    @property
    def is_shut_down(self) -> bool:
        """Whether records are taken no more."""
        return self._shut_down

    def on_emit(self, log_record: Any) -> None:
        """Take a record; called in the app's thread, never raises, never blocks."""
        if self._shut_down:
            return
        try:
            self._join(log_record)
        except Exception as error:
            warn("log_records:emit", "a log record could not be joined to its span (%s)", type(error).__name__)

    emit = on_emit
    """The name before SDK 1.36."""

    def _join(self, emitted: Any) -> None:
        # A LogData up to SDK 1.38, a ReadWriteLogRecord since: both hold the record and its scope.
        record = getattr(emitted, "log_record", emitted)
        attributes = record.attributes
        found: Mapping[str, Any] = dict(attributes) if attributes is not None else {}
        time_ns = record.timestamp or record.observed_timestamp or 0
        written = log_record(getattr(record, "event_name", None), found, record.body, time_ns)
        content = content_of(written)
        scope = getattr(emitted, "instrumentation_scope", None)
        name = (scope.name if scope is not None else "") or ""
        if content is not None:
            self._span_processor.join_log(record.trace_id or 0, record.span_id or 0, content, name)
            return
        resource = getattr(emitted, "resource", None) or getattr(record, "resource", None) or Resource({})
        version = scope.version if scope is not None else None
        entry = agent_entry(record.trace_id or 0, name, version, resource, written)
        if entry is not None:
            self._span_processor.join_agent(entry)

    def shutdown(self) -> None:
        """Take no more records; what was taken leaves with its span."""
        self._shut_down = True

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here: records leave with their spans, by the span processor's `force_flush`."""
        return True
