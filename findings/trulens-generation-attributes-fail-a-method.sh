#!/usr/bin/env bash
# trulens-core 2.16.0: `generation_attributes()` on a method makes the call raise, after the model has answered.
# Expected: what its documentation shows on a function, for a method as well, since apps of TruLens are objects with
# methods; and that what describes a span never fails what it describes.
# Seen: it takes the first positional argument for the messages, which of a method is `self`: `TypeError: 'App' object is
# not reversible` reaches the caller, and the answer is lost. The same function outside a class returns its answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet trulens-core==2.16.0 trulens-otel-semconv==2.16.0 opentelemetry-sdk==1.45.2
cat > run.py <<'PY'
import sys

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)

from trulens.apps.app import TruApp
from trulens.core import TruSession
from trulens.core.otel.instrument import generation_attributes, instrument
from trulens.otel.semconv.trace import SpanAttributes

TruSession(database_url="sqlite:///trulens.sqlite")
described = instrument(span_type=SpanAttributes.SpanType.GENERATION, attributes=generation_attributes())
answered = []


def answer(messages):
    answered.append(messages)
    return "It is sunny."


function = described(lambda messages: answer(messages))


class App:
    @described
    def method(self, messages):
        return answer(messages)

    @instrument()
    def ask(self, question, how):
        messages = [{"role": "user", "content": question}]
        return function(messages) if how == "function" else self.method(messages)


def seen(how):
    try:
        return app.ask("What is the weather?", how)
    except TypeError as error:
        return error


app = App()
with TruApp(app, app_name="weather", app_version="1", main_method=app.ask):
    of_function, of_method = seen("function"), seen("method")
print("as a function:", of_function)
print("as a method:", repr(of_method))
print("times the model answered:", len(answered))
still = of_function == "It is sunny." and isinstance(of_method, TypeError) and len(answered) == 2
sys.exit(0 if still else 1)
PY
venv/bin/python run.py
