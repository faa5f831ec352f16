"""An AWS Lambda function that calls a model."""

from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, flush_on_exit, posthog_context

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


@flush_on_exit
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    with posthog_context(distinct_id=event["user"]), tracer.start_as_current_span("chat gpt-4o", attributes=CALL):
        pass
    if event.get("fail"):
        raise RuntimeError("the app's own error")
    return {"user": event["user"]}
