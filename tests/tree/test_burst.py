"""More spans than can be read at once: every one is sent or counted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.trace import Span

from otel_posthog_ai.tree.open_spans import OpenSpans
from tests.receiver import Receiver
from tests.stages import Stages, provider_of
from tests.traced import CHAT, Traced


def test_every_span_of_a_burst_is_sent_or_counted(receiver: Receiver) -> None:
    traced = Traced(receiver, max_queue_size=100)

    def emit(number: int) -> None:
        for _ in range(1_000):
            traced.tracer.start_span("chat", attributes=CHAT).end()
            traced.tracer.start_span("plain").end()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(emit, range(4)))
    whole = traced.processor.force_flush(60_000)
    status = traced.processor.status()
    assert whole is not bool(status["dropped"]), "a flush says whether anything was lost since the last one"
    assert traced.processor.force_flush(60_000)
    assert status["seen"] == 8_000
    assert status["filtered"] == 4_000
    assert status["exported"] + status["dropped"].get("queue_full", 0) == 4_000
    assert status["queued"] == status["sent"] == status["exported"] == len(receiver.events)
    assert status["queue"] == status["held"] == status["waiting"] == 0
    traced.provider.shutdown()


def test_what_ended_in_a_burst_is_looked_through_once_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parentless calls ask for calls that they ran inside: among thousands that ended, not once for each."""
    stages = Stages(max_queue_size=100)
    tracer = provider_of(stages).get_tracer("app")
    for _ in range(1_000):
        tracer.start_span("chat", attributes=CHAT).end()
    looks = [0]
    whole = OpenSpans.__iter__

    def counted(open_spans: OpenSpans) -> Iterator[tuple[int, Span]]:
        looks[0] += 1
        return whole(open_spans)

    monkeypatch.setattr(OpenSpans, "__iter__", counted)
    stages.leave(everything=False)
    assert len(stages.events) == 100
    assert looks[0] <= 3
