"""From a span to what it says: who of the registry recognises it, and what those read."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.reading.conclusion import conclude
from otel_posthog_ai.reading.failures import read_failure
from otel_posthog_ai.reading.identity import may_name_anybody, read_identity
from otel_posthog_ai.reading.leftovers import collect
from otel_posthog_ai.reading.own_words import name_model
from otel_posthog_ai.reading.plumbing import is_namespace
from otel_posthog_ai.reading.source import LoggedSpan, Occurrence, Shape, Source, one_of_each_form
from otel_posthog_ai.record import AISpan

from . import DECLARED, Dialect, load, recognises
from .annotations import annotations_of

_KEYS_OF_ITS_OWN: dict[str, frozenset[str]] = {
    each.name: frozenset(entry for entry in each.plumbing if not is_namespace(entry)) for each in DECLARED
}


def read_span(span: ReadableSpan, logs: Iterable[Occurrence] = (), *, forced: bool = False) -> AISpan | None:
    """What `span` (with the log records that belong to it) says; None when it is no AI span and not `forced`.

    Raises whatever a fault in a dialect raises: the caller counts the span as lost and goes on with the next.
    """
    source = Source(span, logs)
    known = recognised(source)
    if not known and not forced:
        return None
    record = blank_record(span, source)
    record.dialect = known[0].NAME if known else ""
    for dialect in known:
        dialect.read(record, source)
    for annotate in source.shape.once(annotations_of):
        annotate(record, source)
    name_model(record, source)
    read_failure(record, source)
    _read_stream_end(record, source)
    identity = read_identity(source.attributes) if source.shape.once(may_name_anybody) else None
    if identity is not None:
        record.identity.complete(identity)
    conclude(record)
    collect(record, source)
    return record


_MOST_SHAPES = 1_000
_LONGEST_NAME = 200
_MOST_KEYS = 128
"""More are a history that is flattened into attributes: every call of it has keys of its own."""
_Known = tuple[tuple[Dialect, ...], Shape]
_shapes: dict[tuple[object, ...], _Known] = {}


def recognised(source: Source) -> tuple[Dialect, ...]:
    """The dialects that recognise a span, remembered by all that they may go by: an app has few shapes of spans.

    The source learns its shape here.
    """
    attributes = source.attributes
    if len(attributes) > _MOST_KEYS:
        known = _known_by_forms(source)
    else:
        shape = (source.scope, source.name, *attributes, *map(type, attributes.values()))
        found = _shapes.get(shape)
        known = found if found is not None else _remember(source, shape, _known_by_forms(source))
    dialects, source.shape = known
    if dialects and dialects[-1].NAME == "unlisted_vendors":
        from . import unlisted_vendors  # it is loaded by now

        if not unlisted_vendors.confirms(source, is_ai=len(dialects) > 1):
            return dialects[:-1]
    return dialects


def _known_by_forms(source: Source) -> _Known:
    """The same of a span whose very keys are not remembered: a flattened list in it may only be longer than before."""
    attributes = source.attributes
    keys = one_of_each_form(attributes)
    shape = (source.scope, source.name, *keys, *(type(attributes[key]) for key in keys))
    known = _shapes.get(shape)
    if known is not None:
        return known
    dialects = tuple(load(each.name) for each in DECLARED if recognises(each, source))
    plumbing = [_KEYS_OF_ITS_OWN[dialect.NAME] for dialect in dialects]
    known = dialects, Shape(keys, frozenset().union(*plumbing))
    return _remember(source, shape, known) if len(keys) <= _MOST_KEYS else known


def _remember(source: Source, shape: tuple[object, ...], known: _Known) -> _Known:
    if len(_shapes) >= _MOST_SHAPES:
        _shapes.clear()
    if len(source.name) <= _LONGEST_NAME:
        _shapes[shape] = known
    return known


def blank_record(span: ReadableSpan, source: Source) -> AISpan:
    """The record with what every span has."""
    context = span.get_span_context()
    parent = span.parent
    parent_id = parent.span_id if parent is not None else 0
    start = span.start_time or span.end_time or 0
    record = AISpan(
        trace_id=f"{context.trace_id:032x}" if context is not None else "0" * 32,
        span_id=f"{context.span_id:016x}" if context is not None else "0" * 16,
        parent_id=f"{parent_id:016x}" if parent_id else None,
        start_ns=start,
        end_ns=max(span.end_time or start, start),
        span_name=source.name,
        scope=source.scope,
        scope_version=source.scope_version,
    )
    record.logged = isinstance(span, LoggedSpan)
    return record


def _read_stream_end(record: AISpan, source: Source) -> None:
    """A stream that still noted something after the end of its span was only handed out at that end."""
    if record.kind != "generation" or not record.stream or not source.events:
        return
    last = max(event.time_ns for event in source.events)
    if last > record.end_ns:
        record.spoke_until_ns = last
