#!/usr/bin/env bash
# upsonic 0.77.3 with genai-prices 0.2.3: the calls of OpenAI are told without any tokens, at cost 0.
# Expected: the usage of the answer on the `chat` span (`gen_ai.usage.input_tokens`), or an error that says why not.
# Seen: its `RequestUsage.extract` hands each field that genai-prices (any from 0.0.38) found to a class which has no
# `output_reasoning_tokens`; the TypeError is passed over, and an empty usage with `operation.cost` = 0.0 remains. The
# field is there whenever the answer has `completion_tokens_details.reasoning_tokens`, as OpenAI's answers do, be it 0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check upsonic==0.77.3 genai-prices==0.2.3 openai==3.37.0 \
  opentelemetry-sdk==1.45.1
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

details = {"reasoning_tokens": 0}


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        usage = {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}
        if details:
            usage["completion_tokens_details"] = details
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
        body = json.dumps(
            {"id": "c-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini", "choices": [choice],
             "usage": usage}
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}", "OPENAI_API_KEY": "k"}
os.environ["UPSONIC_TELEMETRY"] = "False"

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from upsonic import Agent, Task
from upsonic.models.instrumented import InstrumentationSettings


def told():
    provider, kept = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    Agent("openai/gpt-4o-mini", instrument=InstrumentationSettings(tracer_provider=provider)).do(Task("Hi"))
    [call] = [span for span in kept.get_finished_spans() if span.name.startswith("chat")]
    return {key: value for key, value in call.attributes.items() if key.startswith(("gen_ai.usage.", "operation."))}


with_details = told()
details.clear()
without = told()
print("with completion_tokens_details:   ", with_details)
print("without completion_tokens_details:", without)
sys.stdout.flush()
lost = "gen_ai.usage.input_tokens" not in with_details and without.get("gen_ai.usage.input_tokens") == 11
os._exit(0 if lost else 1)
PY
venv/bin/python run.py 2>/dev/null | grep completion_tokens_details
