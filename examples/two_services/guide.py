"""The called service: its model call hangs below the agent of the service that called it."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openai import OpenAI
from opentelemetry import context, propagate
from tracing import set_up

from otel_posthog_ai import posthog_context

set_up("guide")


class Guide(BaseHTTPRequestHandler):
    def do_POST(self):
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        # An instrumented web framework does this for you. The user is told by a trusted caller, not by trace headers.
        token = context.attach(propagate.extract(self.headers))
        with posthog_context(distinct_id=self.headers["X-User"]):
            completion = OpenAI().chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": question}]
            )
        context.detach(token)
        self.send_response(200)
        self.end_headers()
        self.wfile.write((completion.choices[0].message.content or "").encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Guide)
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
