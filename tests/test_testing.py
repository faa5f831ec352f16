"""`otel_posthog_ai.testing`: what a user's test sees is what the processor posts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogLogRecordProcessor, posthog_context
from otel_posthog_ai.testing import CapturedEvents, capture_events
from tests.recordings import load, play
from tests.traced import AGENT, CHAT, TOOL, Traced


@pytest.fixture
def provider() -> TracerProvider:
    return TracerProvider(shutdown_on_exit=False)


def _work(provider: TracerProvider) -> None:
    tracer = provider.get_tracer("app")
    with posthog_context(distinct_id="u1"), tracer.start_as_current_span("agent", attributes=AGENT):
        tracer.start_span("chat", attributes=CHAT).end()
        tracer.start_span("tool", attributes=TOOL).end()
    tracer.start_span("GET /").end()


def test_the_events_are_what_the_processor_posts(provider: TracerProvider, traced: Traced) -> None:
    provider.add_span_processor(traced.processor)
    with capture_events(provider) as captured:
        _work(provider)
    assert traced.processor.force_flush(5_000)
    assert sorted(captured.events, key=lambda event: event["uuid"]) == sorted(
        traced.receiver.events, key=lambda event: event["uuid"]
    )


GOLDEN = Path(__file__).parent / "golden"
RECORDINGS = sorted([*(GOLDEN / "worked_examples").glob("*.spans.json"), *(GOLDEN / "gen_ai").glob("*log*.spans.json")])


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_recordings_give_their_golden_events(path: Path) -> None:
    captured = CapturedEvents(api_key="phc_golden")
    play(load(path), [captured], [PostHogLogRecordProcessor(captured)])  # type: ignore[arg-type]
    expected: list[dict[str, Any]] = json.loads(
        path.with_name(path.name.replace(".spans.", ".events.")).read_text(encoding="utf-8")
    )
    got = {event["uuid"]: event["properties"] for event in captured.events}
    assert got.keys() == {event["uuid"] for event in expected}
    for event in expected:
        assert event["properties"].items() <= got[event["uuid"]].items()


def test_generations_and_tree(provider: TracerProvider) -> None:
    with capture_events(provider) as captured:
        _work(provider)
    (generation,) = captured.generations
    assert generation["properties"]["$ai_model"] == "gpt-4o"
    assert captured.tree() == [(0, "helper"), (1, "chat"), (1, "search")]
    assert {event["distinct_id"] for event in captured.events} == {"u1"}


def test_options_count_and_bad_ones_are_told(provider: TracerProvider) -> None:
    with capture_events(provider, properties={"plan": "pro"}) as captured:
        _work(provider)
    assert all(event["properties"]["plan"] == "pro" for event in captured.events)
    with pytest.raises(ValueError, match="compression"), capture_events(provider, compression="zip"):  # type: ignore[arg-type]
        pass


def test_what_happens_outside_is_not_captured(provider: TracerProvider) -> None:
    _work(provider)
    with capture_events(provider) as captured:
        pass
    _work(provider)
    assert captured.events == []


def test_it_starts_no_thread(provider: TracerProvider) -> None:
    before = set(threading.enumerate())  # one of a test before may end meanwhile
    with capture_events(provider) as captured:
        _work(provider)
        assert captured.events
        assert set(threading.enumerate()) <= before


def test_a_processor_of_its_own_can_be_asked_again(provider: TracerProvider) -> None:
    captured = CapturedEvents()
    provider.add_span_processor(captured)
    _work(provider)
    first = captured.events
    _work(provider)
    assert captured.events[: len(first)] == first
    assert len(captured.events) == 2 * len(first)


_GLOBAL = """
from opentelemetry import trace
from otel_posthog_ai.testing import capture_events
with capture_events() as captured:
    trace.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
assert len(captured.generations) == 1
with capture_events() as captured:
    trace.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
assert len(captured.generations) == 1
"""


def test_without_a_provider_the_global_one_serves() -> None:
    subprocess.run([sys.executable, "-c", _GLOBAL], check=True, timeout=60)


def test_a_provider_that_takes_no_processors_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    with pytest.raises(ValueError, match="give the provider"), capture_events():
        pass
