#!/usr/bin/env bash
# galileo 2.7.0: `start_galileo_span()` tells nothing of a step that fails, not even what it was given.
# Expected: a span of the tool with its name, kind and arguments and the exception, since those are known before it runs.
# Seen: all attributes are written behind the `yield` of the context manager and without `finally`, so a step that raises
# has an empty span: no `gen_ai.operation.name`, no tool, no arguments. Of just the failures a trace cannot say what ran.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet 'galileo[otel]==2.7.0' opentelemetry-sdk==1.45.2
cat > run.py <<'PY'
import sys

from galileo.otel import start_galileo_span
from galileo_core.schemas.logging.span import ToolSpan
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)


def book(hotel):
    if hotel == "full":
        raise ValueError("no rooms")
    return "booked"


for hotel in ("free", "full"):
    step = ToolSpan(name="book", input=hotel)
    try:
        with start_galileo_span(step):
            step.output = book(hotel)
    except ValueError as error:
        print("the app got:", error)
went_well, failed = exporter.get_finished_spans()
print("of the step that went well:", dict(went_well.attributes))
print("of the step that failed:", dict(failed.attributes), [event.name for event in failed.events])
told = went_well.attributes.get("gen_ai.tool.call.arguments") == "free"
sys.exit(0 if told and not failed.attributes and failed.events else 1)
PY
venv/bin/python run.py
