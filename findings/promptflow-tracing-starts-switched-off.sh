#!/usr/bin/env bash
# promptflow-tracing 1.18.5: after `start_trace()` nothing is traced, and nothing says so.
# Expected: its own documentation has `start_trace()` alone switch tracing on: a span for each `@trace` function.
# Seen: each function first asks the variable PF_DISABLE_TRACING, which counts as "true" where it is not set. Without
# PF_DISABLE_TRACING=false there is no span, and the log only says that the tracer provider is set; with it there is one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet promptflow-tracing==1.18.5 opentelemetry-sdk==1.38.0
cat > run.py <<'PY'
import logging

from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from promptflow.tracing import start_trace
from promptflow.tracing import trace as traced

logging.basicConfig(level=logging.INFO)
start_trace()
exporter = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))


@traced
def greet(name):
    return "Hello " + name


greet("Ada")
print("spans:", [span.name for span in exporter.get_finished_spans()])
PY
as_documented=$(env -u PF_DISABLE_TRACING venv/bin/python run.py 2>&1)
switched_on=$(PF_DISABLE_TRACING=false venv/bin/python run.py 2>&1)
printf 'as documented:\n%s\nwith PF_DISABLE_TRACING=false:\n%s\n' "$as_documented" "$switched_on"
[ "$(tail -n 1 <<<"$as_documented")" = "spans: []" ]
! grep -qi disable <<<"$as_documented"
[ "$(tail -n 1 <<<"$switched_on")" = "spans: ['greet']" ]
