"""Real processes with a set-up that is not the usual one: nothing is lost, raised into the app, or hangs."""

from __future__ import annotations

import signal
import sys
from importlib.util import find_spec

import pytest

from tests.delivery.fault_server import FaultServer

from .processes import PREAMBLE, run

SUB_INTERPRETERS = ("_xxsubinterpreters", "_interpreters")


def arrived(code: str, **environ: str) -> tuple[str, int]:
    """What the process wrote, and how many events arrived; none of them twice."""
    with FaultServer() as server:
        output = run(server, code, seconds=60, **environ)
        assert len(server.uuids) == len(set(server.uuids))
        return output, len(server.uuids)


def test_a_handler_of_log_lines_that_fails_fails_no_span() -> None:
    output, events = arrived("""
        import logging
        class Failing(logging.Handler):
            def emit(self, record):
                lines.append(record.name)
                raise OSError("no space left on device")
        lines = []
        logging.getLogger().addHandler(Failing())
        provider = TracerProvider()
        processor = trace(provider, max_queue_size=5)
        chat(provider, 4_000)
        processor.force_flush()
        lost = processor.status()["dropped"]["queue_full"]
        print("otel_posthog_ai" in lines, 4_000 - lost)
    """)  # fmt: skip
    assert output == f"True {events}\n"


def test_an_app_without_a_file_descriptor_left_for_a_moment_loses_nothing() -> None:
    output, events = arrived("""
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        provider = TracerProvider()
        processor = trace(provider)
        taken = []
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        chat(provider, 20)
        threading.Timer(0.5, lambda: [os.close(each) for each in taken]).start()
        print(processor.force_flush(20_000), processor.force_flush(20_000), processor.status()["dropped"])
    """)  # fmt: skip
    assert output.endswith("True {}\n")
    assert events == 20


NO_THREADS = """
    import asyncio, threading, _thread
    from otel_posthog_ai import flush_on_exit
    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")
    def leave_no_thread():
        threading.Thread.start = _thread.start_new_thread = refuse
"""


@pytest.mark.parametrize("first", ["", "leave_no_thread()"], ids=["before", "from the start"])
def test_where_no_thread_can_be_started_everything_is_delivered_all_the_same(first: str) -> None:
    code = f"""
    provider = TracerProvider()
    {first}
    processor = trace(provider)
    leave_no_thread()
    @flush_on_exit
    async def handler():
        chat(provider, 2)
        return "answered"
    print(asyncio.run(handler()), processor.status()["sent"], flush=True)
    chat(provider, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    """
    with FaultServer() as server:
        assert run(server, NO_THREADS + code, seconds=60, status=-signal.SIGTERM).split("\n")[0] == "answered 2"
        assert len(server.uuids) == len(set(server.uuids)) == 3


def test_an_app_in_another_interpreter_delivers() -> None:
    """mod_wsgi runs apps like this; signals are the main interpreter's."""
    name = next((each for each in SUB_INTERPRETERS if find_spec(each) is not None), None)
    if name is None:
        pytest.skip("no interpreters here")
    inner = (
        PREAMBLE
        + """
provider = TracerProvider()
processor = trace(provider)
chat(provider, 20)
print(processor.force_flush(), flush=True)
processor.shutdown()
while threading.active_count() > 1:
    time.sleep(0.01)
"""
    )
    legacy = "'legacy'" if sys.version_info >= (3, 13) else "isolated=False"
    output, events = arrived(f"""
        import {name} as interpreters
        inner = interpreters.create({legacy})
        failed = interpreters.run_string(inner, "import sys; sys.argv = " + repr(sys.argv) + {inner!r})
        print(failed, flush=True)
        os._exit(0)
    """)  # fmt: skip
    assert output == "True\nNone\n"
    assert events == 20


def test_a_careful_developer_is_told_nothing() -> None:
    """In development mode, with every warning an error and asyncio at its strictest."""
    _, events = arrived("""
        import asyncio, tempfile
        provider = TracerProvider()
        trace(provider, spool_directory=tempfile.mkdtemp())
        async def main():
            for _ in range(20):
                chat(provider)
                await asyncio.sleep(0)
        asyncio.run(main())
    """, PYTHONDEVMODE="1", PYTHONWARNINGS="error")  # fmt: skip
    assert events == 20


def test_a_daemon_that_closes_all_files_after_it_forked_writes_to_no_file_of_the_apps() -> None:
    output, events = arrived("""
        import tempfile
        provider = TracerProvider()
        processor = trace(provider)
        chat(provider, 5)
        processor.force_flush()
        hears, tells = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            os.dup2(tells, 1)
            os.closerange(2, 256)
            files = [tempfile.TemporaryFile() for _ in range(16)]
            chat(provider, 15)
            delivered = processor.force_flush()
            os.write(1, repr((delivered, [os.fstat(file.fileno()).st_size for file in files if file])).encode())
            os._exit(0)
        os.close(tells)
        os.wait()
        said = os.read(hears, 1_000).decode()
        print(said == repr((True, [0] * 16)) or said)
    """)  # fmt: skip
    assert (output, events) == ("True\n", 20)


def test_an_app_that_allows_few_frames_loses_nothing() -> None:
    """Loading the HTTP library takes a hundred frames; what cannot be sent before waits. Everything else takes few."""
    output, events = arrived("""
        provider = TracerProvider()
        processor = trace(provider)
        sys.setrecursionlimit(80)
        chat(provider, 20)
        processor.force_flush(3_000)
        sys.setrecursionlimit(1_000)
        first = processor.force_flush(20_000)
        sys.setrecursionlimit(80)
        chat(provider, 20)
        then = processor.force_flush(20_000)
        sys.setrecursionlimit(1_000)
        print(first, then, processor.status()["dropped"])
    """)  # fmt: skip
    assert output == "True True {}\n"
    assert events == 40
