#!/usr/bin/env bash
# last9-genai 1.3.0 with opentelemetry-instrumentation-openai-v2 2.4b0: beside openai 3.57.0, `install()` traces no call.
# Expected: "All providers, processors, and OpenAI instrumentation are wired automatically", as it says of this one call.
# Seen: this release of the instrumentor imports httpx, which this release of the client no longer brings; `install()` takes the
# ModuleNotFoundError for an instrumentor that is not installed and goes on without a word: calls leave no span.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check last9-genai==1.3.0 openai==3.57.0 \
  opentelemetry-instrumentation-openai-v2==2.4b0 opentelemetry-sdk==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def answer_to(path):
    return 200, "application/json", json.dumps(ANSWER).encode()


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        status, kind, body = answer_to(self.path)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"

import logging

from last9_genai import install
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

said = []
logging.getLogger().addHandler(type("Said", (logging.Handler,), {"emit": lambda self, record: said.append(record)})())
memory = InMemorySpanExporter()
install().tracer_provider.add_span_processor(SimpleSpanProcessor(memory))

import openai

client = openai.OpenAI(base_url=here, api_key="k", max_retries=0)
asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
print("the client got:", client.chat.completions.create(**asked).choices[0].message.content)
spans = len(memory.get_finished_spans())
try:
    import opentelemetry.instrumentation.openai_v2

    why = "it can be imported"
except ModuleNotFoundError as missing:
    why = str(missing)
print("spans:", spans, "- records of a log:", len(said), "- the instrumentor:", why)
sys.stdout.flush()
os._exit(0 if spans == 0 and not said and "httpx" in why else 1)
PY
venv/bin/python run.py
