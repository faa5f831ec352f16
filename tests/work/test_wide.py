"""What a span costs does not grow with the spans that wait beside it: counted in looks, not in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.tree.unread import UnreadSpans
from otel_posthog_ai.work.holding import Holding
from otel_posthog_ai.work.reading_room import ReadingRoom

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1-mini"}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide"}
AT_ONCE = 20
MOST_LOOKS = 12


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the questions that look at other spans are asked, and at how many spans."""
    found: Counter[str] = Counter()

    def counting(owner: type, name: str, size: Callable[[Any], int]) -> None:
        asked = getattr(owner, name)

        def ask(*given: Any, **named: Any) -> Any:
            answer = asked(*given, **named)
            found[name] += size(answer)
            return answer

        monkeypatch.setattr(owner, name, ask)

    counting(Holding, "must_be_held", lambda _: 1)
    counting(UnreadSpans, "of_trace", len)
    return found


class _AllAtOnce(SpanProcessor):
    """Every span ends before any is read."""

    def __init__(self) -> None:
        self.room = ReadingRoom(resolve({"api_key": "phc_x"}), Counters(), patient=True)
        self.ended: list[ReadableSpan] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.room.hierarchy.open_spans.add(span)

    def on_end(self, span: ReadableSpan) -> None:
        if self.room.note_end(span):
            self.ended.append(span)

    def read(self) -> int:
        """Read and release in batches; how many spans they were."""
        for start in range(0, len(self.ended), AT_ONCE):
            self.room.add(self.ended[start : start + AT_ONCE], lambda _: ())
            self.room.release()
        return len(self.ended)


def _one_run(provider: TracerProvider) -> None:
    tracer = provider.get_tracer("opentelemetry.instrumentation.openai_v2")
    with tracer.start_as_current_span("invoke_agent guide", attributes=AGENT):
        for _ in range(1_000):
            tracer.start_span("chat", attributes=CHAT).end()


def _many_roots(provider: TracerProvider) -> None:
    tracer = provider.get_tracer("opentelemetry.instrumentation.openai_v2")
    for _ in range(500):
        with tracer.start_as_current_span("invoke_agent guide", attributes=AGENT):
            tracer.start_span("chat", attributes=CHAT).end()


@pytest.mark.parametrize("make", [_one_run, _many_roots])
def test_a_span_is_looked_at_a_few_times_however_many_there_are(
    make: Callable[[TracerProvider], None], looks: Counter[str]
) -> None:
    processor = _AllAtOnce()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    make(provider)
    spans = processor.read()
    assert spans >= 1_000
    assert looks["must_be_held"] <= MOST_LOOKS * spans
    assert looks["of_trace"] <= MOST_LOOKS * spans
