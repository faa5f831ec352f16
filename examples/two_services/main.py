"""Two services, one tree: an agent in this process asks a guide in another one."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from openai import OpenAI
from opentelemetry import propagate, trace
from tracing import set_up

from otel_posthog_ai import posthog_context

set_up("gateway")
USER = "ada@example.com"


def ask_guide(url, question):
    headers = {"X-User": USER}
    propagate.inject(headers)
    with urllib.request.urlopen(urllib.request.Request(url, question.encode(), headers), timeout=30) as response:
        return response.read().decode()


guide = subprocess.Popen([sys.executable, Path(__file__).with_name("guide.py")], stdout=subprocess.PIPE, text=True)
url = f"http://127.0.0.1:{guide.stdout.readline().strip()}"
attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "concierge"}
with (
    posthog_context(distinct_id=USER, session_id="trip-5"),
    trace.get_tracer("gateway").start_as_current_span("invoke_agent concierge", attributes=attributes),
):
    completion = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello, whom should I ask about Paris?"}]
    )
    print("gateway:", completion.choices[0].message.content)
    print("guide:", ask_guide(url, "What should I pack for Paris?"))
guide.send_signal(signal.SIGINT)
guide.wait()
