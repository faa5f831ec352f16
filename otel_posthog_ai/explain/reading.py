"""Which attribute filled which field: the span is read again without the attribute, by the same code that always reads.

Nothing here knows how a dialect reads. A field that changes when an attribute is gone was filled from it; where several
attributes say the same, the fewest are named that are enough for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.dialects.spans import read_span, recognised
from otel_posthog_ai.posthog_inputs import is_documented
from otel_posthog_ai.reading.identity import names_identity_only
from otel_posthog_ai.reading.plumbing import namespace_of
from otel_posthog_ai.reading.source import Occurrence, Source
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.record import AISpan, Cost, Evaluation, Failure, Identity, Usage

_PARTS = (Cost, Evaluation, Failure, Identity, Usage)
# What every span has, and what is not read from one attribute.
_LEFT_OUT = frozenset(
    {
        "attributes", "dialect", "end_ns", "parent_id", "resource", "scope", "scope_version",
        "span_id", "span_name", "start_ns", "trace_id",
    }
)  # fmt: skip

Fields = Mapping[str, Any]
"""Field of the record, dotted for a part of it -> its value; unset ones are not there."""


class Filled(NamedTuple):
    """A field of the record, and the attributes that it was filled from (none: scope, name, events, logs, status)."""

    field: str
    value: Any
    keys: tuple[str, ...]


class Reading(NamedTuple):
    """How one span was read."""

    dialects: tuple[str, ...]
    """All that recognise it, in the order in which they were asked."""
    record: AISpan | None
    filled: tuple[Filled, ...]
    dropped: tuple[tuple[str, str], ...]
    """Attribute -> the rule that it was dropped by."""
    kept: tuple[str, ...]
    """Attributes that nobody read: custom properties."""


def explain_reading(span: ReadableSpan, logs: Sequence[Occurrence]) -> Reading:
    """How a span and its log records are read."""
    source = Source(span, logs)
    known = tuple(dialect.NAME for dialect in recognised(source))
    record = read_span(span, logs)
    if record is None:
        return Reading(known, None, (), (), ())
    keys = tuple(source.attributes)
    fields = fields_of(record)
    without = {key: _fields_without(span, logs, (key,)) for key in keys}
    filled = tuple(
        Filled(field, value, _keys_of(field, value, keys, without, span, logs)) for field, value in fields.items()
    )
    kept = tuple(key for key in keys if key in record.attributes)
    read = {key for each in filled for key in each.keys}
    dropped = tuple((key, _rule(key, source)) for key in keys if key not in read and key not in kept)
    return Reading(known, record, filled, dropped, kept)


def fields_of(record: AISpan) -> Fields:
    """The fields of a record that are set."""
    return dict(_set_fields(record, ""))


def _set_fields(owner: Any, prefix: str) -> Iterable[tuple[str, Any]]:
    for name in owner.__slots__:
        value = getattr(owner, name)
        if (not prefix and name in _LEFT_OUT) or value is False or unset(value):
            continue
        if isinstance(value, _PARTS):
            yield from _set_fields(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], _PARTS):
            yield f"{prefix}{name}", [dict(_set_fields(each, "")) for each in value]
        else:
            yield f"{prefix}{name}", value


def _keys_of(
    field: str,
    value: Any,
    keys: tuple[str, ...],
    without: Mapping[str, Fields],
    span: ReadableSpan,
    logs: Sequence[Occurrence],
) -> tuple[str, ...]:
    needed = tuple(key for key in keys if without[key].get(field) != value)
    if needed or _fields_without(span, logs, keys).get(field) == value:
        return needed
    gone: list[str] = []  # several say the same: take away what can be taken away, the last written first
    for key in reversed(keys):
        if _fields_without(span, logs, (*gone, key)).get(field) == value:
            gone.append(key)
    return tuple(key for key in keys if key not in gone)


def _fields_without(span: ReadableSpan, logs: Sequence[Occurrence], keys: Sequence[str]) -> Fields:
    record = read_span(_copy_without(span, keys), logs, forced=True)
    return fields_of(record) if record is not None else {}


def _copy_without(span: ReadableSpan, keys: Sequence[str]) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={key: value for key, value in (span.attributes or {}).items() if key not in keys},
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _rule(key: str, source: Source) -> str:
    """Why an attribute filled nothing and is no custom property."""
    if key.startswith("$"):
        return "repeated" if is_documented(key) else "no input that PostHog documents"
    if key in source.shape.plumbing:
        return "plumbing of its dialect"
    namespace = namespace_of(key)
    if namespace is not None:
        return f"plumbing: {namespace}"
    if names_identity_only(key):
        return "names a user or a session, and nobody here"
    return "read, and said nothing new"
