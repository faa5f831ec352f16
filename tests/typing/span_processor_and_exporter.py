"""User code that must pass a strict type checker: both doors, every option, and what they answer."""

# pyright: strict
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otel_posthog_ai import (
    PostHogLogRecordProcessor,
    PostHogPropagator,
    PostHogSpanExporter,
    PostHogSpanProcessor,
    __version__,
)


def mask(key: str, value: Any) -> Any:
    return re.sub(r"\d", "*", value) if isinstance(value, str) else value


def before_send(event: dict[str, Any]) -> dict[str, Any] | None:
    return event if event["event"] == "$ai_generation" else None


def span_filter(span: ReadableSpan) -> bool:
    return span.name != "ping"


provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())

processor = PostHogSpanProcessor(
    api_key="phc_x",
    host="eu",
    flush_at=5,
    flush_interval_millis=1_000,
    max_queue_size=100,
    serverless=False,
    privacy_mode=True,
    capture_media=None,
    default_distinct_id="service",
    timeout=2.5,
    max_retries=0,
    compression="none",
    large_events="shrink",
    spool_directory=Path("spool"),
    baggage_keys=["user.id"],
    deduplicate=False,
    chain_spans="graph",
    costs="posthog",
    outbox_bytes=1_000_000,
    outbox_seconds=60,
    mask=["emails"],
    before_send=before_send,
    span_filter=span_filter,
    properties={"team": "search", "build": 7},
    disabled=False,
)
provider.add_span_processor(processor)
delivered: bool = processor.force_flush(1_000)
status: dict[str, Any] = processor.status()
processor.shutdown(2_000)

exporter: SpanExporter = PostHogSpanExporter("phc_x", "us", mask=mask, timeout=3, properties=["service.name"])
result: SpanExportResult = exporter.export(())
provider.add_span_processor(BatchSpanProcessor(PostHogSpanExporter(api_key=None, host="")))
PostHogSpanProcessor(PostHogSpanExporter(flush_at=1, serverless=True))

loggers = LoggerProvider()
loggers.add_log_record_processor(PostHogLogRecordProcessor(processor))

headers: set[str] = PostHogPropagator().fields
carrier: dict[str, str] = {}
PostHogPropagator().inject(carrier)
version: str = __version__
