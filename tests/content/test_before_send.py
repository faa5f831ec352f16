"""What `before_send` does to its event stays with that event."""

from __future__ import annotations

import json
from typing import Any

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
