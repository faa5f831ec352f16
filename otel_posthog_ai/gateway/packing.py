"""Held spans as bytes: a fifth of the memory of objects, and nothing for the garbage collector to walk through.

Long texts stay what they are: they would only be copied.

A span that is not AI is a link between others: of it are kept ids and times, what it says of user and session, and how
a request was answered, which may be a model's call that was refused.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Mapping
from sys import getsizeof
from typing import Any, NamedTuple

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from otel_posthog_ai.dialects import MARKS_AI, ORDINARY, first_look
from otel_posthog_ai.otlp.requests import SAMPLED
from otel_posthog_ai.tree.refusals import answer_of

OVERHEAD = 200
"""Bytes that a packed span costs beside its own."""


class PackedSpan(NamedTuple):
    """One span; resource and scope are shared by all of a request."""

    packed: bytes
    """Span id and end, so that they are known without unpacking, and then the rest."""
    long: Mapping[str, str] | None
    """Attributes that are long texts; None where there is none."""
    resource: Resource
    scope: InstrumentationScope | None

    @property
    def size(self) -> int:
        """Bytes of memory that it takes, about, without what it shares."""
        return OVERHEAD + len(self.packed) + (sum(map(getsizeof, self.long.values())) if self.long else 0)

    @property
    def span_id(self) -> int:
        found: int = _HEAD.unpack_from(self.packed)[0]
        return found

    @property
    def end_ns(self) -> int:
        """The end as far as it is a time."""
        found: int = _HEAD.unpack_from(self.packed)[1]
        return found


def pack(span: ReadableSpan) -> tuple[PackedSpan, bool]:
    """The span as bytes, and whether it is AI."""
    looks = first_look(span)
    is_ai = looks == MARKS_AI
    context, parent = span.get_span_context(), span.parent
    assert context is not None  # `requests` makes no span without ids
    head = _HEAD.pack(context.span_id, min(max(span.end_time or 0, 0), _LATEST))
    ids = (context.trace_id, context.span_id, parent.span_id if parent is not None else 0,
           parent is not None and parent.is_remote, span.start_time, span.end_time)  # fmt: skip
    long: dict[str, str] | None = None
    if is_ai:
        attributes = dict(span.attributes or {})
        long = {key: value for key, value in attributes.items() if type(value) is str and len(value) >= _LONG}
        attributes.update(dict.fromkeys(long))  # their places are kept
        rest: tuple[Any, ...] = (
            span.name,
            attributes,
            [(event.name, dict(event.attributes or {}), event.timestamp) for event in span.events],
            [(each.context.trace_id, each.context.span_id, dict(each.attributes or {})) for each in span.links],
            span.kind.value,
            span.status.status_code.value,
            span.status.description,
        )
    else:
        rest = _of_link(span, names_identity=looks != ORDINARY)
    packed = head + marshal.dumps((*ids, *rest))
    return PackedSpan(packed, long or None, span.resource, span.instrumentation_scope), is_ai


def _of_link(span: ReadableSpan, *, names_identity: bool) -> tuple[Any, ...]:
    status = answer_of(span) if span.kind is SpanKind.CLIENT else None
    if status is None:
        return ("", dict(span.attributes or {})) if names_identity else ()
    said = dict(span.attributes or {}) if names_identity else {HTTP_RESPONSE_STATUS_CODE: status}
    return "", said, (), (), SpanKind.CLIENT.value


def unpack(packed: PackedSpan) -> ReadableSpan:
    """The span again; of one that is not AI, what was kept."""
    kept: tuple[Any, ...] = marshal.loads(memoryview(packed.packed)[_HEAD.size :])
    trace_id, span_id, parent_id, is_remote, start, end = kept[:_IDS]
    name, attributes, events, links, kind, code, description = kept[_IDS:] + _NOTHING[len(kept) - _IDS :]
    if packed.long:
        attributes.update(packed.long)
    return ReadableSpan(
        name=name,
        context=SpanContext(trace_id, span_id, False, SAMPLED),
        parent=SpanContext(trace_id, parent_id, is_remote, SAMPLED) if parent_id else None,
        resource=packed.resource,
        attributes=attributes,
        events=[Event(name, attributes, time_ns) for name, attributes, time_ns in events],
        links=[Link(SpanContext(trace_id, span_id, True), attributes) for trace_id, span_id, attributes in links],
        kind=SpanKind(kind),
        status=Status(StatusCode(code), description),
        start_time=start,
        end_time=end,
        instrumentation_scope=packed.scope,
    )


_LONG = 4_096
"""Characters."""
_HEAD = struct.Struct("<QQ")
_LATEST = (1 << 64) - 1
_IDS = 6
_NO_ATTRIBUTES: Mapping[str, Any] = {}
_NOTHING: tuple[Any, ...] = ("", _NO_ATTRIBUTES, (), (), SpanKind.INTERNAL.value, StatusCode.UNSET.value, None)
