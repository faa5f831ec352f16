"""An agent in a web request, traced by hand as an instrumentor would.

The SDK is set up by whoever starts the app, with `PROCESSOR=1` in code, with `CONFIGURE` from a configuration file.
"""

import os

from opentelemetry import trace

if os.environ.get("PROCESSOR"):
    from opentelemetry.sdk.trace import TracerProvider

    from otel_posthog_ai import PostHogSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor())
    trace.set_tracer_provider(provider)
elif os.environ.get("CONFIGURE"):
    from opentelemetry.configuration.file import configure_sdk, load_config_file

    configure_sdk(load_config_file(os.environ["CONFIGURE"]))

from otel_posthog_ai import posthog_context

tracer = trace.get_tracer("app")
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 0,
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]',
}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}

for _ in range(2 if os.environ.get("TWICE") else 1):
    with (
        posthog_context(distinct_id="user-7", session_id="chat-3", properties={"plan": "pro"}),
        tracer.start_as_current_span("POST /ask"),
        tracer.start_as_current_span("invoke_agent helper", attributes=AGENT),
        tracer.start_as_current_span("plumbing"),
    ):
        with tracer.start_as_current_span("chat gpt-4o", attributes=CALL):
            pass
        if os.environ.get("FLUSH_BETWEEN"):
            trace.get_tracer_provider().force_flush()
        with tracer.start_as_current_span("execute_tool weather", attributes=TOOL):
            with tracer.start_as_current_span("GET"):
                pass
            with tracer.start_as_current_span("chat gpt-4o nested", attributes=CALL):
                pass
print("app runs")
