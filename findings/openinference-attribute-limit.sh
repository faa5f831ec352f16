#!/usr/bin/env bash
# openinference-instrumentation-langchain 0.1.80 with opentelemetry-sdk 1.45.1: the span of a long conversation keeps its last messages and loses the system prompt.
# Expected: a span that is too large is cut at its end, or says on itself what it lacks; the raw `input.value` stays for whoever wants the rest.
# Seen: OpenInference writes two attributes a message after `input.value`, and the SDK drops the oldest of more than 128. With
#   a system prompt and 80 further messages `input.value` is gone, and so are the system prompt and the first messages; the numbers of the
#   messages that are left begin in the middle. Only `dropped_attributes` of the span counts it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  openinference-instrumentation-langchain==0.1.80 opentelemetry-sdk==1.45.1 opentelemetry-api==1.45.1 langchain-core==1.8.3
"$work/venv/bin/python" - <<'PYTHON'
import logging

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

logging.disable(logging.CRITICAL)
memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
LangChainInstrumentor().instrument(tracer_provider=provider)


def recorded(turns):
    memory.clear()
    messages = [("system", "Never name a price."), *[("human", "And then?"), ("ai", "Then nothing.")] * turns]
    FakeListChatModel(responses=["fine"]).invoke(messages)
    (span,) = memory.get_finished_spans()
    numbers = sorted(int(key.split(".")[2]) for key in span.attributes if key.startswith("llm.input_messages."))
    prompt = any(value == "Never name a price." for value in span.attributes.values())
    print(f"{1 + 2 * turns} messages: {len(span.attributes)} attributes, {span.dropped_attributes} dropped,",
          f"messages {numbers[0]} to {numbers[-1]}, input.value {'input.value' in span.attributes}, prompt {prompt}")
    return numbers[0], "input.value" in span.attributes, prompt, span.dropped_attributes


short, long = recorded(10), recorded(40)
assert short == (0, True, True, 0), short
assert long[0] > 0 and not long[1] and not long[2] and long[3] > 0, long
PYTHON
