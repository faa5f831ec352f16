"""Record what an app's spans say: `python -m tests.recorder app.py case.spans.json`.

The app is run as it stands, with a TracerProvider and a LoggerProvider set globally before it starts; OpenTelemetry
refuses those that it sets itself. The file is what `recordings.play` plays. Look through it for secrets.
"""

from __future__ import annotations

import base64
import json
import runpy
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

_NO_LIMIT = 1_000_000


class Recorder(SpanExporter):
    """Keeps spans as a recording holds them, in the order in which they ended."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._lock:
            self.spans.extend(recorded(span) for span in spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is open here."""


class LogRecorder(LogRecordProcessor):
    """Keeps log records as a recording holds them."""

    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def on_emit(self, log_record: Any) -> None:
        record, scope = log_record.log_record, log_record.instrumentation_scope
        self.logs.append(
            {
                "event_name": getattr(record, "event_name", None),
                "body": _json(record.body),
                "attributes": _json(dict(record.attributes or {})),
                "timestamp": record.timestamp,
                "observed_timestamp": record.observed_timestamp,
                "severity_number": record.severity_number.value if record.severity_number is not None else None,
                "trace_id": f"{record.trace_id or 0:032x}",
                "span_id": f"{record.span_id or 0:016x}",
                "scope": {"name": scope.name, "version": scope.version} if scope is not None else None,
            }
        )

    emit = on_emit

    def shutdown(self) -> None:
        """Nothing is open here."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return True


def recorded(span: ReadableSpan) -> dict[str, Any]:
    """One ended span as JSON."""
    context, parent, scope = span.get_span_context(), span.parent, span.instrumentation_scope
    assert context is not None
    return {
        "name": span.name,
        "kind": span.kind.name,
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "parent": {"span_id": f"{parent.span_id:016x}", "is_remote": parent.is_remote} if parent is not None else None,
        "start_time_unix_nano": span.start_time,
        "end_time_unix_nano": span.end_time,
        "status": {"code": span.status.status_code.name, "description": span.status.description},
        "attributes": _json(dict(span.attributes or {})),
        "events": [
            {"name": event.name, "time_unix_nano": event.timestamp, "attributes": _json(dict(event.attributes or {}))}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                "attributes": _json(dict(link.attributes or {})),
            }
            for link in span.links
        ],
        "resource": _json(dict(span.resource.attributes)),
        "scope": {"name": scope.name, "version": scope.version} if scope is not None else None,
    }


def _json(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"__bytes_b64__": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str.__str__(key): _json(item) for key, item in value.items()}  # also of a key that is an enum's member
    return [_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def main(app: str, out: str) -> None:
    """Run `app` and write what it recorded to `out`."""
    spans, logs = Recorder(), LogRecorder()
    limits = SpanLimits(max_span_attributes=_NO_LIMIT, max_event_attributes=_NO_LIMIT, max_events=_NO_LIMIT)
    provider, loggers = TracerProvider(span_limits=limits), LoggerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(logs)
    trace.set_tracer_provider(provider)
    set_logger_provider(loggers)
    try:
        runpy.run_path(app, run_name="__main__")
    finally:
        text = json.dumps({"spans": spans.spans, "logs": logs.logs}, indent=1, ensure_ascii=False)
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        Path(out).write_text(text + "\n", encoding="utf-8")
    print(f"{len(spans.spans)} spans and {len(logs.logs)} log records in {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
