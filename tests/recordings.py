"""Recorded spans of real instrumentors, played through a real TracerProvider as they once happened.

A recording is JSON: `spans` (name, kind, ids, parent, times, status, attributes, events, links, resource, scope) in the
order in which they ended, and `logs`. Bytes stand as `{"__bytes_b64__": …}`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

Recording = dict[str, Any]
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_NO_LIMIT = 1_000_000


def load(path: Path) -> Recording:
    return json.loads(path.read_text(encoding="utf-8"))


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__bytes_b64__"}:
            return base64.b64decode(value["__bytes_b64__"])
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list) else value


def _attributes(recorded: dict[str, Any] | None) -> dict[str, Any]:
    return {
        key: tuple(_value(value)) if isinstance(value, list) else _value(value)
        for key, value in (recorded or {}).items()
    }


def keeps_maps() -> bool:
    """Whether this SDK keeps an attribute whose value is a map; older ones leave it out."""
    span = TracerProvider(shutdown_on_exit=False).get_tracer("").start_span("", attributes={"map": {"a": 1}})  # type: ignore[dict-item]
    return "map" in (getattr(span, "attributes", None) or {})


def has_maps(recording: Recording) -> bool:
    """Whether a recorded span has an attribute whose value is a map."""
    return any(isinstance(value, dict) for span in recording["spans"] for value in (span["attributes"] or {}).values())


class _RecordedIds(IdGenerator):
    def __init__(self) -> None:
        self.trace_id = self.span_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _Player:
    """Starts and ends the recorded spans in the order of their times."""

    def __init__(
        self, recording: Recording, processors: Sequence[SpanProcessor], log_processors: Sequence[Any], early: bool
    ):
        self.spans = recording.get("spans") or []
        self.logs = recording.get("logs") or []
        self.early = early
        self.live: dict[tuple[str, str], Span] = {}
        self.tracers: dict[str, tuple[TracerProvider, _RecordedIds, LoggerProvider]] = {}
        for span in self.spans:
            resource = Resource(_attributes(span.get("resource")))
            key = json.dumps(span.get("resource"), sort_keys=True)
            if key in self.tracers:
                continue
            ids = _RecordedIds()
            limits = SpanLimits(max_span_attributes=_NO_LIMIT, max_event_attributes=_NO_LIMIT)
            provider = TracerProvider(resource=resource, id_generator=ids, span_limits=limits, shutdown_on_exit=False)
            loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
            for processor in processors:
                provider.add_span_processor(processor)
            for log_processor in log_processors:
                loggers.add_log_record_processor(log_processor)
            self.tracers[key] = provider, ids, loggers

    def play(self, between: Callable[[], None] | None) -> None:
        steps: list[tuple[tuple[int, int, int], Callable[[int], None], int]] = []
        for index, span in enumerate(self.spans):
            start, end = span["start_time_unix_nano"], span["end_time_unix_nano"]
            depth = self._depth(span)
            steps.append(((start, 0, depth), self._start, index))
            steps.append(((max(start, end), 2, -depth), self._end, index))
        for index, record in enumerate(self.logs):
            steps.append(
                ((record.get("observed_timestamp") or record.get("timestamp") or 0, 1, index), self._log, index)
            )
        steps.sort(key=lambda step: step[0])
        for _, act, index in steps:
            act(index)
            if between is not None:
                between()

    def _depth(self, span: dict[str, Any]) -> int:
        by_id = {each["span_id"]: each for each in self.spans}
        depth = 0
        seen: set[str] = set()
        while span["parent"] and span["parent"]["span_id"] in by_id and span["span_id"] not in seen:
            seen.add(span["span_id"])
            span = by_id[span["parent"]["span_id"]]
            depth += 1
        return depth

    def _of(self, span: dict[str, Any]) -> tuple[TracerProvider, _RecordedIds, LoggerProvider]:
        return self.tracers[json.dumps(span.get("resource"), sort_keys=True)]

    def _start(self, index: int) -> None:
        span = self.spans[index]
        provider, ids, _ = self._of(span)
        ids.trace_id, ids.span_id = int(span["trace_id"], 16), int(span["span_id"], 16)
        context = Context()
        parent = span.get("parent")
        if parent:
            above: Any = self.live.get((span["trace_id"], parent["span_id"]))
            if above is None or parent["is_remote"]:
                above = NonRecordingSpan(
                    SpanContext(ids.trace_id, int(parent["span_id"], 16), bool(parent["is_remote"]), _SAMPLED)
                )
            context = set_span_in_context(above, context)
        links = [
            Link(
                SpanContext(int(link["trace_id"], 16), int(link["span_id"], 16), False, _SAMPLED),
                _attributes(link["attributes"]),
            )
            for link in span.get("links") or []
        ]
        scope = span.get("scope") or {}
        tracer = provider.get_tracer(scope.get("name") or "", scope.get("version"))
        self.live[(span["trace_id"], span["span_id"])] = tracer.start_span(
            span["name"],
            context,
            SpanKind[span.get("kind") or "INTERNAL"],
            _attributes(span["attributes"]) if self.early else None,
            links,
            span["start_time_unix_nano"],
        )

    def _end(self, index: int) -> None:
        recorded = self.spans[index]
        span = self.live[(recorded["trace_id"], recorded["span_id"])]
        if not self.early:
            for key, value in _attributes(recorded["attributes"]).items():
                span.set_attribute(key, value)
        for event in recorded.get("events") or []:
            span.add_event(event["name"], _attributes(event.get("attributes")), event["time_unix_nano"])
        status = recorded.get("status") or {}
        code = StatusCode[status.get("code") or "UNSET"]
        if code is not StatusCode.UNSET:
            span.set_status(Status(code, status.get("description") if code is StatusCode.ERROR else None))
        span.end(max(recorded["end_time_unix_nano"], recorded["start_time_unix_nano"]))

    def _log(self, index: int) -> None:
        record = self.logs[index]
        spans = {span["span_id"]: span for span in self.spans}
        loggers = self._of(spans.get(record.get("span_id"), self.spans[0]))[2]
        scope = record.get("scope") or {}
        logger = loggers.get_logger(scope.get("name") or "", scope.get("version"))
        span_id, trace_id = int(record.get("span_id") or "0", 16), int(record.get("trace_id") or "0", 16)
        context = Context()
        if span_id and trace_id:
            live: Any = self.live.get((record["trace_id"], record["span_id"]))
            context = set_span_in_context(
                live or NonRecordingSpan(SpanContext(trace_id, span_id, False, _SAMPLED)), context
            )
        token = otel_context.attach(context)
        try:
            logger.emit(_log_record(record, context))
        finally:
            otel_context.detach(token)


def _log_record(record: dict[str, Any], context: Context) -> Any:
    """A log record as the installed SDK takes it: old ones want their own class, which carries a resource."""
    severity = record.get("severity_number")
    values: dict[str, Any] = {
        "timestamp": record.get("timestamp"),
        "observed_timestamp": record.get("observed_timestamp"),
        "severity_number": SeverityNumber(severity) if severity is not None else None,
        "body": _value(record.get("body")),
        "attributes": _value(record.get("attributes") or {}),
        "event_name": record.get("event_name"),
    }
    import opentelemetry.sdk._logs as sdk_logs

    own = getattr(sdk_logs, "LogRecord", None)
    if own is not None:
        return own(context=context, resource=Resource.get_empty(), **values)
    return LogRecord(context=context, **values)


def play(
    recording: Recording,
    processors: Iterable[SpanProcessor],
    log_processors: Iterable[Any] = (),
    *,
    attributes_at_start: bool = False,
    between: Callable[[], None] | None = None,
) -> None:
    """Play a recording through providers with these processors; `between` is called after every start and end."""
    _Player(recording, list(processors), list(log_processors), attributes_at_start).play(between)
