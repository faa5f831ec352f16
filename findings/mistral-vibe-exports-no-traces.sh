#!/usr/bin/env bash
# mistral-vibe 3.0.2: with `enable_otel = true` nothing is exported, and nothing says so.
# Expected: its settings say that it then exports traces of agent, model and tool operations to `otel_endpoint`.
# Seen: the agent asks the model and answers; no request ever reaches the endpoint. What sets tracing up is called nowhere
# in the package, while version 2.11 called it at its start.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for python in python3.14 python3.13 python3.12 python3; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && break
done
"$python" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mistral-vibe==3.0.2
cat > run.py <<'PY'
import json, os, pathlib, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = []
DELTA = {"index": 0, "delta": {"role": "assistant", "content": "Sunny"}, "finish_reason": "stop"}
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [DELTA],
         "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}}
MESSAGE = {"index": 0, "message": {"role": "assistant", "content": "Sunny"}, "finish_reason": "stop"}


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        asked.append(self.path)
        streamed = self.path.endswith("/completions") and json.loads(body).get("stream")
        whole = {**CHUNK, "object": "chat.completion", "choices": [MESSAGE]}
        answer = f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n" if streamed else json.dumps(whole)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streamed else "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
home = pathlib.Path("home").resolve()
(home / ".vibe").mkdir(parents=True)
(home / ".vibe" / "config.toml").write_text(f"""
active_model = "m"
enable_telemetry = true
enable_otel = true
otel_endpoint = "{url}"
enable_update_checks = false
[[providers]]
name = "local"
api_base = "{url}/v1"
api_key_env_var = "LOCAL_KEY"
[[models]]
name = "m"
provider = "local"
alias = "m"
""")
env = {**os.environ, "HOME": str(home), "VIBE_HOME": str(home / ".vibe"), "LOCAL_KEY": "x", "MISTRAL_API_KEY": "x"}
run = [os.path.join(os.path.dirname(sys.executable), "vibe"), "-p", "Weather in Paris?", "--trust", "--yolo"]
said = subprocess.run(run, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
print("answered:", said.stdout.strip() or said.stderr.strip()[-300:])
print("requests:", sorted(set(asked)))
calls = [path for path in asked if path.endswith("/completions")]
sys.exit(0 if "Sunny" in said.stdout and calls and not [path for path in asked if path.endswith("/traces")] else 1)
PY
venv/bin/python run.py
