#!/usr/bin/env bash
# nvidia-nat-core 1.9.0 with langgraph 1.2.24: only the first turn of the toolkit's own `tool_calling_agent` is exported.
# Expected: a run that asks the model, runs a tool and asks again leaves two spans of kind LLM and one of the tool.
# Seen: LangGraph runs the later nodes in the context of a node that has ended; the exporter looks up the parent among open
# steps alone, warns "No parent span found" and drops the step, all below it, and its tokens. The run itself succeeds.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-0}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nvidia-nat-core==1.9.0 nvidia-nat-langchain==1.9.0 \
    nvidia-nat-opentelemetry==1.9.0 nvidia-nat-profiler==1.9.0 langchain-openai==1.7.4 langgraph==1.2.24 2>/dev/null
cat > "$work/server.py" <<'PY'
"""A model that asks for the tool, then answers; and a collector that counts."""
import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "now", "arguments": '{"unused": ""}'}}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.endswith("/traces"):
            body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            with open(sys.argv[2], "a") as out:
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        for span in scope.spans:
                            told = {each.key: each.value.string_value for each in span.attributes}
                            out.write(f"span {told['nat.span.kind']} {span.name}\n")
            return self.answer(b"", "application/x-protobuf")
        request = json.loads(body)
        with open(sys.argv[2], "a") as out:
            out.write(f"asked after {request['messages'][-1]['role']}\n")
        done = request["messages"][-1]["role"] == "tool"
        message = {"role": "assistant", "content": "Noon." if done else None} | ({} if done else {"tool_calls": [CALL]})
        reason = "stop" if done else "tool_calls"
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        shared = {"id": "c", "created": 1, "model": "m"}
        if not request.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            whole = {**shared, "object": "chat.completion", "choices": [choice], "usage": usage}
            return self.answer(json.dumps(whole).encode(), "application/json")
        choices = [[{"index": 0, "delta": message, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": reason}]]
        chunks = [{**shared, "object": "chat.completion.chunk", "choices": each} for each in choices]
        chunks.append({**shared, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self.answer(text.encode(), "text/event-stream")

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[1], "w").write(str(server.server_port))
server.serve_forever()
PY
"$work/venv/bin/python" "$work/server.py" "$work/port" "$work/seen" & server=$!
until [ -s "$work/port" ]; do sleep 0.1; done
cat > "$work/agent.yml" <<YML
general:
  telemetry:
    tracing:
      otel: {_type: otelcollector, project: demo, endpoint: "http://127.0.0.1:$(cat "$work/port")/v1/traces"}
llms:
  model: {_type: openai, model_name: m, api_key: k, base_url: "http://127.0.0.1:$(cat "$work/port")/v1"}
functions:
  now: {_type: current_datetime}
workflow: {_type: tool_calling_agent, tool_names: [now], llm_name: model}
YML
"$work/venv/bin/nat" run --config_file "$work/agent.yml" --input "What time is it?" > "$work/out" 2>&1
grep -m 1 "No parent span found" "$work/out" | sed 's/.*exporter:[0-9]* - //; s/step .*/step …/'
cat "$work/seen"
grep -q "Noon." "$work/out"
test "$(grep -c '^asked after' "$work/seen")" = 2
test "$(grep -c '^span LLM' "$work/seen")" = 1
test "$(grep -c '^span TOOL' "$work/seen" || true)" = 0
