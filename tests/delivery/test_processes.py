"""Real processes: exits, forks, process pools, freezes. What they produce arrives once, and nobody hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import otel_posthog_ai

from .fault_server import HANGS, Fault, FaultServer, answer

TESTS = str(Path(__file__).parent.parent)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(otel_posthog_ai.__file__).parents[1])}

PREAMBLE = """
import atexit, os, sys, threading, time
sys.path.insert(0, sys.argv[1])
from delivery.samples import make_events, make_settings, within
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender
from otel_posthog_ai.content.shrinking import shrink

def start(**options):
    return Sender(make_settings(sys.argv[2], **options), Counters(), shrink=shrink)

def tell(events):
    os.write(1, ("\\n".join(event.uuid for event in events) + "\\n").encode())

def emit(sender, count=1):
    events = make_events(count)
    sender.put(events)
    tell(events)
"""

forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def run(server: FaultServer, code: str, *, seconds: float = 30.0, status: int = 0) -> list[str]:
    """Run the code in a process of its own; the uuids that it and its children produced."""
    process = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PREAMBLE + textwrap.dedent(code), TESTS, server.url],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=seconds,
        check=False,
    )
    assert process.returncode == status, process.stderr
    assert "Traceback" not in process.stderr, process.stderr
    assert "Fatal" not in process.stderr, process.stderr
    return process.stdout.split()


def check_once(server: FaultServer, produced: list[str], count: int) -> None:
    assert len(produced) == count
    assert sorted(server.uuids) == sorted(produced)


def test_an_exit_delivers_by_atexit_without_starting_a_thread() -> None:
    with FaultServer([answer(503)]) as server:
        produced = run(server, """
            sender = start()
            atexit.register(lambda: sender.shutdown(within(5)))
            emit(sender, 30)
        """)  # fmt: skip
        check_once(server, produced, 30)


def test_a_sender_made_at_exit_delivers_although_no_thread_can_start() -> None:
    with FaultServer([answer(503)]) as server:
        produced = run(server, """
            def late():
                sender = start()
                emit(sender, 3)
                assert sender.flush(within(5)), sender.status()
                emit(sender, 3)
                assert sender.shutdown(within(5))
            atexit.register(late)
        """)  # fmt: skip
        check_once(server, produced, 6)


def test_an_exit_against_a_hanging_server_takes_no_longer_than_allowed() -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        run(server, """
            sender = start()
            emit(sender, 3)
            def end():
                started = time.monotonic()
                assert sender.shutdown(within(1)) is False
                assert time.monotonic() - started < 1.2
            atexit.register(end)
        """, seconds=8)  # fmt: skip


def test_an_exit_without_shutdown_does_not_hang_or_crash() -> None:
    with FaultServer(lambda _: Fault(delay=0.05)) as server:
        for _ in range(3):
            run(server, """
                sender = start()
                for _ in range(50):
                    emit(sender, 3)
            """, seconds=10)  # fmt: skip


@forking
def test_forked_children_deliver_their_own_and_not_their_parents() -> None:
    with FaultServer(lambda _: Fault(delay=0.2)) as server:
        produced = run(server, """
            sender = start()
            atexit.register(lambda: sender.shutdown(within(10)))
            emit(sender, 4)
            children = []
            for _ in range(3):
                pid = os.fork()
                if pid == 0:
                    assert sender.status()["queued"] == 0
                    emit(sender, 2)
                    pid = os.fork()
                    if pid == 0:
                        emit(sender, 1)
                        sys.exit()
                    os.waitpid(pid, 0)
                    sys.exit()
                children.append(pid)
            for pid in children:
                assert os.waitpid(pid, 0)[1] == 0
            emit(sender, 1)
        """)  # fmt: skip
        check_once(server, produced, 4 + 3 * (2 + 1) + 1)


@forking
def test_a_fork_waits_while_a_thread_of_ours_imports_for_its_first_request() -> None:
    """A child that is forked in the middle of an import finds the module locked for ever: none begins outside of it."""
    with FaultServer() as server:
        produced = run(server, """
            from otel_posthog_ai import forks

            class Watch:
                def find_spec(self, name, path=None, target=None):
                    is_ours = threading.current_thread() is not threading.main_thread()
                    if is_ours and not forks.importing._lock._is_owned():
                        os.write(2, f"Traceback: {name} is imported without the guard".encode())

            sys.meta_path.insert(0, Watch())
            sender = start()
            emit(sender, 3)
            assert sender.flush(within(10))
        """)  # fmt: skip
        check_once(server, produced, 3)


@forking
def test_eight_threads_emit_while_the_process_forks() -> None:
    with FaultServer() as server:
        produced = run(server, """
            sender = start()
            atexit.register(lambda: sender.shutdown(within(10)))
            stop = threading.Event()
            lock = threading.Lock()
            def work():
                while not stop.is_set():
                    emit(sender, 2)
                    time.sleep(0.002)
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads: thread.start()
            pids = []
            for _ in range(10):
                pid = os.fork()
                if pid == 0:
                    emit(sender, 3)
                    assert sender.flush(within(10))
                    os._exit(0)
                pids.append(pid)
                time.sleep(0.01)
            for pid in pids:
                assert os.waitpid(pid, 0)[1] == 0
            stop.set()
            for thread in threads: thread.join()
        """)  # fmt: skip
        assert len(produced) > 100
        assert sorted(server.uuids) == sorted(produced)


@forking
def test_no_thread_starts_in_a_child_before_all_its_state_is_new() -> None:
    with FaultServer() as server:
        run(server, """
            from otel_posthog_ai import forks
            from otel_posthog_ai.work.worker import Worker

            class Slow:
                "State that takes long to make anew, registered after the worker as a processor is."
                new = False
                def start_anew(self):
                    time.sleep(0.5)
                    self.new = True

            seen = []
            worker = Worker(lambda everything, final: seen.append((os.getpid(), slow.new)), lambda: 0.02)
            slow = Slow()
            forks.in_child(slow.start_anew)
            pid = os.fork()
            if pid == 0:
                end = time.monotonic() + 10
                while (os.getpid(), True) not in seen and time.monotonic() < end:
                    time.sleep(0.01)
                mine = [new for process, new in seen if process == os.getpid()]
                os._exit(0 if mine and all(mine) else 1)
            assert os.waitpid(pid, 0)[1] == 0
        """)  # fmt: skip


@forking
def test_a_fork_in_the_middle_of_a_connection_pool_lets_the_child_end() -> None:
    with FaultServer() as server:
        produced = run(server, """
            from otel_posthog_ai.delivery.connections import open_pools
            pool = open_pools(sys.argv[2]).connection_from_url(sys.argv[2])
            taken, forked = threading.Event(), threading.Event()
            def use():
                with pool.pool.mutex:
                    taken.set()
                    forked.wait()
            threading.Thread(target=use).start()
            taken.wait()
            pid = os.fork()
            if pid == 0:
                sys.exit()
            forked.set()
            end = time.monotonic() + 10
            while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
                time.sleep(0.01)
            if ended == (0, 0):
                os.kill(pid, 9)
            assert ended == (pid, 0), ended
        """)  # fmt: skip
        assert produced == []


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_children_deliver_at_their_end(method: str, tmp_path: Path) -> None:
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    script = tmp_path / "pools.py"
    body = """
        import multiprocessing
        sender = start()
        atexit.register(lambda: sender.shutdown(within(10)))

        def child(n):
            emit(sender, n)

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[3])
            processes = [context.Process(target=child, args=(2,)) for _ in range(2)]
            for process in processes: process.start()
            for process in processes: process.join()
            assert [process.exitcode for process in processes] == [0, 0]
            with context.Pool(2) as pool:
                pool.map(child, [1, 1, 1, 1])
                pool.close()
                pool.join()
    """
    script.write_text(PREAMBLE + textwrap.dedent(body))
    with FaultServer(lambda _: Fault(delay=0.05)) as server:
        process = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(script), TESTS, server.url, method],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=40,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        check_once(server, process.stdout.split(), 8)


@forking
def test_a_frozen_process_delivers_after_its_thaw() -> None:
    with FaultServer(lambda _: Fault(delay=0.3)) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent("""
                sender = start(timeout=1.0)
                emit(sender, 3)
                sys.stdin.readline()
                emit(sender, 3)
                print(sender.flush(within(5)), flush=True)
            """), TESTS, server.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        assert process.stdin is not None
        assert server.wait_for(lambda s: s.requests, 20)
        process.send_signal(signal.SIGSTOP)
        server.reset_kept_connections()
        time.sleep(3.0)
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate("go on\n", timeout=20)
        lines = output.split()
        assert lines.pop() == "True"
        assert set(server.uuids) == set(lines)


@forking
def test_a_kept_connection_that_died_in_a_freeze_costs_no_try() -> None:
    with FaultServer() as server:
        process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent("""
                sender = start(max_retries=0)
                emit(sender, 1)
                assert sender.flush(within(5))
                print("ready", flush=True)
                sys.stdin.readline()
                emit(sender, 1)
                print(sender.flush(within(5)), sender.status()["retried"], flush=True)
            """), TESTS, server.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        assert process.stdout is not None
        while process.stdout.readline().strip() != "ready":
            pass
        process.send_signal(signal.SIGSTOP)
        server.reset_kept_connections()
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate("go on\n", timeout=20)
        assert output.split()[-2:] == ["True", "0"]
        assert len(set(server.uuids)) == 2
