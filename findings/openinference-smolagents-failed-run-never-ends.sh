#!/usr/bin/env bash
# openinference-instrumentation-smolagents 0.1.43 with smolagents 1.26.0: the span of an agent's run that fails never ends.
# Expected: a run whose model raises leaves its AGENT span, ended and with the error, around the step that failed.
# Seen: the step names a parent that is never exported; of the agent, its task and its failure nothing arrives. The span also
# stays the current one of the thread: the next run, and whatever else is traced, hangs below the run that failed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check smolagents==1.26.0 \
    openinference-instrumentation-smolagents==0.1.43 opentelemetry-sdk 2>/dev/null
cat > "$work/run.py" <<'PY'
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
SmolagentsInstrumentor().instrument(tracer_provider=provider)
from smolagents import ToolCallingAgent
from smolagents.models import ChatMessage, MessageRole, Model


class Answers(Model):
    def generate(self, messages, **settings):
        call = {"id": "c", "type": "function", "function": {"name": "final_answer", "arguments": {"answer": "noon"}}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return ChatMessage.from_dict(message)


class Fails(Model):
    def generate(self, messages, **settings):
        raise RuntimeError("the model is gone")


seen = []
for model in (Answers, Fails, Answers):
    memory.clear()
    try:
        print("answered", ToolCallingAgent(tools=[], model=model(), name="guide", verbosity_level=0).run("What time is it?"))
    except Exception as error:
        print("failed", type(error).__name__)
    spans = {span.attributes["openinference.span.kind"]: span for span in memory.get_finished_spans()}
    for kind, span in spans.items():
        print(" ", kind, span.name, "below", span.parent and format(span.parent.span_id, "016x"))
    seen.append(spans)
answered, failed, later = seen
assert answered["AGENT"].parent is None
assert "AGENT" not in failed and failed["CHAIN"].parent is not None
assert later["AGENT"].parent.span_id == failed["CHAIN"].parent.span_id
PY
"$work/venv/bin/python" -W ignore "$work/run.py"
