"""The window: in whatever order lines come and wherever a replay stops, every span leaves, and none is missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext

from otel_posthog_ai.otlp.requests import Contents
from otel_posthog_ai.replay.files import Line
from otel_posthog_ai.replay.window import Window

SIZE = 10
Placed = list[tuple[int, int]]
"""Trace and span id of each line."""


def line(number: int, trace_id: int) -> Line:
    span = ReadableSpan("chat", SpanContext(trace_id, number + 1, False), start_time=number, end_time=number + 1)
    return Line(0, number * SIZE, (number + 1) * SIZE, Contents(spans=[span]))


def replay(
    traces: list[int], lines_held: int, start: int = 0, skipped: frozenset[int] = frozenset(), read: int = 0
) -> tuple[list[Placed], list[tuple[int, int, frozenset[int], int]]]:
    """The groups that left, and after each where a new run would begin: offset, read, delivered traces, groups."""
    window = Window(lines_held * SIZE, 1)
    window.start_at(0, start)
    groups: list[Placed] = []
    checkpoints: list[tuple[int, int, frozenset[int], int]] = []

    def leave(everything: bool) -> None:
        for group in window.leaving(everything=everything):
            groups.append([(held.trace_id, span.get_span_context().span_id) for held in group for span in held.spans])
            offsets = window.resume_offsets()
            delivered = frozenset(window.left_behind(offsets))
            checkpoints.append((offsets[0], window.read_offsets()[0], delivered, len(groups)))

    for number in range(start // SIZE, len(traces)):
        here = line(number, traces[number])
        window.add(here, skipped if here.start < read else ())
        if window.is_full:
            leave(everything=False)
    leave(everything=True)
    return groups, checkpoints


def spans(groups: list[Placed]) -> list[tuple[int, int]]:
    return [span for group in groups for span in group]


@given(st.lists(st.integers(1, 8), max_size=60), st.integers(1, 30))
def test_every_span_leaves_once(traces: list[int], lines_held: int) -> None:
    groups, _ = replay(traces, lines_held)
    assert sorted(spans(groups)) == sorted((trace, number + 1) for number, trace in enumerate(traces))


@given(st.lists(st.integers(1, 8), max_size=60), st.integers(1, 30), st.data())
def test_a_run_that_stopped_anywhere_is_continued_without_loss(
    traces: list[int], lines_held: int, data: st.DataObject
) -> None:
    groups, checkpoints = replay(traces, lines_held)
    if not checkpoints:
        return
    offset, read, delivered, sent = data.draw(st.sampled_from(checkpoints))
    again, _ = replay(traces, lines_held, offset, delivered, read)
    first = spans(groups[:sent])
    assert set(first) | set(spans(again)) == set(spans(groups))
    assert not set(first) & set(spans(again))  # what was delivered is not placed anew without the rest of its trace


@given(st.lists(st.integers(1, 50), max_size=200), st.integers(1, 20))
def test_it_holds_no_more_than_its_size(traces: list[int], lines_held: int) -> None:
    window = Window(lines_held * SIZE, 1)
    for number, trace in enumerate(traces):
        window.add(line(number, trace))
        if window.is_full:
            list(window.leaving())
        assert not window.is_full
