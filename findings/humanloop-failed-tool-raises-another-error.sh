#!/usr/bin/env bash
# humanloop 0.8.38: a decorated tool that fails raises `UnboundLocalError` in place of its own error.
# Expected: the tool's exception reaches the caller (an agent shows it to its model), and the span tells it.
# Seen: `@hl.tool` catches the exception, writes its text to `humanloop.log.error`, and then returns a variable that only
# success has set. The caller gets `UnboundLocalError`, and the span's exception is that one, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check humanloop==0.8.38 requests==2.32.5 opentelemetry-sdk==1.45.2
cat > run.py <<'PY'
import os
import sys

from humanloop import Humanloop
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
client = Humanloop(
    api_key="k", base_url="http://127.0.0.1:9", opentelemetry_tracer_provider=provider,
    opentelemetry_tracer=provider.get_tracer("humanloop.sdk"),
)


@client.tool(path="demo/book")
def book(hotel: str) -> str:
    raise ValueError("no rooms")


try:
    book("full")
    raised = ""
except Exception as error:
    raised = type(error).__name__
span = memory.get_finished_spans()[0]
recorded = [event.attributes["exception.type"] for event in span.events]
print("the app got:", raised, "| the span says:", span.attributes.get("humanloop.log.error"), recorded)
sys.stdout.flush()
os._exit(0 if raised == "UnboundLocalError" and recorded == ["UnboundLocalError"] else 1)
PY
venv/bin/python run.py
