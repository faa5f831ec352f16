#!/usr/bin/env bash
# agentbasis 0.1.0 with openai 3.57.0: an answer that calls a tool is recorded as the text "None".
# Expected: what the model answered, which is the call of a tool, or nothing; of a stream, the usage that it brought at its end.
# Seen: `llm.response.content` is "None", and the call stands nowhere; the same answer as a stream, asked for with
# `include_usage`, leaves no counts, though its last chunk has them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check agentbasis==0.1.0 openai==3.57.0 \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
SAID = {"role": "assistant", "content": None, "tool_calls": [CALL]}
HEAD = {"id": "c1", "created": 1, "model": "gpt-4o-mini"}


def answer_to(path):
    if not asked_for_a_stream:
        choice = {"index": 0, "finish_reason": "tool_calls", "message": SAID}
        answer = {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}
        return 200, "application/json", json.dumps(answer).encode()
    head = {**HEAD, "object": "chat.completion.chunk"}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": SAID, "finish_reason": "tool_calls"}]},
        {**head, "choices": [], "usage": USAGE},
    ]
    lines = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return 200, "text/event-stream", lines.encode()


asked_for_a_stream = []


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

import agentbasis
from agentbasis.llms.openai import instrument
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

os.environ["AGENTBASIS_API_URL"] = here
agentbasis.init(api_key="k", agent_id="a")
memory = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(memory))
instrument()

import openai

client = openai.OpenAI(base_url=here, api_key="k", max_retries=0)
asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Weather?"}]}
client.chat.completions.create(**asked)
asked_for_a_stream.append(True)
chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
print("the stream brought:", chunks[-1].usage.total_tokens, "tokens")
whole, streamed = (dict(span.attributes) for span in memory.get_finished_spans())
print(json.dumps(whole, indent=1), json.dumps(streamed, indent=1))
counted = [key for key in streamed if "usage" in key]
sys.stdout.flush()
os._exit(0 if whole.get("llm.response.content") == "None" and "get_weather" not in json.dumps(whole) and not counted else 1)
PY
venv/bin/python run.py
