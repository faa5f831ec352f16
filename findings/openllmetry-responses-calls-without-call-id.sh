#!/usr/bin/env bash
# opentelemetry-instrumentation-openai 0.62.4 with openai 3.57.0: a tool call of the Responses API is recorded under an id that no result names.
# Expected: in `gen_ai.output.messages` the call has the id by which its result will name it, `call_id`, as it has for chats.
# Seen: it has the id of the output item (`fc_…`); `call_id` stands nowhere on that span, and the result in the next
# request names the `call_id`, so the two cannot be put together.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-instrumentation-openai==0.62.4 openai==3.57.0 \
  opentelemetry-sdk==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALL = {
    "type": "function_call", "id": "fc_item", "call_id": "call_1", "name": "get_weather", "arguments": "{}", "status": "completed",
}
ANSWER = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-mini", "output": [CALL],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None,
    "usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13, "input_tokens_details": {"cached_tokens": 0},
              "output_tokens_details": {"reasoning_tokens": 0}},
}


answers = []


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        answers.append({**ANSWER, "id": f"resp_{len(answers)}"})
        body = json.dumps(answers[-1]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()

import openai
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
OpenAIInstrumentor().instrument(tracer_provider=provider)
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k", max_retries=0)
asked = {"role": "user", "content": "Weather?"}
client.responses.create(model="gpt-4o-mini", input=[asked])
client.responses.create(
    model="gpt-4o-mini", input=[asked, CALL, {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}]
)
first, second = (dict(span.attributes) for span in memory.get_finished_spans())
print("the answer:      ", first["gen_ai.output.messages"])
print("the next request:", second["gen_ai.input.messages"])
sys.stdout.flush()
alone = "fc_item" in first["gen_ai.output.messages"] and "call_1" not in json.dumps(first)
os._exit(0 if alone and "call_1" in second["gen_ai.input.messages"] else 1)
PY
venv/bin/python run.py
