"""Vendors that nobody wrote a table for, and apps that write their calls down by hand, by the words of their keys:
`acme.span.type`, `acme.input`, `acme.user_id`; `llm.model`, `llm.tokens.prompt`.
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import stated_by
from otel_posthog_ai.reading.own_words import own_words_in, told_by
from otel_posthog_ai.reading.scopes import is_plain_scope
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import conversation, identifier
from otel_posthog_ai.reading.vendor_spans import read_belonging, read_data, read_vendor_span
from otel_posthog_ai.reading.vendor_words import belongings_in, data_in, says_a_step, vendors_in
from otel_posthog_ai.record import AISpan, is_call, is_counted

NAME = "unlisted_vendors"
PREFIXES = ()
SIGNS = Signs(words=True)


def recognises(source: Source) -> bool:
    return not is_plain_scope(source.scope)


def confirms(source: Source, *, is_ai: bool) -> bool:
    """Whether the values are such a vendor's, or say the same in words of one's own."""
    attributes, failed = source.attributes, source.status_error
    return any(says_a_step(vendor, attributes, is_ai=is_ai) for vendor in source.shape.once(vendors_in)) or any(
        told_by(own, attributes, failed=failed) is not None for own in source.shape.once(own_words_in)
    )


def read(record: AISpan, source: Source) -> None:
    for vendor in source.shape.once(vendors_in):
        if says_a_step(vendor, source.attributes, is_ai=True):
            read_vendor_span(record, source, vendor)
        elif any(stated_by(source.attributes.get(key)) is not None for key in vendor.kind):
            source.used.update(vendor.kind)  # says what the convention of another has said
    for own in source.shape.once(own_words_in):
        is_open = record.kind == "span" and record.span_type is None
        told = told_by(own, source.attributes, failed=source.status_error)
        if told is not None and (is_open or _is_uncounted(record)):
            source.used.update(own.keys.kind)
            read_vendor_span(record, source, own.keys, told)
            record.may_be_sum = record.may_be_sum or (is_open and is_call(record))


def _is_uncounted(record: AISpan) -> bool:
    """A call that no other convention has counted."""
    return is_call(record) and not is_counted(record)


def annotate(record: AISpan, source: Source) -> None:
    """What such words say on a span of any convention."""
    _read_whose(record, source)
    _read_data_of_its_own(record, source)


def _read_whose(record: AISpan, source: Source) -> None:
    """For whom a span of any convention runs, where a vendor's processor or the app has put it in its own words."""
    identity, attributes = record.identity, source.attributes
    for keys, firm in source.shape.once(belongings_in):
        if firm:
            read_belonging(record, source, keys)
            continue
        for key in keys.user:
            identity.incidental_user = identity.incidental_user or identifier(attributes.get(key))
        for key in keys.session:
            identity.incidental_session = identity.incidental_session or conversation(attributes.get(key))


def _read_data_of_its_own(record: AISpan, source: Source) -> None:
    """What an instrumentor keeps in the namespace that is called as its scope, where the conventions say the rest."""
    scope = source.scope.lower().replace("-", "_")
    for space, keys in source.shape.once(data_in):
        if scope == space or scope.startswith((f"{space}.", f"{space}_")):
            read_data(record, source, keys)
