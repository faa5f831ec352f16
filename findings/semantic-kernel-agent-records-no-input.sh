#!/usr/bin/env bash
# semantic-kernel 1.45.0: an agent's span records an empty list of input messages, whatever the agent was asked.
# Expected: with SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE=true the `invoke_agent` span bears the
# question as it bears the answer.
# Seen: `gen_ai.input.messages` is `[]` for a text, a message and a list of messages alike, by get_response and by invoke;
# `gen_ai.output.messages` beside it has the answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check semantic-kernel==1.45.0 opentelemetry-sdk 2>/dev/null
cat > "$work/run.py" <<'PY'
import asyncio
import os

os.environ["SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE"] = "true"
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.chat_completion_client_base import ChatCompletionClientBase
from semantic_kernel.contents import ChatMessageContent


class Parrot(ChatCompletionClientBase):
    async def _inner_get_chat_message_contents(self, chat_history, settings):
        return [ChatMessageContent(role="assistant", content="It is dry.")]


async def main():
    agent = ChatCompletionAgent(service=Parrot(ai_model_id="parrot"), name="helper", instructions="Be brief.")
    message = ChatMessageContent(role="user", content="Is it raining?")
    for asked in ("Is it raining?", message, [message]):
        await agent.get_response(messages=asked)
        async for _ in agent.invoke(messages=asked):
            pass


asyncio.run(main())
spans = [span for span in memory.get_finished_spans() if span.name.startswith("invoke_agent")]
for span in spans:
    print(span.attributes["gen_ai.input.messages"], span.attributes["gen_ai.output.messages"])
assert len(spans) == 6
assert {span.attributes["gen_ai.input.messages"] for span in spans} == {"[]"}
assert all("It is dry." in span.attributes["gen_ai.output.messages"] for span in spans)
PY
"$work/venv/bin/python" "$work/run.py"
