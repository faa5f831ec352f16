"""What `before_send` does to its event stays with that event, and a failure of it is no wish of anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
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
