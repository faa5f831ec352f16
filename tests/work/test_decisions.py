"""What waits, for whom, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai.reading.content_events import CHOICE, EVALUATION
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.work import held_logs, late_results
from otel_posthog_ai.work.held_logs import HeldLogs
from otel_posthog_ai.work.late_results import LateResults
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, TOOL

CHAIN = {"traceloop.span.kind": "task", "traceloop.entity.name": "step"}


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass."""
    moment = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])

    def later(seconds: float) -> None:
        moment[0] += seconds

    return later


# What is open around -> what has ended inside -> whether it waits.
WAITS = [
    pytest.param({}, CHAT, True, id="nobody can tell yet what is around"),
    pytest.param(AGENT, CHAT, False, id="a call in an agent"),
    pytest.param(AGENT, TOOL, False, id="a tool in an agent"),
    pytest.param(TOOL, TOOL, True, id="a tool in a tool may be one execution"),
    pytest.param(TOOL, CHAT, False, id="a call in a tool"),
    pytest.param(CHAT, TOOL, False, id="a tool in a call"),
    pytest.param({"http.request.method": "GET", **AGENT}, AGENT, False, id="an agent in an agent"),
]


@pytest.mark.parametrize(("around", "inside", "waits"), WAITS)
def test_what_has_ended_waits_only_for_what_could_change_it(
    stages: Stages, provider: TracerProvider, around: dict[str, Any], inside: dict[str, Any], waits: bool
) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("around", attributes=around):
        tracer.start_span("inside", attributes=inside).end()
        stages.leave(everything=False)
        assert (stages.events == []) is waits
        assert stages.room.held == int(waits)


@pytest.mark.parametrize(("its_like", "waits"), [(None, True), (AGENT, False), (CHAT, True)])
def test_what_an_open_span_will_be_is_told_by_its_like(
    stages: Stages, provider: TracerProvider, its_like: dict[str, Any] | None, waits: bool
) -> None:
    """Spans of one scope and name become the same."""
    framework = provider.get_tracer("framework")
    if its_like is not None:
        framework.start_span("around", Context(), attributes=its_like).end()
    framework.start_span("another name", Context(), attributes=AGENT if waits else CHAT).end()
    stages.leave()
    stages.events.clear()
    with framework.start_as_current_span("around"):
        provider.get_tracer("client").start_span("inside", attributes=CHAT).end()
        stages.leave(everything=False)
        assert (stages.events == []) is waits


def test_a_call_waits_for_the_call_of_another_instrumentor_around_it(stages: Stages, provider: TracerProvider) -> None:
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=CHAT):
        provider.get_tracer("client").start_span("client", attributes=CHAT).end()
        assert stages.leave(everything=False) == []
    assert stages.leave(everything=False) == ["framework"]


def test_a_call_waits_for_what_is_around_it_also_once_that_has_ended(stages: Stages, provider: TracerProvider) -> None:
    """Until the worker has read it, nobody can tell what it is."""
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=CHAT):
        provider.get_tracer("client").start_span("client", attributes=CHAT).end()
        assert stages.leave(everything=False) == []
    stages.queue_ended()
    stages.release(everything=False)
    assert stages.room.held == 1
    assert stages.leave(everything=False) == ["framework"]


def test_a_call_does_not_wait_for_a_call_of_its_own_scope(stages: Stages, provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("outer", attributes=CHAT):
        tracer.start_span("inner", attributes=CHAT).end()
        assert stages.leave(everything=False) == ["inner"]


def test_without_deduplication_no_call_waits_for_another() -> None:
    stages = Stages(deduplicate=False)
    provider = provider_of(stages)
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=CHAT):
        provider.get_tracer("client").start_span("client", attributes=CHAT).end()
        assert stages.leave(everything=False) == ["client"]


def test_a_parentless_call_waits_for_an_open_call_of_another_trace(stages: Stages, provider: TracerProvider) -> None:
    outer = provider.get_tracer("framework").start_span("framework", attributes=CHAT)
    provider.get_tracer("client").start_span("client", attributes=CHAT).end()
    assert stages.leave(everything=False) == []
    outer.end()
    assert stages.leave(everything=False) == ["framework"]


def test_nothing_waits_longer_than_the_flush_interval(passes: Callable[[float], None]) -> None:
    stages = Stages(flush_interval_millis=5_000)
    tracer = provider_of(stages).get_tracer("app")
    with tracer.start_as_current_span("around"):
        tracer.start_span("chat", attributes=CHAT).end()
        assert stages.leave(everything=False) == []
        passes(4.9)
        assert stages.leave(everything=False) == []
        passes(0.2)
        assert stages.leave(everything=False) == ["chat"]


# ---- results and records that come apart from their span -----------------------------------------------------------


def _result() -> Occurrence:
    return Occurrence(EVALUATION, {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 1.0})


def test_a_late_result_waits_for_its_call_and_not_for_ever(passes: Callable[[float], None]) -> None:
    results = LateResults()
    results.add(7, _result())
    assert list(results.due(lambda span_id, answer: None)) == []
    passes(late_results.LONGEST_WAIT - 1)
    assert list(results.due(lambda span_id, answer: None)) == []
    assert len(results) == 1
    passes(2)
    assert list(results.due(lambda span_id, answer: None)) == []
    assert len(results) == 0


def test_a_late_result_is_given_out_once() -> None:
    results = LateResults()
    results.add(7, _result())
    call: Any = object()
    assert [found for found, _ in results.due(lambda span_id, answer: call if span_id == 7 else None)] == [call]
    assert len(results) == 0


def _ended(provider: TracerProvider) -> Any:
    span = provider.get_tracer("app").start_span("chat", context=trace.set_span_in_context(trace.INVALID_SPAN))
    span.end()
    return span


def test_a_stray_record_is_for_the_call_at_its_time_and_expires(
    provider: TracerProvider, passes: Callable[[float], None]
) -> None:
    span = _ended(provider)
    for pause, given in ((0.0, 1), (held_logs.LONGEST_WAIT + 1, 0)):
        logs = HeldLogs()
        logs.add(0, 0, Occurrence(CHOICE, {}, {"message": {"content": "hi"}}, span.end_time), "app")
        passes(pause)
        logs.add(0, 0, Occurrence(CHOICE, {}, {}, span.end_time + 10**12), "app")  # whoever comes later makes room
        assert len(list(logs.of(span))) == given


def test_what_was_written_for_a_span_that_never_ends_expires(passes: Callable[[float], None]) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    held = HeldLogs()
    spans = [provider.get_tracer("acme").start_span("chat") for _ in range(2)]
    contexts = [span.get_span_context() for span in spans]
    for context in contexts:
        held.add(context.trace_id, context.span_id, Occurrence(CHOICE, {"content": "hi"}, None, 1), "acme")
        passes(held_logs.LONGEST_WAIT / 2 + 1)
    held.add(1, 1, Occurrence(CHOICE, {}, None, 1), "acme")
    for span in spans:
        span.end()
    found = [len(list(held.of(span))) for span in spans]
    assert found == [0, 1], "the older one had waited too long, the other had not"


def test_a_record_is_weighed_however_deep_it_is() -> None:
    deep: Any = "x" * 100
    for _ in range(50_000):
        deep = [deep]
    assert held_logs.weight({"content": deep}) < 2_000
    assert held_logs.weight({"content": {"parts": [{"content": "x" * 100}]}}) > 150
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert held_logs.weight(endless) < 2_000
