"""A traced process with one contestant's processor, which lives and ends in one of several ways.

    python -m tests.side_by_side.app WAY            # what it is told else stands in the environment

Every span is written down as it ends (`PRODUCED`), under a mark of its own that goes with it as an attribute.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
import time
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

from tests.benchmarks.contestants import CONTESTANTS

MARK = "mark-"
UNKNOWN_HOST = "posthog.test"
_CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4.1-mini",
    "gen_ai.usage.input_tokens": 1_000,
    "gen_ai.usage.output_tokens": 200,
}
BURST = 40
SPANS_A_SECOND = 4
CHILDREN = 5
_THREADS = 4
_NEXT_SECONDS = 6.0


class App:
    """The provider, and the book of the spans that have ended."""

    def __init__(self) -> None:
        contestant = CONTESTANTS[os.environ["CONTESTANT"]]
        contestant.load()
        self.processor: Any = contestant.make(os.environ["HOST"], private=False, queue=None)
        if "BELOW_CONCURRENT" in os.environ:
            from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor

            provider = TracerProvider(active_span_processor=ConcurrentMultiSpanProcessor(2))
        else:
            provider = TracerProvider()
        provider.add_span_processor(self.processor)
        self._tracer = provider.get_tracer("opentelemetry.instrumentation.openai_v2", "2.1")
        self._produced = os.open(os.environ["PRODUCED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def trace(self, spans: int = 1, *, characters: int = 200) -> None:
        """So many model calls, each with a message of about so many characters."""
        for _ in range(spans):
            mark = MARK + secrets.token_hex(16)
            part = {"type": "text", "content": "a word " * (characters // 7)}
            said = json.dumps([{"role": "user", "parts": [part]}])
            attributes = {**_CALL, "gen_ai.input.messages": said, "app.step": mark}
            self._tracer.start_span("chat gpt-4.1-mini", attributes=attributes).end()
            os.write(self._produced, f"{mark}\n".encode())

    def trace_steadily(self, seconds: float) -> None:
        """Some a second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.trace()
            time.sleep(1 / SPANS_A_SECOND)


@functools.cache
def app() -> App:
    return App()


def _unknown_for(seconds: float) -> None:
    """For so long DNS does not know `UNKNOWN_HOST`; then it is this machine."""
    real, end = socket.getaddrinfo, time.monotonic() + seconds

    def look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        if host == UNKNOWN_HOST:
            if time.monotonic() < end:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            host = "127.0.0.1"
        return real(host, *arguments, **named)

    socket.getaddrinfo = look_up


# ---- the ways ----------------------------------------------------------------------------------------------------


def steady(seconds: str) -> None:
    """Trace for so long, and end."""
    app().trace_steadily(float(seconds))


def burst() -> None:
    """Trace at once, and end at once."""
    app().trace(BURST)


def large(stays: str) -> None:
    """Trace long messages, go on for so long, and end."""
    app().trace(BURST, characters=20_000)
    time.sleep(float(stays))


def told() -> None:
    """Trace, and wait for a signal."""
    app().trace(BURST)
    print("ready", flush=True)
    while True:
        time.sleep(60)


def fork() -> None:
    """Fork children that trace, while four threads trace."""
    tracing, over = app(), threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            tracing.trace()

    threads = [threading.Thread(target=work) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    children: list[int] = []
    for _ in range(CHILDREN):
        time.sleep(0.3)
        child = os.fork()
        if child == 0:
            tracing.trace(BURST)
            sys.exit(0)
        children.append(child)
    over.set()
    for thread in threads:
        thread.join()
    for child in children:
        os.waitpid(child, 0)


def processes() -> None:
    """A pool of processes that trace; this one has traced before, so that its processor is there."""
    app().trace()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(_trace_some, range(CHILDREN))
        pool.close()
        pool.join()


def _trace_some(_: int) -> None:
    app().trace(BURST // CHILDREN)


def following() -> None:
    """A process that comes after another one, and traces nothing."""
    app()
    time.sleep(_NEXT_SECONDS)


WAYS = {
    way.__name__: way for way in (steady, burst, large, told, fork, processes, following)
}  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "UNKNOWN_SECONDS" in os.environ:
        _unknown_for(float(os.environ["UNKNOWN_SECONDS"]))
    WAYS[sys.argv[1]](*sys.argv[2:])
    os.utime(os.environ["PRODUCED"])  # when the end began
