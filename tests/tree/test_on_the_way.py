"""A span that has ended counts as an ancestor while the worker has not read it: the queue is part of the way."""

from __future__ import annotations

import gc

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import set_span_in_context

from tests.stages import Stages
from tests.traced import AGENT

INNER = {**AGENT, "gen_ai.agent.name": "inner"}


@pytest.mark.parametrize("told", ["at its start", "at its end"])
def test_a_parent_that_has_ended_and_is_not_read_yet_stays_the_parent(
    stages: Stages, provider: TracerProvider, told: str
) -> None:
    tracer = provider.get_tracer("tests")
    agent = tracer.start_span("agent", attributes=AGENT if told == "at its start" else {})
    tracer.start_span("inner", set_span_in_context(agent), attributes=INNER).end()
    stages.queue_ended()
    stages.read_queued()
    agent.set_attributes(AGENT)
    agent.end()
    stages.queue_ended()
    stages.release()
    stages.read_queued()
    stages.release()

    placed = {event["event"]: event["properties"] for event in stages.events}
    trace_id, span_id = (f"{agent.get_span_context().trace_id:032x}", f"{agent.get_span_context().span_id:016x}")
    assert placed.keys() == {"$ai_span", "$ai_trace"}
    assert placed["$ai_trace"]["$ai_span_id"] == span_id
    assert placed["$ai_span"]["$ai_parent_id"] in (trace_id, span_id)


def test_the_root_that_began_first_is_the_root_though_it_is_read_last(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("tests")
    server = set_span_in_context(provider.get_tracer("opentelemetry.instrumentation.fastapi").start_span("POST /ask"))
    first = tracer.start_span("first", server, attributes=AGENT)
    tracer.start_span("second", server, attributes=AGENT).end()
    stages.queue_ended()
    stages.read_queued()
    first.end()
    stages.queue_ended()
    stages.release()
    stages.read_queued()
    stages.release()

    roots = [event for event in stages.events if event["event"] == "$ai_trace"]
    assert [root["properties"]["$ai_span_id"] for root in roots] == [f"{first.get_span_context().span_id:016x}"]


@pytest.mark.parametrize("everything", [True, False])
def test_a_parent_that_ended_this_moment_stays_the_parent(
    stages: Stages, provider: TracerProvider, everything: bool
) -> None:
    """The app has let go of the span, and what the processor got is a copy that nobody has looked at yet."""
    tracer = provider.get_tracer("tests")
    agent = tracer.start_span("agent", attributes=AGENT)
    span_id = f"{agent.get_span_context().span_id:016x}"
    stages.second_passes()
    tracer.start_span("inner", set_span_in_context(agent), attributes=INNER).end()
    stages.queue_ended()
    stages.read_queued()
    agent.end()
    del agent
    gc.collect()
    stages.release(everything=everything)
    stages.read_queued()
    stages.release()

    roots = [event for event in stages.events if event["event"] == "$ai_trace"]
    assert [root["properties"]["$ai_span_id"] for root in roots] == [span_id]
    assert len(stages.events) == 2


def test_the_user_of_a_request_that_ended_this_moment_is_known(stages: Stages, provider: TracerProvider) -> None:
    request = provider.get_tracer("opentelemetry.instrumentation.fastapi").start_span("POST /ask")
    stages.second_passes()
    provider.get_tracer("tests").start_span("agent", set_span_in_context(request), attributes=AGENT).end()
    stages.queue_ended()
    stages.read_queued()
    request.set_attribute("user.id", "user-7")
    request.end()
    del request
    gc.collect()
    stages.release()

    assert [event["distinct_id"] for event in stages.events] == ["user-7"]
