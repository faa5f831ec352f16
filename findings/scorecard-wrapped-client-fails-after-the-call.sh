#!/usr/bin/env bash
# scorecard-ai 3.10.0 with openai 3.57.0: `embeddings.create` of a wrapped client raises after the embedding was made.
# Expected: `wrap(client)` traces what it knows and hands through what it does not.
# Seen: it wraps every method called `create` as if it were `chat.completions.create`: the request is sent and answered
# (and billed), then `AttributeError: 'CreateEmbeddingResponse' object has no attribute 'choices'` reaches the app instead
# of the vectors; `responses.create` fails alike.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scorecard-ai==3.10.0 openai==3.57.0 \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2
cat > run.py <<'PY'
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 1, "total_tokens": 1},
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}],
}
answered = []


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps(ANSWER).encode()
        if self.path.endswith("/embeddings"):
            answered.append(self.path)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"

import openai
from scorecard_ai.lib.wrap_llms import wrap

plain = openai.OpenAI(base_url=here, api_key="k", max_retries=0)
wrapped = wrap(plain, {"api_key": "k", "project_id": "1", "endpoint": f"{here}/traces"})
asked = {"model": "text-embedding-3-small", "input": "hello", "encoding_format": "float"}
print("plain client:", plain.embeddings.create(**asked).data[0].embedding)
try:
    print("wrapped client:", wrapped.embeddings.create(**asked).data[0].embedding)
    error = ""
except AttributeError as raised:
    error = str(raised)
    print("wrapped client:", error)
print("requests that the server answered:", len(answered))
sys.stdout.flush()
os._exit(0 if "choices" in error and len(answered) == 2 else 1)
PY
venv/bin/python run.py
