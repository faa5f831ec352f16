"""The exporter without a processor of ours: it finds its provider, and where it cannot, privacy fails closed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.receiver import Receiver

_APP = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from otel_posthog_ai import PostHogSpanExporter, PostHogSpanProcessor, posthog_context

door, url = sys.argv[1:]
CHAT = {{
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1,
    "gen_ai.input.messages": '[{{"role": "user", "parts": [{{"type": "text", "content": "the secret"}}]}}]',
}}
AGENT = {{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}}

def exporting(door):
    if door == "processor":
        return PostHogSpanProcessor(api_key="phc_x", host=url)
    exporter = PostHogSpanExporter(api_key="phc_x", host=url)
    return SimpleSpanProcessor(exporter) if door == "simple" else BatchSpanProcessor(exporter)

def work(provider, **context):
    tracer = provider.get_tracer("app")
    with posthog_context(**context), tracer.start_as_current_span("agent", attributes=AGENT):
        tracer.start_span("chat", attributes=CHAT).end()

{body}
provider.shutdown()
"""

GLOBAL = """
provider = TracerProvider()
provider.add_span_processor(exporting(door))
trace.set_tracer_provider(provider)
work(provider, distinct_id="u1", session_id="s1", properties={"plan": "pro"}, trace_name="support")
work(provider, privacy_mode=True, distinct_id="u2")
"""
SET_BEFORE = """
provider = TracerProvider()
trace.set_tracer_provider(provider)
provider.add_span_processor(exporting(door))
work(provider, distinct_id="u1", session_id="s1", properties={"plan": "pro"}, trace_name="support")
work(provider, privacy_mode=True, distinct_id="u2")
"""
OWN = """
provider = TracerProvider()
provider.add_span_processor(exporting(door))
work(provider, privacy_mode=True, distinct_id="u2")
"""
ATTACHED = """
provider = TracerProvider()
exporter = PostHogSpanExporter(api_key="phc_x", host=url)
exporter.attach(provider)
exporter.attach(provider)
provider.add_span_processor(BatchSpanProcessor(exporter))
work(provider, privacy_mode=True, distinct_id="u2")
work(provider, distinct_id="u1")
"""
NEVER_PRIVATE = """
provider = TracerProvider()
provider.add_span_processor(exporting(door))
work(provider, distinct_id="u1")
"""


def _run(receiver: Receiver, door: str, body: str) -> tuple[list[dict[str, Any]], str]:
    app = subprocess.run(
        [sys.executable, "-c", _APP.format(body=body), door, receiver.url],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert app.returncode == 0, app.stderr
    return list(receiver.events), app.stderr


def _told(event: dict[str, Any]) -> dict[str, Any]:
    """What an event says, without the ids and times of its run."""
    properties = event["properties"]
    ids = ("$ai_trace_id", "$ai_span_id", "$ai_parent_id", "$ai_latency", "$lib_version")
    return {"event": event["event"], "user": event["distinct_id"]} | {
        key: value for key, value in properties.items() if key not in ids
    }


@pytest.mark.parametrize("body", [GLOBAL, SET_BEFORE], ids=["set later", "set before"])
@pytest.mark.parametrize("door", ["batch", "simple"])
def test_a_context_says_the_same_by_either_way(receiver: Receiver, door: str, body: str) -> None:
    told, _ = _run(receiver, door, body)
    receiver.events.clear()
    expected, _ = _run(receiver, "processor", body)

    def calls(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted((_told(e) for e in events if e["event"] == "$ai_generation"), key=str)

    assert calls(told) == calls(expected)
    assert {event["distinct_id"] for event in told} == {"u1", "u2"}
    public = [event for event in told if event["distinct_id"] == "u1" and event["event"] == "$ai_generation"]
    assert [(e["properties"]["$ai_session_id"], e["properties"]["plan"]) for e in public] == [("s1", "pro")]
    assert "the secret" in str(public)
    assert "the secret" not in str([event for event in told if event["distinct_id"] == "u2"])


@pytest.mark.parametrize("door", ["batch", "simple"])
def test_where_it_sees_no_start_a_private_context_keeps_all_content_back(receiver: Receiver, door: str) -> None:
    events, errors = _run(receiver, door, OWN)
    assert [event["event"] for event in events].count("$ai_generation") == 1
    assert "the secret" not in str(events)
    assert errors.count("whose start was not seen") == 1


def test_a_provider_of_ones_own_can_be_named(receiver: Receiver) -> None:
    events, errors = _run(receiver, "batch", ATTACHED)
    by_user = {event["distinct_id"]: event for event in events if event["event"] == "$ai_generation"}
    assert "the secret" in str(by_user["u1"])
    assert "the secret" not in str(by_user["u2"])
    assert errors == ""


def test_nothing_is_kept_back_where_nobody_asked_for_it(receiver: Receiver) -> None:
    events, errors = _run(receiver, "batch", NEVER_PRIVATE)
    assert "the secret" in str(events)
    assert errors == ""
