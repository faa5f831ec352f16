"""What the processors of one project share, and when it ends."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.agent_logs.entry import agent_entry
from otel_posthog_ai.reading.content_events import EVALUATION
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.settings import Settings, resolve
from otel_posthog_ai.work.pipeline import Pipeline, shared_pipeline
from otel_posthog_ai.work.sorting import Sorter
from tests.receiver import Receiver
from tests.traced import CHAT

LONG = 60.0


class Member:
    """A processor without its doors."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.sorter = Sorter(pipeline.settings, pipeline.room, pipeline.counters, wake=pipeline.wake)
        self.provider = TracerProvider(shutdown_on_exit=False)
        pipeline.join(self)

    def sort_out(self) -> None:
        self.sorter.sort_out()

    def call(self, name: str = "chat") -> Any:
        span = self.provider.get_tracer("app").start_span(name, attributes=CHAT)
        span.end()
        self.sorter.add(span)  # type: ignore[arg-type]
        return span


def settings_of(receiver: Receiver, **options: Any) -> Settings:
    given = {"api_key": "phc_pipe", "host": receiver.url, "flush_interval_millis": 600_000, **options}
    return resolve(given, environ={})


def soon() -> float:
    return time.monotonic() + LONG


@pytest.fixture
def pipeline(receiver: Receiver) -> Iterator[Pipeline]:
    made = shared_pipeline(settings_of(receiver))
    member = Member(made)
    yield made
    if not made.closed:
        made.leave(member, soon())


def names(receiver: Receiver) -> list[str]:
    return [event["properties"].get("$ai_span_name", event["event"]) for event in receiver.events]


def test_those_with_the_same_settings_share_one(receiver: Receiver) -> None:
    first = shared_pipeline(settings_of(receiver))
    other = shared_pipeline(settings_of(receiver, flush_at=7))
    assert shared_pipeline(settings_of(receiver)) is first
    assert other is not first
    members = [Member(first), Member(other)]
    first.leave(members[0], soon())
    assert first.closed
    again = shared_pipeline(settings_of(receiver))
    assert again is not first
    assert shared_pipeline(settings_of(receiver, flush_at=7)) is other
    other.leave(members[1], soon())
    again.leave(Member(again), soon())


def test_with_the_last_processor_everything_is_sent(receiver: Receiver) -> None:
    pipeline = shared_pipeline(settings_of(receiver))
    first, second = Member(pipeline), Member(pipeline)
    first.call("first")
    pipeline.leave(first, soon())
    assert (names(receiver), pipeline.closed) == (["first"], False)
    first.call("of nobody any more")
    second.call("second")
    assert pipeline.flush(soon())
    assert names(receiver) == ["first", "second"]
    second.call("third")
    pipeline.leave(second, soon())
    assert (names(receiver), pipeline.closed) == (["first", "second", "third"], True)
    assert pipeline.status()["held"] == 0


def test_processors_that_leave_at_once_are_each_delivered(receiver: Receiver) -> None:
    """Neither of two waits for the other: the second one closes what the first has said to leave."""
    pipeline = shared_pipeline(settings_of(receiver))
    members = [Member(pipeline) for _ in range(3)]
    for number, member in enumerate(members):
        member.call(f"call {number}")
        pipeline.leave(member, soon())
        assert pipeline.closed is (number == 2)
    assert names(receiver) == [f"call {number}" for number in range(3)]


def test_what_one_has_no_time_to_read_before_it_leaves_is_read_while_others_stay(receiver: Receiver) -> None:
    pipeline = shared_pipeline(settings_of(receiver))
    stays, leaves = Member(pipeline), Member(pipeline)
    for number in range(3):
        leaves.call(f"chat {number}")
    pipeline.leave(leaves, time.monotonic())
    assert pipeline.flush(soon())
    assert sorted(names(receiver)) == ["chat 0", "chat 1", "chat 2"]
    assert leaves.sorter.queued == 0
    pipeline.leave(stays, soon())
    assert pipeline.closed


def test_a_processor_that_took_nothing_goes_without_a_word(receiver: Receiver) -> None:
    pipeline = shared_pipeline(settings_of(receiver))
    first, second = Member(pipeline), Member(pipeline)
    pipeline.dismiss(first)
    assert not pipeline.closed
    second.call()
    assert pipeline.flush(soon())
    pipeline.dismiss(second)
    assert pipeline.closed
    assert names(receiver) == ["chat"]


def test_what_is_ready_is_sent_as_it_is(pipeline: Pipeline, receiver: Receiver) -> None:
    event = {"event": "$ai_metric", "distinct_id": "u", "properties": {"$ai_trace_id": "t"}}
    assert pipeline.send([event])
    assert not pipeline.send([])
    assert pipeline.flush(soon())
    assert names(receiver) == ["$ai_metric"]


def result() -> Occurrence:
    return Occurrence(EVALUATION, {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 1.0})


def test_a_result_belongs_to_its_open_span_or_waits_for_the_event(pipeline: Pipeline) -> None:
    span = TracerProvider(shutdown_on_exit=False).get_tracer("app").start_span("chat", attributes=CHAT)
    context = span.get_span_context()
    pipeline.hierarchy.open_spans.add(span)  # type: ignore[arg-type]
    pipeline.join_log(context.trace_id, context.span_id, result(), "judge")
    assert len(pipeline.results) == 0
    assert len(list(pipeline.logs.of(span))) == 1  # type: ignore[arg-type]
    pipeline.join_log(context.trace_id, context.span_id + 1, result(), "judge")
    assert len(pipeline.results) == 1
    pipeline.join_log(context.trace_id, context.span_id + 1, Occurrence("gen_ai.choice", {}, None, 1), "app")
    assert len(pipeline.results) == 1, "only results wait for what has left"


def test_a_result_that_comes_after_its_call_is_sent(receiver: Receiver) -> None:
    pipeline = shared_pipeline(settings_of(receiver))
    member = Member(pipeline)
    span_id = member.call().get_span_context().span_id
    assert pipeline.flush(soon())
    pipeline.join_log(1, span_id, result(), "judge")
    assert pipeline.flush(soon())
    assert [event["event"] for event in receiver.events] == ["$ai_generation", "$ai_metric"]
    pipeline.leave(member, soon())


def test_records_of_an_agent_leave_when_it_is_quiet_or_at_a_flush(pipeline: Pipeline, receiver: Receiver) -> None:
    said = {"session.id": "s", "event.name": "api_request", "model": "claude-sonnet-4-5", "input_tokens": 3}
    scope = "com.anthropic.claude_code.events"
    entry = agent_entry(0, scope, None, Resource({}), Occurrence("claude_code.api_request", said, None, 10**18))
    assert entry is not None
    pipeline.join_agent(entry)
    pipeline._release()
    assert (len(pipeline.agents), receiver.events) == (1, []), "its conversation may go on"
    assert pipeline.flush(soon())
    assert len(pipeline.agents) == 0
    assert [event["event"] for event in receiver.events].count("$ai_generation") == 1
    assert pipeline.counters.snapshot()["seen"] == 1


@pytest.mark.parametrize("flush_at", [1, 1_000])
def test_what_has_ended_leaves_by_itself(receiver: Receiver, flush_at: int) -> None:
    """As soon as it is many, else when it has waited for the interval; nobody asks for it."""
    processor = PostHogSpanProcessor(api_key="phc_pipe", host=receiver.url, flush_at=flush_at,
                                     flush_interval_millis=100 if flush_at > 1 else 600_000)  # fmt: skip
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    provider.get_tracer("app").start_span("chat", attributes=CHAT).end()
    until = soon()
    while not processor.status()["queued"] and time.monotonic() < until:
        time.sleep(0.01)
    found = processor.status()["queued"]
    processor.shutdown()
    assert found == 1


def test_nothing_keeps_a_pipeline_alive_that_nobody_has(receiver: Receiver) -> None:
    pipeline = shared_pipeline(settings_of(receiver))
    pipeline.leave(Member(pipeline), soon())
    reference = weakref.ref(pipeline)
    catch_up = pipeline.hierarchy.catch_up
    del pipeline
    until = soon()
    while reference() is not None and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    assert reference() is None
    catch_up()  # what looks for ended spans finds nobody, and says nothing
