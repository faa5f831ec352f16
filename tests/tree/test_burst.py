"""More spans than can be read at once: every one is sent or counted."""

from __future__ import annotations

from collections.abc import Container, Iterator
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


def test_each_span_of_a_burst_is_looked_at_once_or_twice_however_many_releases_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parentless calls ask for calls that they ran inside: among thousands that are open or have just ended."""
    stages = Stages(max_queue_size=100)
    provider = provider_of(stages)
    tracer = provider.get_tracer("app")
    still_open = [provider.get_tracer("web").start_span("request") for _ in range(1_000)]
    looked_at = [0]
    whole = OpenSpans.but

    def counted(open_spans: OpenSpans, known: Container[int]) -> Iterator[tuple[int, Span]]:
        for found in whole(open_spans, known):
            looked_at[0] += 1
            yield found

    monkeypatch.setattr(OpenSpans, "but", counted)
    for _ in range(20):
        for _ in range(100):
            tracer.start_span("chat", attributes=CHAT).end()
        stages.leave(everything=False)
    assert len(stages.events) == 2_000
    assert 1_000 <= looked_at[0] <= 2 * 3_000
    assert all(span.is_recording() for span in still_open)
