"""An agent that asks the agent behind `SERVICE` with the `requests` library."""

import os

import requests
from opentelemetry import trace

tracer = trace.get_tracer("app")
agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "local"}
with tracer.start_as_current_span("invoke_agent local", attributes=agent):
    headers = {"X-POSTHOG-SESSION-ID": "browser-1"}
    assert requests.get(os.environ["SERVICE"], headers=headers, timeout=30).text == "answer"
