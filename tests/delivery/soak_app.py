"""The processes of the soak: `python -m tests.delivery.soak_app survivor|mortal HOST FOLDER SEED`.

A survivor traces agents with twenty threads, in spans, and forks children that do the same for a moment. It is never
killed, so every span that it ends must arrive. A mortal puts events with four threads until it is killed or told to
end, and writes down which of them were on disk or delivered: those must arrive.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import random
import resource
import signal
import sys
import threading
import time
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender, encode, retry
from tests.traced import AGENT, CHAT, TOOL

from .samples import API_KEY, adds_up, make_event, make_settings, within

SURVIVOR_THREADS = 20
MORTAL_THREADS = 4
TRACE_SPANS = 4
_SECONDS_BETWEEN_TRACES = 2.0
_FORKS_A_SECOND = 0.05
_MOST_WAITING_BYTES = 256 * 1024 * 1024
_SPAN_SIZES = [200] * 600 + [5_000] * 200 + [100_000] * 6 + [1_200_000]
_EVENT_SIZES = [200] * 50 + [5_000] * 20 + [100_000]
_DISK_FULL = 2_000
_LAST_FLUSH_MILLIS = 60_000


def _told_to_end() -> threading.Event:
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    return told


class _Book:
    """A file that keeps what was produced, also when this process is killed; memory stays what the product needs."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, names: list[str]) -> None:
        os.write(self._file, "".join(f"{name}\n" for name in names).encode())


# ---- a survivor --------------------------------------------------------------------------------------------------


class _Tracing:
    """The tracer of a process, the book of the spans that it ended, and their number."""

    def __init__(self, host: str, folder: Path) -> None:
        self.processor = PostHogSpanProcessor(
            api_key=API_KEY, host=host, timeout=5.0, outbox_bytes=_MOST_WAITING_BYTES,
            spool_directory=str(folder / "spool"), deliver_on_sigterm=False,
        )  # fmt: skip
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(self.processor)
        self._tracer = provider.get_tracer("soak")
        self._book = _Book(folder / "spans")

    def trace(self, source: random.Random) -> list[str]:
        """One agent with two calls and a tool between them; the ids of its spans."""
        named: list[str] = []
        with self._tracer.start_as_current_span("invoke_agent", attributes=AGENT) as agent:
            named.append(f"{agent.get_span_context().span_id:016x}")
            for attributes in (CHAT, TOOL, CHAT):
                text = ("What is it, then? " * 70_000)[: source.choice(_SPAN_SIZES)]
                said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])
                with self._tracer.start_as_current_span("step", attributes=attributes) as span:
                    span.set_attribute("gen_ai.input.messages", said)
                    named.append(f"{span.get_span_context().span_id:016x}")
        return named

    def note(self, names: list[str]) -> None:
        self._book.note(names)


def survive(host: str, folder: Path, seed: int) -> bool:
    """Trace until told to end, and deliver; whether every number is what it must be."""
    told = _told_to_end()
    tracing = _Tracing(host, folder)
    ended = [0] * SURVIVOR_THREADS

    def work(number: int) -> None:
        source = random.Random(seed + number)
        while not told.wait(source.expovariate(1 / _SECONDS_BETWEEN_TRACES)):
            tracing.note(tracing.trace(source))
            ended[number] += TRACE_SPANS

    threads = [threading.Thread(target=work, args=(number,)) for number in range(SURVIVOR_THREADS)]
    for thread in threads:
        thread.start()
    dice, right = random.Random(seed), True
    children: list[int] = []
    while not told.wait(1.0):
        right &= adds_up(tracing.processor.status())
        if dice.random() < _FORKS_A_SECOND:
            child = os.fork()
            if child == 0:
                os._exit(0 if _live_as_child(tracing, seed) else 1)
            children.append(child)
    for thread in threads:
        thread.join()
    right &= all(os.waitpid(child, 0)[1] == 0 for child in children)
    delivered = tracing.processor.force_flush(_LAST_FLUSH_MILLIS)
    tracing.processor.shutdown()
    status = tracing.processor.status()
    print(f"the survivor ended {sum(ended)} spans, {len(children)} children; {status}", flush=True)
    exact = status["seen"] == sum(ended) and not (status["filtered"] or status["merged"] or status["dropped"])
    return right and delivered and exact and adds_up(status)


def _live_as_child(tracing: _Tracing, seed: int) -> bool:
    """A trace and its delivery in a forked child; one that fails in bad weather is left to nobody, and not noted."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    named = tracing.trace(random.Random(seed + os.getpid()))
    if tracing.processor.force_flush(20_000):
        tracing.note(named)
    return adds_up(tracing.processor.status())


# ---- a mortal ----------------------------------------------------------------------------------------------------


def live(host: str, folder: Path, seed: int, *, full: bool) -> bool:
    """Put events until told to end; whether the numbers add up. `full`: on a disk that takes no more."""
    if full:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_DISK_FULL, _DISK_FULL))
    told = _told_to_end()
    settings = make_settings(host, spool_directory=str(folder / "spool"), timeout=3.0)
    sender = Sender(settings, Counters(), shrink=shrink)
    book = _Book(folder / "events")
    safe = threading.Lock()

    def emit(number: int) -> None:
        source = random.Random(seed * 100 + number)
        while not told.is_set():
            events = [encode(make_event(size=source.choice(_EVENT_SIZES))) for _ in range(source.randint(1, 5))]
            sender.put(events)
            with safe:
                while not sender.is_safe() and not told.is_set():
                    time.sleep(0.005)
                if sender.is_safe() and not full:
                    book.note([event.uuid for event in events])
            time.sleep(source.expovariate(5))

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(MORTAL_THREADS)]
    for thread in threads:
        thread.start()
    while not told.wait(1.0):
        if random.random() < 0.2 and os.fork() == 0:
            sender.put([encode(make_event())])
            os._exit(0 if adds_up(sender.status()) else 1)
        elif not adds_up(sender.status()):
            return False
    for thread in threads:
        thread.join()
    sender.shutdown(within(5))
    return adds_up(sender.status())


def main() -> None:
    kind, host, folder, seed, *options = sys.argv[1:]
    retry.FIRST_REST, retry.LONGEST_REST = 0.5, 3.0
    logging.getLogger("otel_posthog_ai").setLevel(logging.CRITICAL)  # trouble is what this is about
    faulthandler.register(signal.SIGUSR1)
    if kind == "survivor":
        right = survive(host, Path(folder), int(seed))
    else:
        right = live(host, Path(folder), int(seed), full="full" in options)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
