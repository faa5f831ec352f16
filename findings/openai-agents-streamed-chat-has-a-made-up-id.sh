#!/usr/bin/env bash
# openai-agents 0.24.0: the trace of a streamed chat completion names its answer `__fake_id__`, whatever id the server gave.
# Expected: the response on the span has the id of the chunks (`chatcmpl-1`), or none.
# Seen: the id of every streamed answer of every run is `__fake_id__`; the chunks' id stands in
# `provider_data.response_id` of the items alone. The same call without streaming has a message on its span, of another
# shape and without an id. Whoever joins spans by the answer's id takes all streamed calls for one, or for other calls
# than their client's spans tell of.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openai-agents==0.24.0 2>/dev/null
cat > "$work/run.py" <<'PY'
import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BASE = {"created": 1, "model": "gpt-4o-mini"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


class Server(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if asked.get("stream") else "application/json")
        self.end_headers()
        if asked.get("stream"):
            chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", **BASE}
            for choices, usage in (
                ([{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}], None),
                ([{"index": 0, "delta": {}, "finish_reason": "stop"}], None),
                ([], USAGE),
            ):
                self.wfile.write(b"data: " + json.dumps({**chunk, "choices": choices, "usage": usage}).encode() + b"\n\n")
            self.wfile.write(b"data: [DONE]\n\n")
        else:
            message = {"role": "assistant", "content": "Hi", "refusal": None}
            choices = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
            answer = {"id": "chatcmpl-2", "object": "chat.completion", **BASE, "choices": choices, "usage": USAGE}
            self.wfile.write(json.dumps(answer).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, set_trace_processors
from agents.tracing import TracingProcessor
from openai import AsyncOpenAI

generations = []


class Keep(TracingProcessor):
    def on_trace_start(self, trace):
        pass

    def on_trace_end(self, trace):
        pass

    def on_span_start(self, span):
        pass

    def on_span_end(self, span):
        if span.span_data.type == "generation":
            generations.append(span.span_data.export())

    def shutdown(self):
        pass

    def force_flush(self):
        pass


set_trace_processors([Keep()])


async def main():
    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="k")
    model = OpenAIChatCompletionsModel("gpt-4o-mini", client)
    agent = Agent("helper", model=model, model_settings=ModelSettings(include_usage=True))
    for _ in range(2):
        async for _ in Runner.run_streamed(agent, "Hi").stream_events():
            pass
    await Runner.run(agent, "Hi")


asyncio.run(main())
for each in generations:
    print(json.dumps(each["output"][0])[:160])
first, second, unstreamed = (each["output"][0] for each in generations)
assert first["id"] == second["id"] == "__fake_id__"
assert {item["provider_data"]["response_id"] for each in (first, second) for item in each["output"]} == {"chatcmpl-1"}
assert unstreamed["role"] == "assistant" and "id" not in unstreamed
PY
"$work/venv/bin/python" "$work/run.py"
