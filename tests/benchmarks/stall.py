"""How late the timers of an asyncio app fire: the one table that goes by the clock, because that is what a user feels.

A thread that holds the interpreter lock stops the event loop, whatever its CPU time.
"""

from __future__ import annotations

import asyncio
import gc
import selectors
import time
from contextlib import AbstractContextManager, closing
from itertools import cycle

from .load import AI_SPANS, make_traces
from .traced_app import Order, TracedApp

TICK_SECONDS = 0.002
_TRACES = 20


async def _ticks(end: float, late: list[float]) -> None:
    due = time.perf_counter() + TICK_SECONDS
    while due < end:
        await asyncio.sleep(due - time.perf_counter())
        now = time.perf_counter()
        late.append(now - due)
        due = max(due, now) + TICK_SECONDS


async def _spans(app: TracedApp, traces_a_second: float, end: float) -> None:
    due = time.perf_counter()
    for trace in cycle(app.traces):
        if due >= end:
            return
        await asyncio.sleep(due - time.perf_counter())
        app.app.run(trace)
        due += 1 / traces_a_second


async def _run(app: TracedApp, order: Order) -> list[float]:
    late: list[float] = []
    end = time.perf_counter() + order.seconds
    await asyncio.gather(_ticks(end, late), _spans(app, order.rate / AI_SPANS, end))
    return late


def _event_loop() -> AbstractContextManager[asyncio.AbstractEventLoop]:
    """One with exact timers: the usual one waits by whole milliseconds, which would hide what is to be seen."""
    return closing(asyncio.SelectorEventLoop(selectors.SelectSelector()))


def measure(order: Order) -> dict[str, float]:
    """Milliseconds that a timer of `TICK_SECONDS` fires too late under `rate` AI spans a second."""
    app = TracedApp(order, make_traces(_TRACES, order.message_bytes))
    app.run()
    app.provider.force_flush()
    gc.collect()
    gc.freeze()  # collections of what the measurement itself holds are nobody's stall
    with _event_loop() as loop:
        late = sorted(loop.run_until_complete(_run(app, order)))
    app.provider.shutdown()
    return {f"p{share}": late[int(len(late) * share / 100)] * 1e3 for share in (50, 99, 99.9)}
