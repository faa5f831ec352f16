#!/usr/bin/env bash
# scorecard-ai 3.10.0 with anthropic 2.14.0: every streamed message is recorded with 0 prompt tokens.
# Expected: the input tokens of the stream's `message_start` event, where Anthropic states them.
# Seen: `gen_ai.usage.prompt_tokens` = 0 and a total without the input, which is most of what a call costs. The branch
# that reads them asks for `message_start` a second time, behind the branch that has just taken it for the id and model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scorecard-ai==3.10.0 anthropic==2.14.0 \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
    "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1234, "output_tokens": 1},
}
EVENTS = [
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in EVENTS).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"

import anthropic
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scorecard_ai.lib.wrap_llms import wrap

client = anthropic.Anthropic(base_url=here, api_key="k", max_retries=0)
wrapped = wrap(client, {"api_key": "k", "project_id": "1", "endpoint": f"{here}/traces"})
memory = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(memory))
stream = wrapped.messages.create(
    model="claude-sonnet-4-5", max_tokens=10, stream=True, messages=[{"role": "user", "content": "hello"}]
)
said = [event.message.usage.input_tokens for event in stream if event.type == "message_start"]
span = next(each for each in memory.get_finished_spans() if each.name == "anthropic.request")
names = ("prompt", "completion", "total")
recorded = {name: span.attributes.get(f"gen_ai.usage.{name}_tokens") for name in names}
print("the stream said:", said, "the span says:", recorded)
sys.stdout.flush()
os._exit(0 if said == [1234] and recorded == {"prompt": 0, "completion": 5, "total": 5} else 1)
PY
venv/bin/python run.py
