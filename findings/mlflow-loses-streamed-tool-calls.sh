#!/usr/bin/env bash
# mlflow-tracing 3.17.2 with openai 3.57.0: of a streamed answer that calls a tool, autologging records no call, only "".
# Expected: the answer that the chunks make together, as it records it without streaming: one call of the tool.
# Seen: `mlflow.spanOutputs` holds a choice with content "" and tool_calls null, while the pieces of the call stand in the
# events of the same span (`mlflow.chunk.item.N`), so that a reader of the answer sees an agent that said nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mlflow-tracing==3.17.2 openai==3.57.0 \
  opentelemetry-exporter-otlp-proto-http==1.45.2 2>/dev/null
cat > "$work/run.py" <<'PY'
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


def chunk(reason=None, **delta):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
    return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"


first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
rest = {"index": 0, "function": {"arguments": '{"city": "Paris"}'}}
BODY = chunk(role="assistant") + chunk(tool_calls=[first]) + chunk(tool_calls=[rest]) + chunk("tool_calls")


exported = []


class Model(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        if self.path == "/v1/traces":
            exported.append(body)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write((BODY + "data: [DONE]\n\n").encode())


server = HTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()

address = f"http://127.0.0.1:{server.server_port}"
os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{address}/v1/traces"
os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
os.environ["MLFLOW_TRACKING_URI"] = address

import mlflow
from openai import OpenAI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

mlflow.openai.autolog()
client = OpenAI(api_key="none", base_url=f"{address}/v1")
tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
messages = [{"role": "user", "content": "Weather in Paris?"}]
stream = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[tool], stream=True)
seen = [piece.choices[0].delta.tool_calls for piece in stream]
assert any(seen), "the client itself must have got the call"

deadline = time.monotonic() + 30
while not exported and time.monotonic() < deadline:
    time.sleep(0.1)
request = ExportTraceServiceRequest.FromString(exported[0])
[span] = [span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans]
attributes = {each.key: each.value.string_value for each in span.attributes}
choice = json.loads(attributes["mlflow.spanOutputs"])["choices"][0]
print("the client got", sum(map(bool, seen)), "pieces of a call; recorded:", choice)
assert choice["message"]["content"] == "" and not choice["message"].get("tool_calls")
PY
cd "$work" && "$work/venv/bin/python" run.py
