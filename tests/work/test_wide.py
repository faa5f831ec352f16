"""What a span costs does not grow with the spans that wait beside it: counted in looks, not in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.tree.outlook import Outlooks
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
    counting(Outlooks, "of_open", lambda _: 1)
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


def _beside_open_requests(provider: TracerProvider) -> Sequence[Any]:
    web = provider.get_tracer("opentelemetry.instrumentation.fastapi")
    still_open = [web.start_span("request", Context()) for _ in range(400)]
    tracer = provider.get_tracer("opentelemetry.instrumentation.openai_v2")
    for _ in range(400):
        tracer.start_span("chat", Context(), attributes=CHAT).end()
    return still_open


def _told_by_two(provider: TracerProvider) -> Sequence[Any]:
    """One after the other, below nothing."""
    tracers = [provider.get_tracer(f"opentelemetry.instrumentation.{name}") for name in ("openai_v2", "litellm")]
    for _ in range(400):
        for tracer in tracers:
            tracer.start_span("chat", Context(), attributes=CHAT).end()
    return ()


@pytest.mark.parametrize("make", [_beside_open_requests, _told_by_two])
def test_a_call_below_nothing_does_not_look_at_all_that_is_unread(
    make: Callable[[TracerProvider], Sequence[Any]], looks: Counter[str]
) -> None:
    processor = _AllAtOnce()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    still_open = make(provider)
    spans = processor.read()
    once_a_release = (len(still_open) + spans) * spans / AT_ONCE
    assert spans >= 400
    assert looks["of_open"] <= once_a_release + MOST_LOOKS * spans
