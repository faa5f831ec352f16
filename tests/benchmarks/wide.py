"""Very many spans of one trace, and very many traces at once: what a span costs then, and what is held meanwhile."""

from __future__ import annotations

import gc
import time

from opentelemetry.sdk.trace import Span
from opentelemetry.trace import SpanKind, Tracer, use_span

from .load import Trace, make_traces
from .traced_app import Order, TracedApp, memory

_TRACES = 50
"""Of different texts."""
STEPS = 5
"""AI spans of one turn of an agent."""


class _Agents:
    def __init__(self, tracer: Tracer, traces: list[Trace]) -> None:
        self._tracer = tracer
        self._traces = traces

    def start(self) -> Span:
        return self._tracer.start_span("invoke_agent travel guide", attributes=self._traces[0].agent)  # type: ignore[return-value]

    def turn(self, agent: Span, number: int) -> None:
        trace = self._traces[number % len(self._traces)]
        with use_span(agent):
            for call in trace.calls:
                self._tracer.start_span("chat gpt-4.1-mini", kind=SpanKind.CLIENT, attributes=call).end()
            for tool in trace.tools:
                self._tracer.start_span(f"execute_tool {tool['gen_ai.tool.name']}", attributes=tool).end()


def _one_run(agents: _Agents, turns: int) -> int:
    """An agent that takes turn after turn; all its spans are in one trace, and its own ends last."""
    agent = agents.start()
    for number in range(turns):
        agents.turn(agent, number)
    agent.end()
    return turns * STEPS + 1


def _all_open(agents: _Agents, turns: int) -> int:
    """Agents that all run at once, a turn of each after the other; they end when all of them had theirs."""
    started = [agents.start() for _ in range(turns)]
    for number, agent in enumerate(started):
        agents.turn(agent, number)
    for agent in started:
        agent.end()
    return turns * (STEPS + 1)


def _one_by_one(agents: _Agents, turns: int) -> int:
    """As many turns, each of an agent of its own that ends before the next begins."""
    for number in range(turns):
        agent = agents.start()
        agents.turn(agent, number)
        agent.end()
    return turns * (STEPS + 1)


_LOADS = {"one run": _one_run, "all open": _all_open, "one by one": _one_by_one}


def measure(order: Order) -> dict[str, float]:
    """CPU microseconds an AI span behind the caller, and megabytes held before the flush, under the load `pattern`."""
    app = TracedApp(order, ())
    agents = _Agents(app.provider.get_tracer("opentelemetry.instrumentation.openai_v2", "2.1"), make_traces(_TRACES))
    _one_by_one(agents, _TRACES)
    app.provider.force_flush()
    gc.collect()
    before = memory()
    everything, begin = time.process_time(), time.thread_time()
    spans = _LOADS[order.pattern](agents, order.turns)
    called = time.thread_time() - begin
    held = memory() - before
    app.provider.force_flush()
    spent = time.process_time() - everything - called
    app.provider.shutdown()
    return {"worker": spent / spans * 1e6, "held": held / 1e6}
