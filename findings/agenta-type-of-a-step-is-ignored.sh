#!/usr/bin/env bash
# agenta 0.125.1: `@ag.instrument(type="tool")` records a TASK, whatever type it is given.
# Expected: `ag.type.node` = `tool`, `agent`, `chat`, …, since `type` is the first parameter of the decorator and what its
# documentation tells users to set.
# Seen: the deprecated parameter `spankind` has the default "TASK" and is asked first (`spankind or kind or type`), so that
# each step below the outermost function is a TASK: no tool, no agent and no call of a model can be told from the others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check agenta==0.125.1
cat > run.py <<'PY'
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


class Backend(BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
threading.Thread(target=server.serve_forever, daemon=True).start()

import agenta as ag
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ag.init(host=f"http://127.0.0.1:{server.server_port}", api_key="key")
memory = InMemorySpanExporter()
ag.tracing.tracer_provider.add_span_processor(SimpleSpanProcessor(memory))


@ag.instrument(type="tool")
def get_weather(city):
    return "sunny"


@ag.instrument(type="agent")
def guide(city):
    return get_weather(city)


@ag.instrument(type="workflow")
def trip(city):
    return guide(city)


trip("Paris")
types = {span.name: span.attributes["ag.type.node"] for span in memory.get_finished_spans()}
print(types)
sys.stdout.flush()
os._exit(0 if types == {"get_weather": "TASK", "guide": "TASK", "trip": "workflow"} else 1)
PY
venv/bin/python run.py
