"""What `before_send` does to its event stays with that event, and a failure of it is no wish of anybody."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_posthog_ai import PostHogSpanExporter, PostHogSpanProcessor
from tests.receiver import Receiver

TOOLS = json.dumps([{"type": "function", "name": "weather", "parameters": {"type": "object"}}])


def test_changes_of_one_event_do_not_reach_the_next(receiver: Receiver) -> None:
    def forget_tools(event: dict[str, Any]) -> dict[str, Any]:
        tools = event["properties"]["$ai_tools"]
        seen.append(json.dumps(tools))
        tools[0]["function"].clear()
        return event

    seen: list[str] = []
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_1", host=receiver.url, before_send=forget_tools))
    for _ in range(2):
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.tool.definitions": TOOLS}
        provider.get_tracer("app").start_span("chat", attributes=attributes).end()
    assert provider.force_flush()
    provider.shutdown()
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert "weather" in seen[0]
    assert [event["properties"]["$ai_tools"][0]["function"] for event in receiver.events] == [{}, {}]


def fails(event: dict[str, Any]) -> Any:
    raise KeyError("nothing")


@pytest.mark.parametrize(
    ("answer", "reason", "kept"),
    [
        (lambda event: None, "before_send", True),
        (fails, "before_send_failed", False),
        (lambda event: "event", "before_send_failed", False),
    ],
)
def test_what_it_loses_by_mistake_is_told_by_the_flush(
    receiver: Receiver, answer: Any, reason: str, kept: bool
) -> None:
    processor = PostHogSpanProcessor(api_key="phc_1", host=receiver.url, before_send=answer)
    provider = TracerProvider()
    provider.add_span_processor(processor)
    provider.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
    assert provider.force_flush() is kept
    assert processor.status()["dropped"] == {reason: 1}
    provider.shutdown()


def leaves(*_: Any) -> Any:
    sys.exit(3)


@pytest.mark.parametrize("option", ["before_send", "mask", "span_filter"])
def test_what_leaves_by_sys_exit_ends_no_thread_of_ours(receiver: Receiver, option: str) -> None:
    calls = iter([leaves])

    def first_leaves(*given: Any) -> Any:
        return next(calls, lambda *_: given[-1])(*given)

    options: Any = {option: first_leaves}
    processor = PostHogSpanProcessor(api_key="phc_1", host=receiver.url, **options)
    provider = TracerProvider()
    provider.add_span_processor(processor)
    for _ in range(2):
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.tool.definitions": TOOLS}
        provider.get_tracer("app").start_span("chat", attributes=attributes).end()
        processor.force_flush()
    dropped = {"before_send_failed": 1} if option == "before_send" else {}
    assert processor.status()["dropped"] == dropped
    assert len(receiver.events) == 2 - len(dropped)
    provider.shutdown()


def test_what_interrupts_the_apps_own_thread_is_the_apps(receiver: Receiver) -> None:
    exporter = PostHogSpanExporter(api_key="phc_1", host=receiver.url, before_send=leaves)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.raises(SystemExit):
        provider.get_tracer("app").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
    provider.shutdown()
