"""Under gevent's patches every lock is a moment in which another greenlet may run; a real process shows what holds."""

from __future__ import annotations

import pytest

from tests.delivery.fault_server import HANGS, Fault, FaultServer, answer

from .processes import end_of, start

GREENLETS = 50
SPANS = 40

APP = f"""
    import gevent
    from gevent import monkey
    provider = TracerProvider()
    processor = trace(provider, max_queue_size=20_000)
    tracer = provider.get_tracer("app")

    def work(number):
        for turn in range({SPANS}):
            with tracer.start_as_current_span("chat", attributes={{"gen_ai.operation.name": "chat"}}):
                if (number + turn) % 3 == 0:
                    gevent.sleep(0)

    def flush():
        processor.force_flush(500)
"""


def run(server: FaultServer, code: str, **environ: str) -> None:
    """Run the code in a process that is patched before anything else is imported."""
    patched = "from gevent import monkey\nmonkey.patch_all()\n"
    end_of(start(server, APP + code, before=patched, **environ), seconds=60)


def check_once(server: FaultServer, events: int) -> None:
    assert len(server.uuids) == len(set(server.uuids)) == events


def test_greenlets_that_end_spans_flush_and_shut_down_lose_and_double_none() -> None:
    pytest.importorskip("gevent")
    with FaultServer([Fault(delay=0.2), answer(503)]) as server:
        run(server, f"""
    greenlets = [gevent.spawn(work, number) for number in range({GREENLETS})]
    greenlets += [gevent.spawn_later(0.01 * number, flush) for number in range(10)]
    gevent.joinall(greenlets, raise_error=True)
    assert processor.force_flush(20_000), processor.status()
    ends = [gevent.spawn(processor.shutdown) for _ in range(5)]
    gevent.joinall(ends, raise_error=True)
    status = processor.status()
    assert status["seen"] == status["sent"] == {GREENLETS * SPANS}, status
    assert not status["dropped"], status
""")  # fmt: skip
        check_once(server, GREENLETS * SPANS)


def test_what_greenlets_end_while_one_shuts_down_is_sent_or_counted() -> None:
    pytest.importorskip("gevent")
    with FaultServer() as server:
        run(server, f"""
    greenlets = [gevent.spawn(work, number) for number in range({GREENLETS})]
    greenlets.append(gevent.spawn(processor.shutdown))
    gevent.joinall(greenlets, raise_error=True)
    status = processor.status()
    late = status["dropped"].pop("after_shutdown", 0)
    assert not status["dropped"], status
    assert status["sent"] + late == {GREENLETS * SPANS}, (status, late)
    assert late, "the shutdown began when all was over"
""")  # fmt: skip
        assert len(server.uuids) == len(set(server.uuids))


def test_a_flush_and_a_shutdown_come_back_by_their_deadline_while_the_host_hangs() -> None:
    """Whoever waited for the answer instead would wait for ten minutes."""
    pytest.importorskip("gevent")
    with FaultServer(lambda _: HANGS["answer"]) as server:
        run(server, """
    greenlets = [gevent.spawn(work, number) for number in range(3)]
    gevent.joinall(greenlets, raise_error=True)
    flushes = [gevent.spawn(processor.force_flush, 500) for _ in range(5)]
    gevent.joinall(flushes, raise_error=True)
    assert not any(flush.value for flush in flushes)
    processor.shutdown(500)
""", POSTHOG_TIMEOUT="600")  # fmt: skip


def test_threads_end_where_a_library_has_only_imported_gevent() -> None:
    pytest.importorskip("gevent")
    with FaultServer() as server:
        code = """
    import threading
    import gevent.monkey
    provider = TracerProvider()
    processor = trace(provider)
    processor.shutdown()
    for thread in threading.enumerate():
        if thread.name.startswith("otel-posthog-ai"):
            thread.join(30)
            assert not thread.is_alive(), thread.name
"""
        end_of(start(server, code), seconds=60)
