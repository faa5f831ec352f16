"""One thread that ends spans at a given pace, or all at once: how many of them arrive, and what the app feels of it.

By the clock, as the app lives: who cannot keep the pace makes fewer spans, and the longest `end()` is a request that
waited so much longer.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from typing import Any

from .load import MARKER, prose
from .traced_app import Order, TracedApp

_TEXTS = 500_000
"""Characters of prose of which each message is another cut."""
_FLUSH_MILLIS = 60_000
"""Whoever has not lost a span by then may deliver it."""


class _Calls:
    """The attributes of one model call after the other; no two have a message in common."""

    def __init__(self, message_bytes: int) -> None:
        self._size = message_bytes
        self._dice = random.Random(message_bytes)
        self._prose = prose(self._dice, _TEXTS + message_bytes)
        self._number = 0

    def next(self) -> dict[str, Any]:
        begin = self._dice.randrange(_TEXTS)
        text = f"{self._number} {self._prose[begin : begin + self._size]}"
        self._number += 1
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4.1-mini",
            "gen_ai.usage.input_tokens": 1_000,
            "gen_ai.usage.output_tokens": 200,
            "gen_ai.input.messages": f'[{{"role": "user", "parts": [{{"type": "text", "content": "{text}"}}]}}]',
            "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "Yes."}]}]',
            "app.step": MARKER,
        }


def _paced(rate: int, seconds: float) -> Iterator[None]:
    """Yields `rate` times a second; without a pause while it is behind."""
    begin = due = time.perf_counter()
    while (now := time.perf_counter()) < begin + seconds:
        if now < due:
            time.sleep(due - now)
        due += 1 / rate
        yield


def measure(order: Order) -> dict[str, float]:
    """Spans made, the same a second, and the longest and the 99.9th of 100 `end()` in milliseconds.

    `rate` spans a second for `seconds`; without a rate `traces` spans, one upon the other.
    """
    calls = _Calls(order.message_bytes)
    app = TracedApp(order, ())
    tracer = app.provider.get_tracer("opentelemetry.instrumentation.openai_v2", "2.1")
    tracer.start_span("chat gpt-4.1-mini", attributes={**calls.next(), "app.step": "warm-up"}).end()
    app.provider.force_flush()
    gc.collect()
    gc.freeze()  # as in `stall`
    ends: list[float] = []
    begin = time.perf_counter()
    for _ in _paced(order.rate, order.seconds) if order.rate else range(order.traces):
        span = tracer.start_span("chat gpt-4.1-mini", attributes=calls.next())
        ending = time.perf_counter()
        span.end()
        ends.append(time.perf_counter() - ending)
    took = time.perf_counter() - begin
    app.provider.force_flush(_FLUSH_MILLIS)
    app.provider.shutdown()
    made = len(ends)
    ends.sort()
    return {
        "made": made,
        "rate": made / took,
        "longest": ends[-1] * 1e3,
        "p99.9": ends[int(made * 0.999)] * 1e3,
    }
