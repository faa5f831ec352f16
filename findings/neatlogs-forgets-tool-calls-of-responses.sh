#!/usr/bin/env bash
# neatlogs 1.4.27 with openai 3.57.0: of an answer of the Responses API that calls a tool, nothing is recorded.
# Expected: as for chat completions, whose tool calls stand in `neatlogs.llm.tool_calls.N.*`; both APIs are instrumented.
# Seen: the span has the model and the counts, and neither an output message nor the call; the tools and the instructions that
# were sent are missing as well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
# Without the twenty instrumentors of others that it brings along, over whose versions pip thinks for a quarter of an hour.
venv/bin/pip install --quiet --disable-pip-version-check --no-deps neatlogs==1.4.27
venv/bin/pip install --quiet --disable-pip-version-check openai==3.57.0 openinference-instrumentation==0.1.72 \
  opentelemetry-sdk==1.45.1 opentelemetry-exporter-otlp-proto-http==1.45.1 opentelemetry-instrumentation-threading==0.66b1 \
  opentelemetry-instrumentation-logging==0.66b1 requests==2.34.2 httpx==0.28.1
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather", "arguments": "{}"}
ANSWER = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-mini", "output": [CALL],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    "usage": {
        "input_tokens": 9, "output_tokens": 4, "total_tokens": 13, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    },
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

import neatlogs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

provider, memory = TracerProvider(), InMemorySpanExporter()
neatlogs.init(api_key="k", workflow_name="w", instrumentations=["openai"], tracer_provider=provider, disable_export=True)
provider.add_span_processor(SimpleSpanProcessor(memory))

import openai

client = openai.OpenAI(base_url=here, api_key="k", max_retries=0)
tool = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
answer = client.responses.create(model="gpt-4o-mini", instructions="Be brief.", input="Weather?", tools=[tool])
print("the client got:", [item.name for item in answer.output])
told = {key: value for span in memory.get_finished_spans() for key, value in span.attributes.items() if "llm." in key}
print(json.dumps(told, indent=1, default=str))
whole = json.dumps(told, default=str)
sys.stdout.flush()
os._exit(0 if "token_count.prompt" in whole and "get_weather" not in whole and "brief" not in whole else 1)
PY
venv/bin/python run.py
