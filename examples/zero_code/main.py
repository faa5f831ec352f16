"""An app that knows nothing of OpenTelemetry; run.sh switches the tracing on."""

from openai import OpenAI

completion = OpenAI().chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Tell me a joke."}]
)
print(completion.choices[0].message.content)
