"""One OTLP/protobuf request as spans of the SDK and log records: what `requests` reads from JSON, from the binary form.

The messages are those of `opentelemetry-proto`. Values that a dialect never looks at cost as much as those that it
does, so the two functions that read them are as short as they can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind

from otel_posthog_ai.reading.log_contents import log_record

from .damaged import DecodeError, loosely_parsed
from .json_values import DEEPEST, Malformed
from .requests import (
    SAMPLED,
    SPAN_KINDS,
    Contents,
    add_log,
    parent_context,
    resource_of,
    status_of,
)


def read_traces(body: bytes, said: Mapping[str, Any] | None = None) -> Contents:
    """The spans of an `ExportTraceServiceRequest`. Raises `Malformed` when it is none.

    `said`: attributes that count as each resource's own.
    """
    contents = Contents()
    for of_resource in _parsed(ExportTraceServiceRequest(), body, contents).resource_spans:
        resource = resource_of({**attributes(of_resource.resource.attributes), **(said or {})})
        for of_scope in of_resource.scope_spans:
            scope = _scope(of_scope.scope)
            for item in of_scope.spans:
                try:
                    contents.spans.append(_span(item, scope, resource))
                except Malformed as error:
                    contents.malformed.append(str(error))
    return contents


def read_logs(body: bytes, said: Mapping[str, Any] | None = None) -> Contents:
    """The log records of an `ExportLogsServiceRequest`. Raises `Malformed` when it is none.

    `said`: attributes that count as each resource's own.
    """
    contents = Contents()
    for of_resource in _parsed(ExportLogsServiceRequest(), body, contents).resource_logs:
        resource = resource_of({**attributes(of_resource.resource.attributes), **(said or {})})
        for of_scope in of_resource.scope_logs:
            scope = _scope(of_scope.scope)
            for item in of_scope.log_records:
                try:
                    _read_log(item, scope, resource, contents)
                except Malformed as error:
                    contents.malformed.append(str(error))
    return contents


def _parsed(request: Any, body: bytes, contents: Contents) -> Any:
    try:
        request.ParseFromString(body)
        return request
    except DecodeError:
        pass  # a closer look tells whether it is all of it
    try:
        request, lost = loosely_parsed(type(request)(), body)
    except DecodeError:
        raise Malformed("not a protobuf message of this signal") from None
    contents.malformed += ["it cannot be parsed"] * lost
    return request


def _scope(given: Any) -> InstrumentationScope:
    return InstrumentationScope(given.name, given.version or None)


def _span(item: Any, scope: InstrumentationScope, resource: Resource) -> ReadableSpan:
    trace_id, span_id = _identifier(item.trace_id, 16), _identifier(item.span_id, 8)
    if not trace_id or not span_id:
        raise Malformed("a span has no id")
    kind = _kind(item.kind)
    parent_id = _identifier(item.parent_span_id, 8)
    start, end = item.start_time_unix_nano, item.end_time_unix_nano
    return ReadableSpan(
        name=item.name,
        context=SpanContext(trace_id, span_id, False, SAMPLED),
        parent=parent_context(trace_id, parent_id, item.flags, kind) if parent_id else None,
        resource=resource,
        attributes=attributes(item.attributes),
        events=[Event(each.name, attributes(each.attributes), each.time_unix_nano) for each in item.events],
        links=[_link(each) for each in item.links],
        kind=kind,
        status=status_of(item.status.code, item.status.message),
        start_time=start or end,
        end_time=end or start,
        instrumentation_scope=scope,
    )


def _kind(number: int) -> SpanKind:
    return SPAN_KINDS[number] if 0 <= number < len(SPAN_KINDS) else SpanKind.INTERNAL


def _link(item: Any) -> Link:
    context = SpanContext(_identifier(item.trace_id, 16), _identifier(item.span_id, 8), True)
    return Link(context, attributes(item.attributes))


def _read_log(item: Any, scope: InstrumentationScope, resource: Resource, contents: Contents) -> None:
    found = attributes(item.attributes)
    time_ns = item.time_unix_nano or item.observed_time_unix_nano
    ids = _identifier(item.trace_id, 16), _identifier(item.span_id, 8)
    add_log(contents, ids, scope, resource, log_record(item.event_name, found, any_value(item.body), time_ns))


def _identifier(data: bytes, size: int) -> int:
    if data and len(data) != size:
        raise Malformed(f"an id does not have {size} bytes")
    return int.from_bytes(data, "big")


def attributes(pairs: Iterable[Any], depth: int = 0) -> dict[str, Any]:
    """The attributes of a span, a resource, an event, a log record; equal keys are one object."""
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        if kind == "string_value":
            found[intern(pair.key)] = value.string_value
        else:
            found[intern(pair.key)] = any_value(value, depth + 1)
    return found


def any_value(value: Any, depth: int = 0) -> Any:
    """The Python value of an AnyValue: lists are tuples, as the SDK keeps them; an empty one is None."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        _check(depth)
        return tuple(any_value(item, depth + 1) for item in value.array_value.values)
    if kind == "kvlist_value":
        _check(depth)
        return attributes(value.kvlist_value.values, depth)
    return getattr(value, kind) if kind in _SCALARS else None


_SCALARS: Mapping[str | None, None] = dict.fromkeys(
    ("string_value", "bool_value", "int_value", "double_value", "bytes_value")
)


def _check(depth: int) -> None:
    if depth > DEEPEST:
        raise Malformed("values are nested too deep")
