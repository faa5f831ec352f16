#!/usr/bin/env bash
# opentelemetry-sdk 1.45.1 with opentelemetry-processor-baggage 0.66b1: below `ConcurrentMultiSpanProcessor` every normal exit loses what waits, and baggage is never seen.
# Expected: a drop-in for the default `SynchronousMultiSpanProcessor`: at exit what a BatchSpanProcessor holds is exported, and
#   `on_start` of a BaggageSpanProcessor finds the baggage of the context in which the span is started.
# Seen: 1. the provider's `atexit` hook runs after Python has closed the processor's thread pool: "cannot schedule new futures after
#   shutdown", nothing is exported, and the exit status is 0. 2. `on_start` runs in a thread of the pool with `parent_context=None`,
#   where the current context is empty: the span has no baggage. With the default processor both are right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-sdk==1.45.1 opentelemetry-api==1.45.1 opentelemetry-processor-baggage==0.66b1
cat >"$work/app.py" <<'PYTHON'
import sys

from opentelemetry import baggage, context
from opentelemetry.processor.baggage import ALLOW_ALL_BAGGAGE_KEYS, BaggageSpanProcessor
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, SynchronousMultiSpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

kinds = {"concurrent": lambda: ConcurrentMultiSpanProcessor(2), "default": SynchronousMultiSpanProcessor}
provider = TracerProvider(active_span_processor=kinds[sys.argv[1]]())
provider.add_span_processor(BaggageSpanProcessor(ALLOW_ALL_BAGGAGE_KEYS))
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda span: f"exported {span.name}\n")))
token = context.attach(baggage.set_baggage("user", "ada"))
with provider.get_tracer("app").start_as_current_span("work") as span:
    print("baggage", dict(span.attributes), flush=True)
context.detach(token)
PYTHON
for kind in default concurrent; do
  "$work/venv/bin/python" "$work/app.py" $kind >"$work/$kind.out" 2>"$work/$kind.err"
  echo "$kind: exit status $?, $(paste -sd' ' "$work/$kind.out"), $(tail -n 1 "$work/$kind.err")"
done
grep -q "baggage {'user': 'ada'}" "$work/default.out"
grep -q "exported work" "$work/default.out"
grep -q "baggage {}" "$work/concurrent.out"
! grep -q "exported" "$work/concurrent.out"
grep -q "cannot schedule new futures after shutdown" "$work/concurrent.err"
