"""An agent that asks the agent behind `SERVICE`, through an HTTP client span."""

import os
from urllib.request import Request, urlopen

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from otel_posthog_ai import PostHogSpanProcessor

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("caller")

agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "local"}
tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "ask"}
with (
    tracer.start_as_current_span("invoke_agent local", attributes=agent),
    tracer.start_as_current_span("execute_tool ask", attributes=tool),
    tracer.start_as_current_span("GET", kind=SpanKind.CLIENT),
):
    headers: dict[str, str] = {}
    propagate.inject(headers)
    with urlopen(Request(os.environ["SERVICE"], headers=headers), timeout=30) as answer:
        assert answer.status == 200
