"""A traced app with one contestant's processor, as an order describes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from .contestants import CONTESTANTS

if TYPE_CHECKING:
    from .load import Trace

_LIMITS = SpanLimits(max_span_attributes=10_000, max_events=10_000)
"""As instrumentors advise that write a history as one attribute or event a message."""

WARM_UP = 2


@dataclass(frozen=True)
class Order:
    """What to measure, of whom, under which load."""

    measure: str
    contestant: str
    url: str = ""
    fast: bool = False
    message_bytes: int = 4_000
    traces: int = 30
    """Traces between two flushes."""
    rounds: int = 10
    warm_up: int = WARM_UP
    """Rounds before them, which are not counted."""
    context: bool = False
    private: bool = False
    queue: int | None = None
    rate: int = 0
    """AI spans a second, in a load that has its own pace."""
    seconds: float = 0.0
    turns: int = 0
    """Of an agent or a conversation."""
    pattern: str = ""
    """Which of the loads that a measure knows."""


def memory() -> int:
    """Resident bytes that are this process's own."""
    with open("/proc/self/smaps_rollup") as status:
        fields = dict(line.split(":", 1) for line in status if ":" in line)
    return sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) * 1024


class TracedApp:
    """The app and the processor that is measured."""

    def __init__(self, order: Order, traces: Sequence[Trace] | None = None) -> None:
        from .load import App, make_traces

        self._contestant = CONTESTANTS[order.contestant]
        self.provider = TracerProvider(span_limits=_LIMITS)
        self.provider.add_span_processor(self._contestant.make(order.url, private=order.private, queue=order.queue))
        self._in_context = order.context
        self.traces = make_traces(order.traces, order.message_bytes) if traces is None else traces
        self.app = App(self.provider)

    def run(self) -> None:
        """Every trace once."""
        for trace in self.traces:
            if self._in_context:
                with self._contestant.request():
                    self.app.run(trace)
            else:
                self.app.run(trace)

    def run_plain(self) -> None:
        """As many traces without an AI span."""
        for _ in self.traces:
            self.app.run_plain()
