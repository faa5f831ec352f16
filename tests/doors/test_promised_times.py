"""Who flushes and who ends a span waits no longer than was said, however it was said and whoever else waits."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_posthog_ai import PostHogSpanExporter, PostHogSpanProcessor, flush_on_exit
from tests.delivery.fault_server import HANGS, Fault, FaultServer
from tests.traced import CHAT

MORE_THAN_A_LOCK_CAN_WAIT = [math.inf, 1e30, 2**63]


def call(provider: TracerProvider, times: int = 1) -> None:
    for _ in range(times):
        provider.get_tracer("app").start_span("chat", attributes=CHAT).end()


class Bare:
    """An exporter whose callers deliver in their own threads."""

    def __init__(self, url: str, **options: Any) -> None:
        self.exporter = PostHogSpanExporter(api_key="phc_times", host=url, **options)
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def adds_up(self) -> bool:
        status = self.exporter.status()
        return bool(status["queued"] == status["sent"] + sum(status["dropped"].values()) + status["waiting"])


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.mark.parametrize("timeout", MORE_THAN_A_LOCK_CAN_WAIT)
def test_whoever_would_wait_for_ever_may_say_so(server: FaultServer, timeout: float) -> None:
    processor = PostHogSpanProcessor(api_key="phc_times", host=server.url)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    call(provider)
    assert processor.force_flush(timeout) is True  # type: ignore[arg-type]
    call(provider)
    with flush_on_exit(timeout_millis=timeout):
        pass
    assert len(server.events) == 2
    call(provider)
    processor.shutdown(timeout)  # type: ignore[arg-type]
    assert len(server.events) == 3

    bare = Bare(server.url, max_retries=0)
    server.play([Fault(reset="answer")] * 5)
    call(bare.provider)
    server.play([])
    assert bare.exporter.force_flush(timeout) is True  # type: ignore[arg-type]
    bare.exporter.shutdown(timeout)  # type: ignore[arg-type]
    assert len(server.events) == 4


def test_an_option_timeout_may_be_longer_than_a_socket_can_wait(server: FaultServer) -> None:
    processor = PostHogSpanProcessor(api_key="phc_times", host=server.url, timeout=1e12)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    call(provider)
    assert processor.force_flush() is True
    processor.shutdown()
    bare = Bare(server.url, timeout=1e12)
    call(bare.provider)
    assert len(server.events) == 2
    bare.exporter.shutdown()


@pytest.mark.parametrize("timeout", [0, -1, -math.inf, math.nan])
def test_whoever_has_no_time_gets_an_answer_at_once(server: FaultServer, timeout: float) -> None:
    server.play(lambda _: HANGS["answer"])
    bare = Bare(server.url, timeout=1, max_retries=0)
    call(bare.provider)
    processor = PostHogSpanProcessor(api_key="phc_times", host=server.url)
    began = time.monotonic()
    assert bare.exporter.force_flush(timeout) is False  # type: ignore[arg-type]
    assert processor.force_flush(timeout) is False  # type: ignore[arg-type]
    processor.shutdown(timeout)  # type: ignore[arg-type]
    assert time.monotonic() - began < 0.8
    bare.exporter.shutdown(0)


def test_a_flush_of_the_bare_exporter_keeps_its_time(server: FaultServer) -> None:
    server.play(lambda _: HANGS["answer"])
    bare = Bare(server.url, timeout=1, max_retries=0)
    call(bare.provider)
    began = time.monotonic()
    assert bare.exporter.force_flush(100) is False
    assert time.monotonic() - began < 0.8
    bare.exporter.shutdown(0)


def test_threads_that_export_at_once_wait_for_one_timeout_not_for_each_others(server: FaultServer) -> None:
    server.play(lambda _: HANGS["answer"])
    bare = Bare(server.url, timeout=1, max_retries=0)
    took: list[float] = []

    def work() -> None:
        began = time.monotonic()
        call(bare.provider)
        took.append(time.monotonic() - began)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) < 2.5  # one after another they would need five
    server.play([])
    assert bare.exporter.force_flush() is True
    assert len(set(server.uuids)) == 5
    bare.exporter.shutdown()
    assert bare.adds_up()


@pytest.mark.parametrize("fault", [HANGS["answer"], Fault(delay=0.4)])
def test_a_shutdown_on_top_of_an_export_counts_each_event_once(server: FaultServer, fault: Fault) -> None:
    server.play(lambda _: fault)
    bare = Bare(server.url, timeout=3, max_retries=0)
    exporting = threading.Thread(target=call, args=(bare.provider,))
    exporting.start()
    assert server.wait_for(lambda running: any(each.method == "POST" for each in running.requests))
    bare.exporter.shutdown(50)
    exporting.join()
    status = bare.exporter.status()
    assert bare.adds_up()
    assert (status["waiting"], status["waiting_bytes"]) == (0, 0)
    assert status["sent"] + status["dropped"].get("shutdown", 0) == 1
    assert bare.exporter.force_flush() is False


def test_the_bare_exporter_counts_what_comes_after_its_shutdown(server: FaultServer) -> None:
    bare = Bare(server.url)
    bare.exporter.shutdown()
    call(bare.provider, 2)
    bare.provider.get_tracer("app").start_span("GET /").end()
    status = bare.exporter.status()
    assert (status["seen"], status["filtered"], status["dropped"]) == (3, 1, {"after_shutdown": 2})


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal")
def test_a_signal_handler_may_end_a_span_in_the_middle_of_an_export(server: FaultServer) -> None:
    bare = Bare(server.url, before_send=lambda event: _interrupted() or event)
    before = signal.signal(signal.SIGUSR1, lambda *_: call(bare.provider))
    interrupted: list[bool] = []

    def _interrupted() -> None:
        if not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGUSR1)

    try:
        began = time.monotonic()
        call(bare.provider)
        assert time.monotonic() - began < 5
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert len(set(server.uuids)) == len(server.uuids) == 2
    assert bare.exporter.force_flush() is True
    bare.exporter.shutdown()
