#!/usr/bin/env bash
# lightrace 1.1.0 with openai 3.57.0: a streamed call of an instrumented `AsyncOpenAI` raises, unsent.
# Expected: `instrument()` takes "an `openai.OpenAI` or `openai.AsyncOpenAI` instance", as its docstring says, streams included.
# Seen: `await client.chat.completions.create(stream=True)` raises a TypeError and sends nothing: the client's method is a
# coroutine behind a decorator, which `asyncio.iscoroutinefunction` does not see, so it is wrapped as one that is none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightrace==1.1.0 openai==3.57.0 \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = {
    "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
}
answered = []


def answer_to(path):
    if path.endswith("/chat/completions"):
        answered.append(path)
    return 200, "text/event-stream", f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n".encode()


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

import asyncio

import openai
from lightrace import Lightrace
from lightrace.integrations.openai import LightraceOpenAIInstrumentor


async def texts(client):
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    return [chunk.choices[0].delta.content async for chunk in await client.chat.completions.create(**asked)]


client = openai.AsyncOpenAI(base_url=here, api_key="k", max_retries=0)
print("plain client:", asyncio.run(texts(client)))
client = openai.AsyncOpenAI(base_url=here, api_key="k", max_retries=0)
LightraceOpenAIInstrumentor(client=Lightrace(public_key="pk", secret_key="sk", host=here)).instrument(client)
try:
    error = f"no error: {asyncio.run(texts(client))}"
except TypeError as raised:
    error = str(raised)
print("instrumented client:", error)
print("requests that the server answered:", len(answered))
sys.stdout.flush()
os._exit(0 if "await" in error and len(answered) == 1 else 1)
PY
venv/bin/python run.py
