"""Real processes that end, in every way that a process has: what they traced arrives, and they end in time."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.delivery.fault_server import HANGS, Fault, FaultServer, answer

from .processes import LATE, SLOWLY, end_of, run, start

HOSTS: dict[str, Callable[..., Fault]] = {
    "healthy": lambda _: Fault(),
    "hanging": lambda _: HANGS["answer"],
    "failing": lambda _: answer(503),
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_process_ends_although_a_daemon_thread_goes_on_tracing(host: str) -> None:
    with FaultServer(HOSTS[host]) as server:
        output = run(server, """
            provider = TracerProvider()
            processor = trace(provider, timeout=2)
            threading.Thread(target=lambda: chat(provider, 10**9), daemon=True).start()
            time.sleep(0.5)
            @atexit.register
            def before():
                threading.stop = time.monotonic()
            def after():
                print(time.monotonic() - threading.stop, processor.status()["dropped"].get("after_shutdown", 0))
            import threading as _
            real = provider.shutdown
            atexit.unregister(real)
            atexit.register(after)
            atexit.register(real)
            atexit.unregister(before)
            atexit.register(before)
        """)  # fmt: skip
        took, refused = output.split()
        assert float(took) < 2 + LATE
        assert int(refused) > 0, "what ends after the shutdown began is counted"


@pytest.mark.parametrize("inner", ["force_flush(3_000)", "shutdown(3_000)"])
@pytest.mark.parametrize("outer", ["force_flush(40_000)", "shutdown(40_000)"])
@pytest.mark.parametrize("host", ["slow", "hanging"])
def test_a_signal_handler_flushes_while_the_main_thread_does(host: str, outer: str, inner: str) -> None:
    """The signals come in quick succession, so that they meet the main thread at many points of its way."""
    with FaultServer(lambda _: HANGS["answer"] if host == "hanging" else SLOWLY) as server:
        output = run(server, f"""
            provider = TracerProvider()
            processor = trace(provider, timeout=4)
            longest = 0.0
            def on_alarm(*_):
                global longest
                signal.setitimer(signal.ITIMER_REAL, 0)
                began = time.monotonic()
                processor.{inner if host == "slow" else inner.replace("3_000", "1_000")}
                longest = max(longest, time.monotonic() - began)
            signal.signal(signal.SIGALRM, on_alarm)
            for delay in (0.0001, 0.0005, 0.001, 0.003, 0.01, 0.05):
                chat(provider, 5)
                signal.setitimer(signal.ITIMER_REAL, delay)
                processor.{outer if host == "slow" else outer.replace("40_000", "500")}
                signal.setitimer(signal.ITIMER_REAL, 0)
            print(longest)
        """)  # fmt: skip
        assert float(output) < 3 + LATE
        if host == "slow" and "flush" in outer and "flush" in inner:
            assert len(set(server.uuids)) == 30


def test_a_handler_that_shuts_down_and_exits_in_the_middle_of_a_flush() -> None:
    with FaultServer(lambda _: SLOWLY) as server:
        process = start(server, """
            provider = TracerProvider()
            processor = trace(provider)
            def on_term(*_):
                provider.shutdown()
                sys.exit(7)
            signal.signal(signal.SIGTERM, on_term)
            chat(provider, 20)
            print("ready", flush=True)
            while True:
                provider.force_flush()
        """)  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        end_of(process, seconds=60, status=7)
        assert len(set(server.uuids)) == 20


SCRIPT = """
    provider = TracerProvider()
    processor = trace(provider, flush_interval_millis=60_000)
    chat(provider, 40)
    print("ready", flush=True)
    while True:  # A signal in the last moment before a sleep is seen after it.
        time.sleep(0.05)
"""


def test_sigterm_delivers_and_then_ends_the_process_as_it_would_have() -> None:
    with FaultServer(lambda _: SLOWLY) as server:
        process = start(server, SCRIPT)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        end_of(process, seconds=LATE, status=-signal.SIGTERM)
        assert len(set(server.uuids)) == 40


def test_sigterm_waits_no_longer_than_the_timeout_and_a_second_one_not_at_all() -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        process = start(server, SCRIPT, POSTHOG_TIMEOUT="1")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        end_of(process, seconds=LATE, status=-signal.SIGTERM)
        before = len(server.requests)  # On a busy machine a second may be too short for one.
        process = start(server, SCRIPT, POSTHOG_TIMEOUT="60")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert server.wait_for(lambda s: len(s.requests) > before)
        time.sleep(0.7)  # Two that come at once are one.
        process.send_signal(signal.SIGTERM)
        end_of(process, seconds=LATE, status=-signal.SIGTERM)


def test_sigterm_is_left_alone_where_it_is_switched_off_or_somebodys() -> None:
    with FaultServer() as server:
        process = start(server, SCRIPT, POSTHOG_DELIVER_ON_SIGTERM="false")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        end_of(process, seconds=LATE, status=-signal.SIGTERM)
        output = run(server, """
            def mine(*_): ...
            provider = TracerProvider()
            for theirs in (mine, signal.SIG_IGN):
                signal.signal(signal.SIGTERM, theirs)
                trace(provider, max_retries=1)
                assert signal.getsignal(signal.SIGTERM) is theirs
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            thread = threading.Thread(target=lambda: trace(provider, max_retries=2))
            thread.start()
            thread.join()
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            print("as it was")
        """)  # fmt: skip
        assert output == "as it was\n"
        assert server.events == []


def test_a_pool_that_is_terminated_delivers_what_its_children_traced() -> None:
    with FaultServer() as server:
        run(server, """
            import multiprocessing
            provider = TracerProvider()
            trace(provider, flush_interval_millis=60_000)
            def work(_):
                chat(provider, 10)
            with multiprocessing.get_context("fork").Pool(4) as pool:
                pool.map(work, range(4))
        """)  # fmt: skip
        assert len(set(server.uuids)) == 40


def test_a_child_that_ends_delivers_also_what_ends_in_a_thread_while_it_delivers() -> None:
    """Background tasks that a server does not wait for."""
    with FaultServer() as server:
        run(server, """
            import multiprocessing
            provider = TracerProvider()
            delivering, over = threading.Event(), threading.Event()
            def before_send(event):
                delivering.set()
                over.wait(10)
                return event
            trace(provider, flush_interval_millis=60_000, before_send=before_send)
            def later():
                delivering.wait()
                chat(provider)
                over.set()
            def work():
                threading.Thread(target=later, daemon=True).start()
                chat(provider)
            child = multiprocessing.get_context("fork").Process(target=work)
            child.start()
            child.join()
        """)  # fmt: skip
        assert len(server.uuids) == len(set(server.uuids)) == 2


def test_sigterm_while_the_main_thread_holds_what_the_worker_needs() -> None:
    """As in the child of a pool that is terminated while it delivers."""
    with FaultServer() as server:
        run(server, """
            from otel_posthog_ai.delivery.outbox import Outbox
            provider = TracerProvider()
            processor = trace(provider, flush_interval_millis=60_000)
            oldest_seconds = Outbox.oldest_seconds
            def end_meanwhile(outbox):
                os.kill(os.getpid(), signal.SIGTERM)
                return oldest_seconds(outbox)
            Outbox.oldest_seconds = end_meanwhile
            chat(provider, 10)
            processor.status()
            time.sleep(60)
        """, status=-signal.SIGTERM)  # fmt: skip
        assert len(set(server.uuids)) == 10


@pytest.mark.parametrize("provider", [
    "TracerProvider(active_span_processor=ConcurrentMultiSpanProcessor(2))",
    "TracerProvider(shutdown_on_exit=False)",
    "TracerProvider()",
])  # fmt: skip
def test_an_exit_delivers_whoever_stands_between_provider_and_processor(provider: str) -> None:
    with FaultServer(lambda _: SLOWLY) as server:
        process = start(server, f"provider = {provider}; trace(provider); chat(provider, 15)")
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert "otel_posthog_ai" not in errors, errors  # the SDK itself fails to shut down what is below its pool
        assert len(set(server.uuids)) == 15


@pytest.mark.parametrize(("interrupted", "status"), [
    ("raise KeyboardInterrupt", -signal.SIGINT),
    ("sys.last_type = KeyboardInterrupt; sys.ps1 = ''", 0),  # A session at a prompt, which went on.
])  # fmt: skip
def test_a_program_that_is_interrupted_ends_so_whatever_delivery_imports_meanwhile(
    interrupted: str, status: int
) -> None:
    with FaultServer() as server:
        process = start(server, f"provider = TracerProvider(); trace(provider); chat(provider, 15); {interrupted}")
        _, errors = process.communicate(timeout=60)
        assert process.returncode == status, errors
        assert len(set(server.uuids)) == 15


def test_an_exit_that_cannot_deliver_takes_no_longer_than_the_timeout() -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        process = start(server, "provider = TracerProvider(); trace(provider, timeout=2); chat(provider, 15); print(1)")
        assert process.stdout is not None
        process.stdout.readline()
        end_of(process, seconds=2 + LATE)


def test_a_flush_comes_back_in_time_however_much_is_made_meanwhile() -> None:
    with FaultServer(lambda _: Fault(delay=0.05)) as server:
        output = run(server, """
            provider = TracerProvider()
            processor = trace(provider, timeout=1)
            for _ in range(4):
                threading.Thread(target=lambda: chat(provider, 10**9, size=20_000), daemon=True).start()
            time.sleep(1)
            began = time.monotonic()
            processor.force_flush(1_000)
            print(time.monotonic() - began)
        """)  # fmt: skip
        assert float(output) < 1 + LATE


def test_a_flush_says_no_when_something_was_lost_since_the_last_one() -> None:
    with FaultServer() as server:
        output = run(server, """
            provider = TracerProvider()
            gate = threading.Event()
            processor = trace(provider, max_queue_size=50, before_send=lambda event: (gate.wait(), event)[1])
            chat(provider, 4_000)
            gate.set()
            print(processor.force_flush(), processor.force_flush(), processor.status()["dropped"])
        """)  # fmt: skip
        assert output.startswith("False True {'queue_full': ")


def test_a_burst_that_the_outbox_cannot_hold_is_delivered_by_a_host_that_is_well() -> None:
    with FaultServer() as server:
        output = run(server, """
            provider = TracerProvider()
            processor = trace(provider)
            chat(provider, 600, size=100_000)  # 60 MB; of which 32 MiB may wait
            print(processor.force_flush(60_000), processor.status()["dropped"])
        """, seconds=90)  # fmt: skip
        assert output == "True {}\n"
        assert len(server.uuids) == len(set(server.uuids)) == 600


def test_a_small_outbox_loses_nothing_at_a_host_that_is_slow() -> None:
    with FaultServer(lambda _: Fault(delay=0.05)) as server:
        output = run(server, """
            provider = TracerProvider()
            processor = trace(provider, outbox_bytes=200_000)
            chat(provider, 100, size=20_000)
            print(processor.force_flush(60_000), processor.status()["dropped"])
        """)  # fmt: skip
        assert output == "True {}\n"
        assert len(server.uuids) == len(set(server.uuids)) == 100
