"""One OTLP/JSON request as spans of the SDK and log records; a malformed one is noted, none is fatal."""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otel_posthog_ai.agent_logs.conventions import convention_of
from otel_posthog_ai.agent_logs.entry import AgentEntry, agent_entry
from otel_posthog_ai.bounds import Lately
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.reading.log_contents import content_of, log_record
from otel_posthog_ai.reading.values import is_mapping

from . import json_values as otlp
from .json_values import JsonObject, Malformed

_KINDS = (
    "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
)  # fmt: skip
SPAN_KINDS = (
    SpanKind.INTERNAL, SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER
)  # fmt: skip
_CODES = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")
STATUS_CODES = (StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR)
# The bits of `flags` beyond the W3C ones: whether the writer knew where the parent is, and that it is elsewhere.
_KNOWS_REMOTE, _IS_REMOTE = 0x100, 0x200
# Without them: what a server or a consumer answers to came from elsewhere.
_REMOTE_KINDS = (SpanKind.SERVER, SpanKind.CONSUMER)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class LogEntry(NamedTuple):
    """A log record with message content; ids are 0 where it names no span."""

    trace_id: int
    span_id: int
    scope: str
    occurrence: Occurrence
    agent: AgentEntry | None = None
    """Where the record is one of an agent's, which becomes a span itself; then the ids are those to hold it by."""
    resource: Resource | None = None


@dataclass(slots=True)
class Contents:
    """What a request held."""

    spans: list[ReadableSpan] = field(default_factory=list[ReadableSpan])
    logs: list[LogEntry] = field(default_factory=list[LogEntry])
    other: int = 0
    """Log records without message content, and metrics: nothing for PostHog."""
    unread: Counter[str] = field(default_factory=Counter[str])
    """Of these log records the ones that nothing here knows, by scope."""
    malformed: list[str] = field(default_factory=list[str])
    """Why each span or record that could not be read could not be."""
    unread_attributes: Counter[str] = field(default_factory=Counter[str])
    """Attributes that could not be read, by the reason; what they stood on was kept without them."""


def read_request(request: Any, said: Mapping[str, Any] | None = None) -> Contents:
    """The spans and log records of one request. Raises `Malformed` when it is no OTLP request.

    `said`: attributes that count as each resource's own.
    """
    if not is_mapping(request):
        raise Malformed("not an object")
    if request and not any(otlp.has(request, name) for name in _PARTS):
        raise Malformed("neither resourceSpans nor resourceLogs in it")
    contents = Contents(other=len(otlp.objects(request, "resourceMetrics")))
    for name, read in (("resourceSpans", _read_spans), ("resourceLogs", _read_logs)):
        for of_resource in otlp.objects(request, name):
            if of_resource is otlp.NO_OBJECT:
                contents.malformed.append("a resource is no object")
                continue
            try:
                read(of_resource, contents, said or {})
            except Malformed as error:  # the resources beside it live
                contents.malformed.append(str(error))
    return contents


_PARTS = ("resourceSpans", "resourceLogs", "resourceMetrics")
_RESOURCES_BYTES = 16 * 1024 * 1024
_RESOURCE_BYTES = 1_000
"""About what one takes beside its texts, which are there twice."""
_resources = Lately(_RESOURCES_BYTES)


def resource_of(attributes: dict[str, Any]) -> Resource:
    """The resource with these attributes: the same object as last time, because every request repeats it."""
    key = marshal.dumps(attributes)
    known: Resource | None = _resources.get(key)
    if known is None:
        known = Resource(attributes)
        _resources.put(key, known, _RESOURCE_BYTES + 2 * len(key))
    return known


def _scoped(of_resource: JsonObject, signal: str, items: str) -> Iterator[tuple[InstrumentationScope, JsonObject]]:
    """Each item with its scope; Collectors before 0.63 called scopes instrumentation libraries."""
    for of_scope in otlp.objects(of_resource, f"scope{signal}", f"instrumentationLibrary{signal}"):
        given = otlp.an_object(of_scope, "scope", "instrumentationLibrary")
        scope = InstrumentationScope(otlp.text(given, "name"), otlp.text(given, "version") or None)
        for item in otlp.objects(of_scope, items):
            yield scope, item


def _resource(of_resource: JsonObject, contents: Contents, said: Mapping[str, Any]) -> Resource:
    given = otlp.an_object(of_resource, "resource")
    return resource_of({**otlp.attributes(given, contents.unread_attributes), **said})


def _read_spans(of_resource: JsonObject, contents: Contents, said: Mapping[str, Any]) -> None:
    resource = _resource(of_resource, contents, said)
    for scope, item in _scoped(of_resource, "Spans", "spans"):
        try:
            contents.spans.append(_span(item, scope, resource, contents.unread_attributes))
        except Malformed as error:
            contents.malformed.append(str(error))


def _span(item: JsonObject, scope: InstrumentationScope, resource: Resource, unread: Counter[str]) -> ReadableSpan:
    trace_id = otlp.identifier(otlp.field(item, "traceId"), 16)
    span_id = otlp.identifier(otlp.field(item, "spanId"), 8)
    if not trace_id or not span_id:
        raise Malformed("a span has no id")
    kind = SPAN_KINDS[otlp.enumeration(otlp.field(item, "kind"), _KINDS)]
    start = otlp.integer(otlp.field(item, "startTimeUnixNano", 0))
    end = otlp.integer(otlp.field(item, "endTimeUnixNano", 0))
    return ReadableSpan(
        name=otlp.text(item, "name"),
        context=SpanContext(trace_id, span_id, False, SAMPLED),
        parent=_parent(item, trace_id, kind),
        resource=resource,
        attributes=otlp.attributes(item, unread),
        events=[_event(each, unread) for each in otlp.objects(item, "events")],
        links=[_link(each, unread) for each in otlp.objects(item, "links")],
        kind=kind,
        status=_status(otlp.an_object(item, "status")),
        start_time=start or end,
        end_time=end or start,
        instrumentation_scope=scope,
    )


def _parent(item: JsonObject, trace_id: int, kind: SpanKind) -> SpanContext | None:
    parent_id = otlp.identifier(otlp.field(item, "parentSpanId"), 8)
    if not parent_id:
        return None
    return parent_context(trace_id, parent_id, otlp.integer(otlp.field(item, "flags", 0)), kind)


def parent_context(trace_id: int, parent_id: int, flags: int, kind: SpanKind) -> SpanContext:
    """The parent of a span with these `flags`, which may say whether it is in another process."""
    remote = bool(flags & _IS_REMOTE) if flags & _KNOWS_REMOTE else kind in _REMOTE_KINDS
    return SpanContext(trace_id, parent_id, remote, SAMPLED)


def _event(item: JsonObject, unread: Counter[str]) -> Event:
    time_ns = otlp.integer(otlp.field(item, "timeUnixNano", 0))
    return Event(otlp.text(item, "name"), otlp.attributes(item, unread), time_ns)


def _link(item: JsonObject, unread: Counter[str]) -> Link:
    context = SpanContext(
        otlp.identifier(otlp.field(item, "traceId"), 16), otlp.identifier(otlp.field(item, "spanId"), 8), True
    )
    return Link(context, otlp.attributes(item, unread))


def _status(given: JsonObject) -> Status:
    return status_of(otlp.enumeration(otlp.field(given, "code"), _CODES), otlp.text(given, "message"))


def status_of(code: int, message: str) -> Status:
    """The SDK's status by the number of the code."""
    known = STATUS_CODES[code] if 0 <= code < len(STATUS_CODES) else StatusCode.UNSET
    # The SDK keeps a description on errors only, and says so in the log of the app.
    return Status(known, (message or None) if known is StatusCode.ERROR else None)


def _read_logs(of_resource: JsonObject, contents: Contents, said: Mapping[str, Any]) -> None:
    resource = _resource(of_resource, contents, said)
    for scope, item in _scoped(of_resource, "Logs", "logRecords"):
        try:
            _read_log(item, scope, resource, contents)
        except Malformed as error:
            contents.malformed.append(str(error))


def _read_log(item: JsonObject, scope: InstrumentationScope, resource: Resource, contents: Contents) -> None:
    attributes = otlp.attributes(item, contents.unread_attributes)
    time_ns = otlp.integer(otlp.field(item, "timeUnixNano", 0)) or otlp.integer(
        otlp.field(item, "observedTimeUnixNano", 0)
    )
    body = otlp.any_value(otlp.field(item, "body"))
    ids = otlp.identifier(otlp.field(item, "traceId"), 16), otlp.identifier(otlp.field(item, "spanId"), 8)
    add_log(contents, ids, scope, resource, log_record(otlp.text(item, "eventName"), attributes, body, time_ns))


def add_log(
    contents: Contents,
    ids: tuple[int, int],
    scope: InstrumentationScope,
    resource: Resource,
    record: Occurrence,
) -> None:
    """Note what a log record says to PostHog, if anything; `ids` of the trace and the span that it names."""
    content = content_of(record)
    agent = agent_entry(ids[0], scope.name, scope.version, resource, record) if content is None else None
    if content is not None:
        contents.logs.append(LogEntry(*ids, scope.name, content, None, resource))
    elif agent is not None:
        contents.logs.append(LogEntry(agent.holding_id, ids[1] or 1, scope.name, record, agent, resource))
    else:
        contents.other += 1
        if convention_of(scope.name) is None:
            contents.unread[scope.name] += 1
