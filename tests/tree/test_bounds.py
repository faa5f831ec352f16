"""What is let in, what is noted of refusals, and how much of what began and ended is remembered."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, Span, TracerProvider
from opentelemetry.trace import SpanContext, SpanKind, set_span_in_context

from otel_posthog_ai.tree import ancestry, open_spans, refusals
from otel_posthog_ai.tree.admission import admit
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.open_spans import OpenSpans
from otel_posthog_ai.tree.refusals import Refusals
from tests.traced import AGENT

_tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")


def _span(name: str = "span", **given: Any) -> Span:
    span = _tracer.start_span(name, **given)
    assert isinstance(span, Span)
    return span


def _id(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.span_id


# ---- what is let in ------------------------------------------------------------------------------------------------


def _fails(_: object) -> bool:
    raise KeyError("own")


@pytest.mark.parametrize(
    ("attributes", "span_filter", "admitted", "user"),
    [
        (AGENT, None, True, None),
        ({}, None, False, None),
        ({"key": "value"}, None, False, None),
        ({"user.id": "u1"}, None, False, "u1"),
        ({**AGENT, "user.id": "u1"}, None, True, None),
        (AGENT, lambda _: False, False, None),
        ({"user.id": "u1"}, lambda _: False, False, "u1"),
        ({**AGENT, "user.id": "u1"}, lambda _: False, False, "u1"),
        ({}, lambda _: True, True, None),
        ({}, lambda span: span.name, True, None),
        ({}, _fails, True, None),
    ],
)
def test_who_is_for_posthog(
    attributes: dict[str, Any], span_filter: Any, admitted: bool, user: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert admit(_span(attributes=attributes), span_filter, sampled=False)[0] is False
    caplog.clear()
    found, identity = admit(_span(attributes=attributes), span_filter, sampled=True)
    assert found is admitted
    assert (identity.user if identity is not None else None) == user
    assert [record.getMessage() for record in caplog.records] == (
        ["span_filter failed (KeyError); the span is exported"] if span_filter is _fails else []
    )


# ---- refusals ------------------------------------------------------------------------------------------------------

NEW, OLD = "http.response.status_code", "http.status_code"


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([], None),
        ([{NEW: 429}], 429),
        ([{OLD: 429}], 429),
        ([{NEW: 503, OLD: 429}], 503),
        ([{NEW: 400}], 400),
        ([{NEW: 399}], None),
        ([{NEW: "429"}], None),
        ([{}], None),
        ([{NEW: 429}, {}], 429),
        ([{NEW: 429}, {NEW: 503}], 503),
        ([{NEW: 429}, {NEW: 399}], None),
        ([{NEW: 200}, {NEW: 429}], 429),
    ],
)
def test_the_last_request_below_a_call_says_whether_it_was_refused(
    answers: list[dict[str, Any]], status: int | None
) -> None:
    found, call, other = Refusals(), _span("call"), _span("another call")
    for parent, all_answers in ((other, [{NEW: 418}]), (call, answers)):
        for attributes in all_answers:
            found.answered(
                _span("POST", context=set_span_in_context(parent), kind=SpanKind.CLIENT, attributes=attributes)
            )
    assert (found.of(_id(call)), found.of(_id(other))) == (status, 418)


@pytest.mark.parametrize("kind", [kind for kind in SpanKind if kind is not SpanKind.CLIENT])
def test_what_a_server_answered_is_no_refusal(kind: SpanKind) -> None:
    found, call = Refusals(), _span("call")
    found.answered(_span("POST", context=set_span_in_context(call), kind=kind, attributes={NEW: 429}))
    found.answered(_span("POST", kind=SpanKind.CLIENT, attributes={NEW: 429}))  # below nothing
    assert found.of(_id(call)) is None


def test_refusals_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_REFUSED", 8)
    found, calls = Refusals(), [_span("call") for _ in range(20)]
    for call in calls:
        found.answered(_span("POST", context=set_span_in_context(call), kind=SpanKind.CLIENT, attributes={NEW: 429}))
    known = [found.of(_id(call)) for call in calls]
    assert (known[0], known[-1]) == (None, 429)
    assert 4 <= sum(status is not None for status in known) <= 8


# ---- what began and what ended -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "dropped", "left"), [(0, 4, {4}), (0, 5, {0, 1}), (2, 3, {2, 3}), (5, 0, {5})])
def test_who_is_held_by_nobody_is_forgotten_when_they_are_many(
    monkeypatch: pytest.MonkeyPatch, held: int, dropped: int, left: set[int]
) -> None:
    """But for the last one: whoever sweeps has it still in hand."""
    monkeypatch.setattr(open_spans, "SWEEP_EVERY", 4)
    opened, kept = OpenSpans(), [_span() for _ in range(held)]
    for span in kept:
        opened.add(span)
    for _ in range(dropped):
        opened.add(_span())
    opened.sweep()
    gc.collect()
    opened.sweep()
    assert len(opened) in left
    assert [span for _, span in opened.but(())] == kept


def test_of_the_open_spans_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_spans, "SWEEP_EVERY", 4)
    monkeypatch.setattr(open_spans, "MOST_OPEN", 8)
    opened, kept = OpenSpans(), [_span() for _ in range(20)]
    for span in kept:
        opened.add(span)
    assert len(opened) == 20
    opened.sweep()
    assert 4 <= len(opened) <= 8
    assert (opened.live(_id(kept[0])), opened.live(_id(kept[-1]))) == (None, kept[-1])


def test_an_end_that_is_not_noted_yet_keeps_the_span() -> None:
    """Its end is in a queue; until somebody has looked there, this is all that is known of it."""
    opened, span = OpenSpans(), _span()
    span_id = _id(span)
    opened.add(span)
    span.end()
    opened.sweep()
    del span
    gc.collect()
    assert opened.live(span_id) is not None
    opened.remove(span_id)
    assert opened.known(span_id) is None
    assert not opened


def test_who_sweeps_while_another_does_has_nothing_to_do() -> None:
    opened, span = OpenSpans(), _span()
    opened.add(span)
    with opened._sweeping:
        opened.sweep()
        assert len(opened._starting) == 1
    opened.sweep()
    assert len(opened._opened) == 1


def test_what_ended_is_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ancestry, "MOST_ENDED", 8)
    hierarchy = Hierarchy()
    assert not hierarchy.has_begun()
    spans = [_span() for _ in range(20)]
    for span in spans:
        hierarchy.open_spans.add(span)
        assert hierarchy.has_begun()
        assert hierarchy.saw_start(_id(span))
        context: SpanContext = span.get_span_context()
        hierarchy.finished(context.span_id, None, context.trace_id, None, False)
        hierarchy.sweep_if_due()
        assert hierarchy.saw_start(context.span_id)
        assert len(hierarchy.ended) <= 8
    assert not hierarchy.saw_start(_id(spans[0]))
    assert hierarchy.has_begun()
