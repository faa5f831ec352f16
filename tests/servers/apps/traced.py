"""A traced library of model calls. Its processor is made at import: in a preloading server that is before the fork.

Every AI span is written down in the file `PRODUCED` as it ends, with the process that it ended in. Some end here at
import, so that the server forks while a request is under way and more spans wait behind it.
"""

from __future__ import annotations

import os
import time
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor

AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


def sign(event: dict[str, Any]) -> dict[str, Any]:
    """Say which process the event was made in."""
    event["properties"]["made_in"] = os.getpid()
    return event


processor = PostHogSpanProcessor(flush_at=5, before_send=sign)
provider = TracerProvider()
provider.add_span_processor(processor)
tracer = trace.get_tracer("app", tracer_provider=provider)
produced = os.open(os.environ["PRODUCED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def ask_agent() -> None:
    """What a request does: a web span, an agent, a model call."""
    with (
        tracer.start_as_current_span("GET /ask"),
        tracer.start_as_current_span("invoke_agent helper", attributes=AGENT) as agent,
        tracer.start_as_current_span("chat gpt-4o", attributes=CALL) as call,
    ):
        pass
    write_down(agent, call)


def write_down(*spans: trace.Span) -> None:
    """One line a span: process, trace id, span id."""
    for span in spans:
        ids = span.get_span_context()
        os.write(produced, f"{os.getpid()} {ids.trace_id:032x} {ids.span_id:016x}\n".encode())


def wait_until_sending() -> None:
    """Until the sender has something to send."""
    deadline = time.monotonic() + 10
    while processor.status()["waiting"] == 0:
        assert time.monotonic() < deadline, processor.status()
        time.sleep(0.01)


for _ in range(5):
    ask_agent()
wait_until_sending()
for _ in range(4):
    ask_agent()
