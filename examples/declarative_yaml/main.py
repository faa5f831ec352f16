"""An app that knows nothing of OpenTelemetry; otel.yaml configures the tracing."""

from openai import OpenAI

completion = OpenAI().chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Tell me a joke."}]
)
print(completion.choices[0].message.content)
