"""How long an app waits for `force_flush` and `shutdown`, by the clock: that is what a serverless handler pays for."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

from .traced_app import Order, TracedApp


def _milliseconds(wait: Callable[[], object]) -> float:
    begin = time.perf_counter()
    wait()
    return (time.perf_counter() - begin) * 1e3


def measure(order: Order) -> dict[str, float]:
    """Milliseconds of a flush of `traces` traces (the median of `rounds`), and of the shutdown with as many waiting."""
    app = TracedApp(order)
    app.run()
    app.provider.force_flush()  # libraries are loaded, the connection is open
    flushes: list[float] = []
    for _ in range(order.rounds):
        gc.collect()
        app.run()
        flushes.append(_milliseconds(app.provider.force_flush))
    app.run()
    return {"flush": median(flushes), "shutdown": _milliseconds(app.provider.shutdown)}
