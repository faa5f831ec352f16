"""AWS Lambda: deliver within the time that the invocation has left, before the platform freezes the process.

Deploy `main.handler`. Run as a script, it invokes the handler as Lambda would.
"""

import os

from openai import OpenAI
from opentelemetry import trace
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, flush_on_exit, posthog_context

os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")

# Set-up at import time happens once for a container, not for an invocation.
provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())  # on Lambda it takes the serverless preset by itself
trace.set_tracer_provider(provider)
OpenAIInstrumentor().instrument()
client = OpenAI()


@flush_on_exit
def handler(event, context):
    with posthog_context(distinct_id=event["user"], session_id=event["chat"]):
        completion = client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": event["question"]}]
        )
    return {"statusCode": 200, "body": completion.choices[0].message.content}


class InvocationContext:
    """What Lambda gives a handler as its second argument, as far as it matters here."""

    def get_remaining_time_in_millis(self):
        return 10_000


if __name__ == "__main__":
    print(handler({"user": "ada@example.com", "chat": "chat-3", "question": "Tell me a joke."}, InvocationContext()))
    # Lambda may freeze or kill the process now; nothing waits for a clean exit.
    os._exit(0)
