"""Whatever is told of a story, by whom and in whatever order: each call counts once, with its tokens, for its user.

Made-up runs, as many as hypothesis is asked for, through the processor, the exporter, and what replay and gateway use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from otel_posthog_ai.context import entries
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.reading_room import ReadingRoom
from otel_posthog_ai.work.whole_traces import WholeTraces
from tests.stages import Stages, provider_of
from tests.traced import assert_sound

from .story import MILLISECONDS, Span, Story

_TICK = MILLISECONDS * 1_000_000
_BEGAN = 1_795_000_000_000_000_000
_SETTINGS = resolve({"api_key": "phc_story"}, environ={})
Events = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _nobody_was_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a private context was entered in a process, the exporter leaves content out of what it did not see begin."""
    monkeypatch.setattr(entries, "_entered", set())


def tell(story: Story, provider: TracerProvider) -> Iterator[None]:
    """Start and end the spans, one after another."""
    made: dict[Span, trace.Span] = {}
    for ticks, span, ends in story.moments:
        at = _BEGAN + ticks * _TICK
        if not ends:
            above = Context() if span.parent is None else trace.set_span_in_context(made[span.parent], Context())
            tracer = provider.get_tracer(span.scope)
            made[span] = tracer.start_span(span.name, above, attributes=span.said, start_time=at)
        else:
            if span.failed:
                made[span].set_status(StatusCode.ERROR, "Error code: 429 - slow down")
            made[span].end(at)
        yield


def by_the_processor(story: Story, random: Random, *, flushes: bool = False) -> Events:
    """With a worker that reads, and lets go of what need not wait, at any moment."""
    stages = Stages()
    turns: list[Callable[[], object]] = [
        stages.queue_ended, stages.queue_batch, stages.read_queued, stages.second_passes,
        lambda: stages.release(everything=False),
    ]  # fmt: skip
    for _ in tell(story, provider_of(stages)):
        if random.random() < 0.5:
            random.choice(turns)()
        if flushes and random.random() < 0.1:
            stages.leave()
    stages.leave()
    return stages.events


def _ended(story: Story) -> list[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for _ in tell(story, provider):
        pass
    return list(memory.get_finished_spans())


def by_the_exporter(story: Story, random: Random) -> Events:
    """As one batch of the SDK's processor."""
    room = ReadingRoom(_SETTINGS, Counters(), patient=False)
    room.add([span for span in _ended(story) if room.note_end(span)], lambda _: ())
    return [decode(event) for event in room.release(everything=True)]


def by_replay(story: Story, random: Random) -> Events:
    """As whole traces, in any order; the gateway does the same."""
    spans = _ended(story)
    random.shuffle(spans)
    return [decode(event) for event in WholeTraces(_SETTINGS, Counters()).events(spans, lambda _: ())]


Row = tuple[bool, int | None, int | None, str]
"""Of one call: whether it embeds, its tokens in and out, and its user."""


def _happened(story: Story) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for call in story.calls:
        tokens = (None, None) if call.failed else (call.input_tokens, None if call.embeds else call.output_tokens)
        rows[(call.embeds, *tokens, story.users[call.number])] += 1
    return rows


def _arrived(events: Events) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for event in events:
        said = event["properties"]
        if event["event"] in ("$ai_generation", "$ai_embedding"):
            tokens = said.get("$ai_input_tokens"), said.get("$ai_output_tokens")
            rows[(event["event"] == "$ai_embedding", *tokens, event["distinct_id"])] += 1
        else:
            assert not {"$ai_input_tokens", "$ai_output_tokens"} & set(said), "a step counts nothing"
    return rows


def _tools(events: Events) -> list[str]:
    return sorted(
        event["properties"]["$ai_span_name"]
        for event in events
        if event["event"] == "$ai_span" and event["properties"].get("$ai_span_type") == "tool"
    )


def _assert_each_once(events: Events) -> None:
    assert_sound(events)
    assert len({event["uuid"] for event in events}) == len(events)


@pytest.mark.parametrize("door", [by_the_processor, by_the_exporter, by_replay])
@settings(max_examples=120, derandomize=True, database=None)
@given(random=st.randoms(use_true_random=False))
def test_each_call_counts_once_for_its_user(door: Callable[[Story, Random], Events], random: Random) -> None:
    story = Story(random)
    events = door(story, random)
    assert _arrived(events) == _happened(story)
    assert _tools(events) == sorted(story.tools)
    _assert_each_once(events)
    for event in events:
        if event["event"] == "$ai_trace":
            assert {"$ai_input_state", "$ai_output_state"} <= set(event["properties"])


@settings(max_examples=120, derandomize=True, database=None)
@given(random=st.randoms(use_true_random=False))
def test_a_flush_in_the_middle_of_a_call_counts_it_once(random: Random) -> None:
    """What only one report knows may be lost with it, and who was above; the call is not, and it is no second one."""
    story = Story(random)
    events = by_the_processor(story, random, flushes=True)
    assert sum(_arrived(events).values()) == len(story.calls)
    assert set(_tools(events)) == set(story.tools)
    _assert_each_once(events)
