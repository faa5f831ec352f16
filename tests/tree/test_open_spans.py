"""What begins is known at once, whichever thread asks, and pins nothing for long."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from unittest.mock import Mock

import pytest
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.trace import SpanContext

from otel_posthog_ai.tree.open_spans import OpenSpans

_tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")


def begin(open_spans: OpenSpans) -> Span:
    span = _tracer.start_span("begun")
    assert isinstance(span, Span)
    open_spans.add(span)
    return span


@pytest.mark.usefixtures("often_switched")
def test_whoever_begins_a_span_finds_it_while_others_begin_ask_and_sweep() -> None:
    open_spans = OpenSpans()
    done = Event()

    def begin_and_ask(_: int) -> bool:
        span = begin(open_spans)
        span_id = span.get_span_context().span_id
        found = open_spans.live(span_id) is span
        open_spans.remove(span_id)
        return found and open_spans.known(span_id) is None

    def sweep() -> None:
        while not done.is_set():
            open_spans.sweep()
            assert all(span.get_span_context().span_id == span_id for span_id, span in open_spans.but(()))

    with ThreadPoolExecutor(5) as threads:
        sweeping = threads.submit(sweep)
        found = list(threads.map(begin_and_ask, range(2_000)))
        done.set()
        sweeping.result()

    assert all(found)
    assert len(open_spans) == 0


def test_a_span_that_stays_open_is_not_kept_alive() -> None:
    open_spans = OpenSpans()
    span = begin(open_spans)
    span_id = span.get_span_context().span_id
    open_spans.sweep()
    assert open_spans.live(span_id) is span
    gone = weakref.ref(span)
    del span
    gc.collect()
    assert gone() is None
    assert open_spans.live(span_id) is None
    assert list(open_spans.but(())) == []


def test_what_a_collected_object_does_may_ask_while_what_begins_is_put_in_order() -> None:
    """The collector runs the end of any object in the middle of anything, in the same thread; a span stands for it."""
    open_spans = OpenSpans()
    first, last = begin(open_spans), Mock(spec=Span, end_time=None)
    context, asked = first.get_span_context(), list[object]()

    def ask() -> SpanContext:
        if not asked:
            asked.append(None)
            asked.append(open_spans.live(context.span_id))
        return SpanContext(context.trace_id, 7, is_remote=False)

    last.get_span_context.side_effect = ask
    open_spans.add(last)
    begin(open_spans)
    asking = Thread(target=open_spans.live, args=(7,), daemon=True)
    asking.start()
    asking.join(10)
    assert not asking.is_alive()
    assert asked == [None, first]
    assert open_spans.live(7) is last
    assert len(open_spans) == 3
