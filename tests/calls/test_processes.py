"""Calls of several services in one stream: two instrumentors that report one call share a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai.calls.comparing import TOLERANCE_NS
from otel_posthog_ai.calls.timeline import Timeline
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.whole_traces import WholeTraces
from tests.stages import Stages
from tests.traced import CHAT, assert_nothing_failed

FRAMEWORK, CLIENT = "opentelemetry.instrumentation.genai.langchain", "opentelemetry.instrumentation.genai.openai"
SECOND = 1_000_000_000


def call(trace: int, scope: str, start: float, end: float, resource: Mapping[str, Any], **said: Any) -> ReadableSpan:
    return ReadableSpan(
        name="chat gpt-4o-mini",
        context=SpanContext(trace, trace, False, TraceFlags(TraceFlags.SAMPLED)),
        resource=Resource(dict(resource)),
        attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", **said},
        start_time=int(start * SECOND),
        end_time=int(end * SECOND),
        instrumentation_scope=InstrumentationScope(scope),
    )


def generations(*batches: list[ReadableSpan]) -> int:
    counters = Counters()
    whole = WholeTraces(resolve({"api_key": "phc_x"}, environ={}), counters)
    events = [event for batch in batches for event in whole.events(batch, lambda _: ())]
    assert_nothing_failed(counters.snapshot())
    return sum(event.name == "$ai_generation" for event in events)


SHOP, CHECKOUT = {"service.instance.id": "a"}, {"service.instance.id": "b"}


@pytest.mark.parametrize("apart", [False, True], ids=["together", "one has left"])
@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (SHOP, SHOP, 1),
        (SHOP, CHECKOUT, 2),
        ({"host.name": "web-1", "process.pid": 7}, {"host.name": "web-1", "process.pid": 8}, 2),
        ({"telemetry.sdk.language": "nodejs"}, {"telemetry.sdk.language": "python"}, 2),
        ({"service.name": "app", **SHOP}, {"service.name": "its own provider", **SHOP, "process.pid": 7}, 1),
        ({}, SHOP, 1),
        ({"host.name": ("no", "text")}, {"host.name": "web-1"}, 1),
    ],
)
def test_calls_that_may_be_one(outer: dict[str, Any], inner: dict[str, Any], expected: int, apart: bool) -> None:
    spans = [call(2, CLIENT, 1.1, 1.9, inner), call(1, FRAMEWORK, 1.0, 2.0, outer)]
    batches = [[span] for span in spans] if apart else [spans]
    # Of two halves of which one has left, the outer stays as a step: no second generation either way.
    assert generations(*batches) == expected


@pytest.mark.parametrize("apart", [False, True], ids=["together", "one has left"])
@pytest.mark.parametrize(("answers", "expected"), [(("r1", "r1"), 1), (("r1", "r2"), 2)])
def test_one_answer_that_two_processes_report(answers: tuple[str, str], expected: int, apart: bool) -> None:
    """A client and the gateway that it asked, each in a trace of its own."""
    spans = [
        call(2, CLIENT, 1.1, 1.9, CHECKOUT, **{"gen_ai.response.id": answers[1]}),
        call(1, FRAMEWORK, 1.0, 2.0, SHOP, **{"gen_ai.response.id": answers[0]}),
    ]
    assert generations(*([span] for span in spans) if apart else [spans]) == expected


def test_providers_of_this_process_are_of_one_process_whatever_their_resources_say() -> None:
    stages = Stages()
    for scope, instance, start, end in ((FRAMEWORK, "a", 1.0, 2.0), (CLIENT, "b", 1.1, 1.9)):
        provider = TracerProvider(resource=Resource({"service.instance.id": instance}), shutdown_on_exit=False)
        provider.add_span_processor(stages)
        span = provider.get_tracer(scope).start_span("chat", attributes=CHAT, start_time=int(start * SECOND))
        span.end(int(end * SECOND))
    stages.leave()
    assert len(stages.events) == 1


_TIMES = st.integers(0, 40).map(lambda time: time * TOLERANCE_NS // 4)
_INTERVALS = st.tuples(_TIMES, _TIMES).map(sorted)


@given(st.lists(_INTERVALS, max_size=12), st.sets(st.integers(0, 11)), _INTERVALS)
def test_a_timeline_finds_what_touches_and_nothing_that_was_removed(
    entered: list[list[int]], removed: set[int], asked: list[int]
) -> None:
    line = Timeline()
    for number, (start, until) in enumerate(entered):
        line.add(number, start, until)
    for number in removed & set(range(len(entered))):
        line.remove(number)
    touching = {
        number
        for number, (start, until) in enumerate(entered)
        if number not in removed and start - TOLERANCE_NS <= asked[1] and asked[0] <= until + TOLERANCE_NS
    }
    assert set(line.touching(*asked)) == touching
