#!/usr/bin/env bash
# langsmith 0.15.1 with opentelemetry-sdk 1.45.2: a run that failed leaves as a span whose status is OK.
# Expected: status ERROR on the span of every run that raised, as its exporter sets it beside the exception event.
# Seen: the span of a run that was reported when it began carries the `exception` event and the status OK: the exporter
# sets OK with the first report, which knows of no error yet, and the SDK lets no status replace OK. Only a run that
# began and ended within one batch, such as the tool below, is marked as failed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "langsmith[otel]==0.15.1" \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import os
import sys
import time

os.environ.update(
    LANGSMITH_TRACING="true", LANGSMITH_OTEL_ENABLED="true", LANGSMITH_OTEL_ONLY="true", LANGSMITH_API_KEY="k",
    LANGSMITH_ENDPOINT="http://127.0.0.1:9",
)
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

from langsmith import Client, traceable

client = Client()


@traceable(run_type="tool", client=client)
def book_hotel(city):
    raise ValueError("no rooms")


@traceable(run_type="chain", client=client)
def agent(question):
    time.sleep(2)  # a model thinks: what has begun is reported meanwhile
    return book_hotel("Paris")


try:
    agent("Book me a hotel")
except ValueError:
    pass
client.flush()
for _ in range(100):
    if len(memory.get_finished_spans()) == 2:
        break
    time.sleep(0.1)
seen = {
    span.name: (span.status.status_code.name, [event.name for event in span.events])
    for span in memory.get_finished_spans()
}
print(seen)
sys.stdout.flush()
os._exit(0 if seen == {"book_hotel": ("ERROR", ["exception"]), "agent": ("OK", ["exception"])} else 1)
PY
venv/bin/python run.py
