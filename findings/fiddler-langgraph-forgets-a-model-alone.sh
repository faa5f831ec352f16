#!/usr/bin/env bash
# fiddler-langgraph 1.7.1 with langchain-openai 1.7.4: a model that is invoked by itself leaves no span.
# Expected: one span for each call of a model, as inside an agent or a chain of the same process.
# Seen: `ChatOpenAI.invoke` alone is in no trace, for the callback makes the span of a call only below a span of a chain
# that it has made itself; a span of the app around the call does not count as one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fiddler-langgraph==1.7.1 langchain-openai==1.7.4 langgraph==1.2.24
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"

from fiddler_langgraph import LangGraphInstrumentor
from fiddler_otel import FiddlerClient
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

client = FiddlerClient(
    application_id="550e8400-e29b-41d4-a716-446655440000", api_key="k", url=here, otlp_enabled=False
)
LangGraphInstrumentor(client).instrument()
memory = InMemorySpanExporter()
client.get_tracer_provider().add_span_processor(SimpleSpanProcessor(memory))
model = ChatOpenAI(model="gpt-4o-mini", base_url=here, api_key="k", max_retries=0)


def spans_of(run):
    memory.clear()
    print("the app got:", run().content)
    return sorted(span.name for span in memory.get_finished_spans())


def under_a_span_of_the_app():
    with client.get_tracer().start_as_current_span("mine"):
        return model.invoke("hello")


chained = spans_of(lambda: (RunnableLambda(str) | model).invoke("hello"))
alone, below = spans_of(lambda: model.invoke("hello")), spans_of(under_a_span_of_the_app)
print("in a chain:", chained, "alone:", alone, "below a span of the app:", below)
sys.stdout.flush()
os._exit(0 if "ChatOpenAI" in chained and not alone and below == ["mine"] else 1)
PY
venv/bin/python run.py 2>/dev/null
