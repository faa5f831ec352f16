#!/usr/bin/env bash
# genai-otel-instrument 1.42.0 with openai 3.57.0: an awaited call is recorded with each of its messages twice.
# Expected: one event for each message and one for the answer, as for the same call of the client that is not async.
# Seen: the span of `AsyncOpenAI` has every event twice, `gen_ai.prompt.0` and `gen_ai.completion.0` too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check genai-otel-instrument==1.42.0 openai==3.57.0
cat > run.py <<'PY'
import asyncio
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Sunny."}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
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

import genai_otel

genai_otel.instrument(service_name="app", endpoint=here, enable_gpu_metrics=False, enable_content_capture=True)
import openai
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(memory))
client = {"base_url": here, "api_key": "k", "max_retries": 0}
asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Weather?"}]}
openai.OpenAI(**client).chat.completions.create(**asked)
asyncio.run(openai.AsyncOpenAI(**client).chat.completions.create(**asked))
events = [[event.name for event in span.events] for span in memory.get_finished_spans() if "chat" in span.name]
for kind, names in zip(("called:", "awaited:"), events):
    print(f"{kind:9}", names)
sys.stdout.flush()
once = ["gen_ai.prompt.0", "gen_ai.completion.0"]
os._exit(0 if events == [once, once * 2] else 1)
PY
venv/bin/python run.py
