"""A Flask app whose view runs an agent; only the agent traces itself. Prints its port, serves one request, ends."""

from flask import Flask
from opentelemetry import trace
from werkzeug.serving import make_server

from otel_posthog_ai.web import PostHogWSGIMiddleware

tracer = trace.get_tracer("app")
app = Flask("app")


@app.get("/agent")
def agent() -> str:
    remote = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "remote"}
    call = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    with (
        tracer.start_as_current_span("invoke_agent remote", attributes=remote),
        tracer.start_as_current_span("chat gpt-4o", attributes=call),
    ):
        return "answer"


app.wsgi_app = PostHogWSGIMiddleware(app.wsgi_app)
server = make_server("127.0.0.1", 0, app)
print(server.port, flush=True)
server.handle_request()
