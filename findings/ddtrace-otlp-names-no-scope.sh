#!/usr/bin/env bash
# ddtrace 4.16.0 with opentelemetry-api 1.45.2: over OTLP, no span says which instrumentation made it.
# Expected: spans made through OpenTelemetry's API keep the name and version of their tracer, as instrumentation scope, and
# ddtrace's own spans are of a scope of ddtrace's.
# Seen: all leave in one scope without a name. `get_tracer("shop.agent", "1.2")` stands nowhere in the request.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ddtrace==4.16.0 opentelemetry-api==1.45.2 \
  opentelemetry-sdk==1.45.2 opentelemetry-proto==1.45.2
cat > app.py <<'PY'
import ddtrace.auto
from opentelemetry import trace

with ddtrace.tracer.trace("datadogs.own"):
    with trace.get_tracer("shop.agent", "1.2").start_as_current_span("opentelemetrys"):
        pass
ddtrace.tracer.flush()
ddtrace.tracer.shutdown()
PY
cat > run.py <<'PY'
import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

requests = []


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.endswith("/v1/traces"):
            requests.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_PUT = do_POST

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
settings = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{here}/v1/traces",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
    "DD_TRACE_OTEL_ENABLED": "true",
    "DD_TRACE_AGENT_URL": here,
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
}
subprocess.run([sys.executable, "app.py"], env={**os.environ, **settings}, check=True, timeout=120)
told = {}
for request in requests:
    for of_resource in ExportTraceServiceRequest.FromString(request).resource_spans:
        for of_scope in of_resource.scope_spans:
            told.update({span.name: (of_scope.scope.name, of_scope.scope.version) for span in of_scope.spans})
print("span -> name and version of its scope:", told)
named = any(b"shop.agent" in request for request in requests)
print("the tracer's name stands in the request:", named)
sys.exit(0 if set(told) == {"datadogs.own", "opentelemetrys"} and set(told.values()) == {("", "")} and not named else 1)
PY
venv/bin/python run.py
