"""Run an example and see what arrives, with no key and no network: `python examples/run.py openai_chat`.

Where OPENAI_API_KEY is not set, a local model server answers; where POSTHOG_API_KEY is not set, a local inbox takes the
place of PostHog, and its traces are printed at the end. `--keep` leaves the inbox open for the browser.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from otel_posthog_ai.demo.picture import draw
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.model_server import ModelServer
from otel_posthog_ai.terminal import Terminal

HERE = Path(__file__).parent
NAMES = sorted(entry.parent.name for entry in HERE.glob("*/requirements.txt"))


def main():
    options = parse()
    environ = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
    with ExitStack() as stack:
        if not environ.get("OPENAI_API_KEY"):
            environ.update(at_model_server(stack.enter_context(ModelServer(latency=0.02)).url))
        if not environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = stack.enter_context(otlp_sink([]))
        inbox = None
        if not environ.get("POSTHOG_API_KEY"):
            inbox = stack.enter_context(Inbox())
            environ.update(at_inbox(inbox.url))
        code = subprocess.run(command(options.name), env=environ, check=False).returncode
        if inbox is not None:
            show(inbox.url, options.keep)
    return code


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=NAMES, metavar="name", help=", ".join(NAMES))
    parser.add_argument("--keep", action="store_true", help="leave the inbox open for the browser")
    return parser.parse_args()


def command(name):
    """How an example is started: by its run.sh where it has one, else main.py."""
    script = HERE / name / "run.sh"
    return ["sh", str(script)] if script.exists() else [sys.executable, str(HERE / name / "main.py")]


def at_model_server(url):
    """The variables that send the clients of the providers to a model server."""
    return {
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": "local",
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "local",
    }


def at_inbox(url):
    """The variables that send events to an inbox."""
    return {"POSTHOG_HOST": url, "POSTHOG_API_KEY": "phc_local"}


@contextmanager
def otlp_sink(bodies):
    """An address that takes OTLP over HTTP and appends the body of each request to `bodies`."""

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def show(inbox_url, keep):
    out = Terminal()
    for header in reversed(read(f"{inbox_url}/api/traces")["traces"]):
        out.line()
        draw(out, read(f"{inbox_url}/api/traces/{header['id']}"))
    if keep:
        out.line(f"\nThe inbox stays open at {inbox_url}. Ctrl-C ends it.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


def read(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


if __name__ == "__main__":
    sys.exit(main())
