#!/usr/bin/env bash
# agenta 0.125.1 with litellm 1.110.2: a streamed call leaves no span, and a refused one leaves a span without an error.
# Expected: `ag.callbacks.litellm_handler()` ends the span of a stream when the stream ends, as LiteLLM tells its
# callbacks, and sets the status of the span of a failed call.
# Seen: `log_success_event` returns at once where `stream` is set, and nothing else ends the span: the call and its tokens
# are in no trace. Of a refused call the status stays UNSET, because it is set by the text "ERROR", which the SDK ignores.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check agenta==0.125.1 litellm==1.110.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


class Model(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(200, b"{}")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not self.path.endswith("/chat/completions"):
            return self.reply(200, b"{}")
        asked = json.loads(body)
        if "refuse" in str(asked["messages"]):
            return self.reply(429, json.dumps({"error": {"message": "slow down", "code": "rate"}}).encode())
        if not asked.get("stream"):
            return self.reply(200, json.dumps(ANSWER).encode())
        choice = {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        lines = [json.dumps({**CHUNK, "choices": [each]}) for each in (choice, end)] + ["[DONE]"]
        self.reply(200, "".join(f"data: {line}\n\n" for line in lines).encode(), "text/event-stream")

    def reply(self, status, body, kind="application/json"):
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

import agenta as ag
import litellm
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ag.init(host=here, api_key="key")
memory = InMemorySpanExporter()
ag.tracing.tracer_provider.add_span_processor(SimpleSpanProcessor(memory))
litellm.callbacks = [ag.callbacks.litellm_handler()]


@ag.instrument()
def ask(question, stream=False):
    messages = [{"role": "user", "content": question}]
    answer = litellm.completion(
        model="openai/gpt-4o-mini", messages=messages, stream=stream, api_base=here, api_key="k", max_retries=0
    )
    if stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    return answer.choices[0].message.content


def spans_of(*arguments):
    memory.clear()
    try:
        print("the app got:", ask(*arguments))
    except litellm.RateLimitError:
        print("the app got: RateLimitError")
    threading.Event().wait(2)  # LiteLLM tells its callbacks from a thread
    return {span.name: span.status.status_code.name for span in memory.get_finished_spans()}


whole, streamed, refused = spans_of("hello"), spans_of("hello", True), spans_of("refuse")
print("whole:", whole, "streamed:", streamed, "refused:", refused)
sys.stdout.flush()
as_described = "litellm_client" in whole and list(streamed) == ["ask"] and refused.get("litellm_client") == "UNSET"
os._exit(0 if as_described else 1)
PY
venv/bin/python run.py
