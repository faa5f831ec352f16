#!/usr/bin/env bash
# traccia 0.1.33 with openai 3.57.0: a call that the model's server refused is recorded with tokens and a cost.
# Expected: a request that was answered 429 has used nothing, and says so by saying nothing.
# Seen: its span has `llm.usage.prompt_tokens` and `llm.cost.usd`, made of an estimate from the prompt's length; a streamed call
# is told so as well, with the estimate in place of the counts that the stream brought, and with no completion at all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check traccia==0.1.33 openai==3.57.0 \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def answer_to(path):
    return 429, "application/json", json.dumps({"error": {"message": "slow down", "code": "rate_limited"}}).encode()


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

import traccia
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

provider = traccia.init(auto_start_trace=False, endpoint=f"{here}/v1/traces", enable_metrics=False)
memory = InMemorySpanExporter()
provider._otel_tracer_provider.add_span_processor(SimpleSpanProcessor(memory))

import openai

client = openai.OpenAI(base_url=here, api_key="k", max_retries=0)
try:
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "What is a trace, and why?"}])
except openai.RateLimitError as raised:
    print("refused:", raised.status_code)
[span] = memory.get_finished_spans()
told = {key: value for key, value in span.attributes.items() if key.startswith(("llm.usage", "llm.cost"))}
print(json.dumps(told, indent=1))
sys.stdout.flush()
os._exit(0 if told.get("llm.usage.prompt_tokens") and told.get("llm.cost.usd") else 1)
PY
venv/bin/python run.py
