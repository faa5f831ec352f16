"""One measurement in a process of its own: `python -m tests.benchmarks.probe '<JSON of Order>'` prints JSON.

CPU time is measured, not time on the clock: the machine may have other things to do.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer, use_span

from .contestants import CONTESTANTS, NOTHING, hide_fast_extra
from .traced_app import Order, TracedApp, memory

_SDK = BatchSpanProcessor  # everybody needs it: what it costs is nobody's


SPANS_AT_ONCE = 500
"""Fewer than make any contestant's worker begin."""


def measure_hooks(order: Order) -> dict[str, float]:
    """CPU microseconds a span of the processor's `on_start` and `on_end` alone, one span after the other."""
    from .load import attributes

    contestant = CONTESTANTS[order.contestant]
    processor = contestant.make(order.url, private=order.private, queue=order.queue)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")
    found: dict[str, float] = {}
    with contestant.request() if order.context else nullcontext(), use_span(tracer.start_span("request")):
        for name, given in attributes().items():
            found[name] = min(_of_hooks(processor, tracer, given) for _ in range(order.rounds + order.warm_up))
    processor.shutdown()
    return found


def _of_hooks(processor: SpanProcessor, tracer: Tracer, attributes: dict[str, Any]) -> float:
    spans: list[Any] = [tracer.start_span("span", attributes=attributes) for _ in range(SPANS_AT_ONCE)]
    gc.collect()
    begin = time.thread_time()
    for span in spans:
        processor.on_start(span, None)
    started = time.thread_time() - begin
    for span in spans:
        span.end()
    begin = time.thread_time()
    for span in spans:
        processor.on_end(span)
    ended = time.thread_time() - begin
    processor.force_flush()
    return (started + ended) / SPANS_AT_ONCE * 1e6


def measure_caller(order: Order) -> dict[str, float]:
    """CPU microseconds a span that the app's thread pays beyond a processor that does nothing.

    That one takes turns with the contestant in one process: what both have in common is ten times the difference.
    """
    from .load import AI_SPANS, SPANS

    sides = (TracedApp(order), TracedApp(replace(order, contestant=NOTHING)))
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(order.rounds + order.warm_up):
        for number, measured in enumerate(sides):
            for name, run in (("caller", measured.run), ("plain", measured.run_plain)):
                gc.collect()
                begin = time.thread_time()
                run()
                found[name, number].append(time.thread_time() - begin)
                measured.provider.force_flush()
    for measured in sides:
        measured.provider.shutdown()
    beyond = {name: min(found[name, 0]) - min(found[name, 1]) for name in ("caller", "plain")}
    spans = {"caller": order.traces * AI_SPANS, "plain": order.traces * SPANS}
    return {name: beyond[name] / spans[name] * 1e6 for name in beyond}


def measure_work(order: Order) -> dict[str, float]:
    """CPU microseconds an AI span of everything behind the calling thread."""
    from .load import AI_SPANS

    measured = TracedApp(order)
    worker: list[float] = []
    for number in range(order.rounds + order.warm_up):
        gc.collect()
        everything, begin = time.process_time(), time.thread_time()
        measured.run()
        called = time.thread_time() - begin
        measured.provider.force_flush()
        everything = time.process_time() - everything
        if number >= order.warm_up:
            worker.append((everything - called) / (order.traces * AI_SPANS) * 1e6)
    measured.provider.shutdown()
    return {"worker": min(worker)}


def measure_cold(order: Order) -> dict[str, float]:
    """CPU milliseconds and megabytes beyond the SDK: after the import, and after the first export."""
    contestant = CONTESTANTS[order.contestant]
    before, begin = memory(), time.process_time()
    contestant.load()
    imported = time.process_time() - begin
    http = float(any(name in sys.modules for name in ("requests", "urllib3", "http.client")))
    provider = TracerProvider()
    provider.add_span_processor(contestant.make(order.url, private=False, queue=None))
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}])
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": said}
    provider.get_tracer("benchmark").start_span("chat", attributes=attributes).end()
    provider.force_flush()
    first = time.process_time() - begin
    gc.collect()
    used = memory() - before
    provider.shutdown()
    return {"import": imported * 1e3, "first": first * 1e3, "memory": used / 1e6, "http": http}


def measure_growth(order: Order) -> dict[str, float]:
    """Memory after a quarter of many rounds and after all of them: what is not flat leaks."""
    from .load import SPANS

    measured = TracedApp(order)
    early = 0
    for number in range(order.rounds):
        measured.run()
        measured.provider.force_flush()
        if number == order.rounds // 4:
            gc.collect()
            early = memory()
    gc.collect()
    late = memory()
    measured.provider.shutdown()
    return {"spans": order.rounds * order.traces * SPANS, "early": early / 1e6, "late": late / 1e6}


def measure_burst(order: Order) -> dict[str, float]:
    """Every span at once from one thread, faster than anybody can send: what it costs the caller."""
    from .load import SPANS

    measured = TracedApp(order)
    begin = time.thread_time()
    for _ in range(order.rounds):
        measured.run()
    called = time.thread_time() - begin
    measured.provider.force_flush()
    measured.provider.shutdown()
    return {"caller": called / (order.rounds * order.traces * SPANS) * 1e6}


MEASURES = {
    "hooks": measure_hooks,
    "caller": measure_caller,
    "work": measure_work,
    "cold": measure_cold,
    "growth": measure_growth,
    "burst": measure_burst,
}


def main() -> None:
    order = Order(**json.loads(sys.argv[1]))
    if not order.fast:
        hide_fast_extra()
    # A module of its own is loaded for its own measure alone: what it imports would be missed in a cold start.
    measure = MEASURES.get(order.measure) or importlib.import_module(f".{order.measure}", __package__).measure
    print(json.dumps(measure(order)))


if __name__ == "__main__":
    main()
