"""Spans from a file: OTLP/JSON as a Collector writes it, or a recording as this project's tests keep them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode

from otel_posthog_ai.otlp.json_values import Malformed
from otel_posthog_ai.otlp.requests import SAMPLED, Contents, add_log, read_request
from otel_posthog_ai.reading.log_contents import log_record
from otel_posthog_ai.reading.values import is_list, is_mapping


class Unreadable(Exception):
    """The file holds no spans that can be read; the text says why."""


def read_file(path: Path) -> Contents:
    """The spans and log records of a file. Raises `Unreadable`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    contents = Contents()
    try:
        for document in _documents(text):
            found = _recording(document) if is_mapping(document) and "spans" in document else read_request(document)
            contents.spans += found.spans
            contents.logs += found.logs
            contents.other += found.other
            contents.malformed += found.malformed
    except (ValueError, KeyError, TypeError, Malformed) as error:
        raise Unreadable(f"{path} holds neither OTLP/JSON nor recorded spans ({error})") from None
    return contents


def _documents(text: str) -> Iterable[Any]:
    """The whole text as JSON, or one JSON value a line."""
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return whole if is_list(whole) else [whole]


def _recording(document: Mapping[str, Any]) -> Contents:
    contents = Contents(spans=[_span(span) for span in document["spans"]])
    for log in document.get("logs") or ():
        _add_log(contents, log)
    return contents


def _span(span: Mapping[str, Any]) -> ReadableSpan:
    trace_id = int(span["trace_id"], 16)
    parent = span.get("parent")
    scope = span.get("scope") or {}
    status = span.get("status") or {}
    code = StatusCode[status.get("code") or "UNSET"]
    return ReadableSpan(
        name=span["name"],
        context=SpanContext(trace_id, int(span["span_id"], 16), False, SAMPLED),
        parent=SpanContext(trace_id, int(parent["span_id"], 16), bool(parent.get("is_remote")), SAMPLED)
        if parent
        else None,
        resource=Resource(_attributes(span.get("resource"))),
        attributes=_attributes(span.get("attributes")),
        events=[
            Event(
                event["name"],
                _attributes(event.get("attributes")),
                event.get("time_unix_nano"),
            )
            for event in span.get("events") or ()
        ],
        kind=SpanKind[span.get("kind") or "INTERNAL"],
        status=Status(code, status.get("description") if code is StatusCode.ERROR else None),
        start_time=span["start_time_unix_nano"],
        end_time=span["end_time_unix_nano"],
        instrumentation_scope=InstrumentationScope(scope.get("name") or "", scope.get("version")),
    )


def _add_log(contents: Contents, log: Mapping[str, Any]) -> None:
    attributes, body = _value(log.get("attributes") or {}), _value(log.get("body"))
    ids = int(log.get("trace_id") or "0", 16), int(log.get("span_id") or "0", 16)
    record = log_record(log.get("event_name"), attributes, body, log.get("timestamp") or 0)
    add_log(contents, ids, InstrumentationScope(_scope_of(log)), Resource({}), record)


def _scope_of(log: Mapping[str, Any]) -> str:
    scope = log.get("scope")
    return str((scope.get("name") if is_mapping(scope) else scope) or "")


def _attributes(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: tuple(item) if is_list(item := _value(value)) else item for key, value in (given or {}).items()}


def _value(value: Any) -> Any:
    """Recordings hold bytes as `{"__bytes_b64__": text}`."""
    if is_mapping(value):
        if set(value) == {"__bytes_b64__"}:
            return base64.b64decode(value["__bytes_b64__"])
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if is_list(value) else value
