#!/usr/bin/env bash
# microsoft-agents-a365-observability-extensions-langchain 2.0.0: a model call that is streamed or fails says nothing.
# Expected: the span of a call bears model, messages and tokens however the answer came, and what was asked when it failed.
# Seen: the update reads `outputs["llm_output"]["id"]`, which is None for a stream and missing for a failure. That raises,
# is logged, and the span ends with a name and no attribute, not even an operation. Of a call that arrives whole, the count
# of reasoning tokens stands in `gen_ai.response.finish_reasons`, and the tools' definitions in `gen_ai.tool.call.arguments.0`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check microsoft-agents-a365-observability-core==2.0.0 \
    microsoft-agents-a365-observability-extensions-langchain==2.0.0 langchain-openai==1.7.4 "wrapt<2" 2>/dev/null
cat > "$work/run.py" <<'PY'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["ENABLE_A365_OBSERVABILITY"] = "true"
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
USAGE = {"prompt_tokens": 9, "completion_tokens": 70, "total_tokens": 79, "completion_tokens_details": {"reasoning_tokens": 64}}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        shared = {"id": "chatcmpl-1", "created": 1, "model": "m"}
        message = {"role": "assistant", "content": "Noon."}
        kind, status = "application/json", 200
        if request["messages"][-1]["content"] == "fail":
            status, body = 429, json.dumps({"error": {"message": "slow down"}})
        elif request.get("stream"):
            chunk = {**shared, "object": "chat.completion.chunk", "usage": USAGE}
            chunk["choices"] = [{"index": 0, "delta": message, "finish_reason": "stop"}]
            kind, body = "text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
        else:
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            body = json.dumps({**shared, "object": "chat.completion", "choices": [choice], "usage": USAGE})
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
from langchain_openai import ChatOpenAI
from microsoft_agents_a365.observability.core.config import configure
from microsoft_agents_a365.observability.extensions.langchain.tracer_instrumentor import CustomLangChainInstrumentor

configure(service_name="demo", service_namespace="demo")
CustomLangChainInstrumentor()
url = f"http://127.0.0.1:{server.server_port}/v1"
model = ChatOpenAI(model="m", api_key="k", base_url=url, max_retries=0)
tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
model.invoke("What time is it?", tools=[tool])
list(model.stream("What time is it?"))
try:
    model.invoke("fail")
except Exception as error:
    print(type(error).__name__)
whole, streamed, failed = memory.get_finished_spans()
for span in (whole, streamed, failed):
    print("SPAN", span.name, sorted(span.attributes))
assert whole.attributes["gen_ai.response.finish_reasons"] == 64
assert json.loads(whole.attributes["gen_ai.tool.call.arguments.0"])["function"]["name"] == "now"
assert not streamed.attributes and streamed.status.status_code.name == "OK"
assert not failed.attributes and failed.status.status_code.name == "ERROR"
os._exit(0)
PY
"$work/venv/bin/python" -u "$work/run.py" 2>/dev/null | grep -v '^[ {}]'
