"""A service behind HTTP whose agent calls a model. Prints its port, serves one request, ends."""

from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry import propagate, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from otel_posthog_ai import PostHogSpanProcessor

provider = TracerProvider()
provider.add_span_processor(PostHogSpanProcessor())
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("service")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        context = propagate.extract({name.lower(): value for name, value in self.headers.items()})
        with tracer.start_as_current_span("GET /agent", context=context, kind=SpanKind.SERVER):
            self.answer()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self) -> None:
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "remote"}
        call = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
        with (
            tracer.start_as_current_span("invoke_agent remote", attributes=agent),
            tracer.start_as_current_span("chat gpt-4o", attributes=call),
        ):
            pass

    def log_message(self, *_: object) -> None:
        """Keep the output quiet."""


with HTTPServer(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.handle_request()
