#!/usr/bin/env bash
# openinference-instrumentation-agent-framework 0.1.13: its span processor calls every span of the app a CHAIN that is not
# Microsoft Agent Framework's, also those that another instrumentor of OpenInference has called LLM, TOOL or EMBEDDING.
# Expected: spans of other scopes pass unchanged, or at least keep a kind that they state.
# Seen: `openinference.span.kind` of a call, a tool and an embedding becomes CHAIN, and a plain HTTP request becomes a CHAIN
# with a `graph.node.id` and the status OK. A backend that counts tokens of LLM spans loses those calls.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  openinference-instrumentation-agent-framework==0.1.13 agent-framework-core==1.23.0 opentelemetry-sdk 2>/dev/null
cat > "$work/run.py" <<'PY'
from openinference.instrumentation.agent_framework import AgentFrameworkToOpenInferenceProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(AgentFrameworkToOpenInferenceProcessor())
provider.add_span_processor(SimpleSpanProcessor(memory))
tracer = provider.get_tracer("openinference.instrumentation.openai")
SAID = {
    "LLM": {"llm.model_name": "gpt-4o-mini", "llm.token_count.prompt": 9, "llm.token_count.completion": 2},
    "TOOL": {"tool.name": "get_weather", "input.value": "{}"},
    "EMBEDDING": {"embedding.model_name": "text-embedding-3-small"},
}
for kind, said in SAID.items():
    tracer.start_span(kind, attributes={"openinference.span.kind": kind, **said}).end()
provider.get_tracer("http").start_span("GET", attributes={"http.request.method": "GET"}).end()
for span in memory.get_finished_spans():
    print(span.name, span.attributes["openinference.span.kind"], span.attributes["graph.node.id"], span.status.status_code)
    assert span.attributes["openinference.span.kind"] == "CHAIN"
    assert span.attributes["graph.node.id"].startswith("chain_")
    assert span.status.is_ok and not span.status.is_unset
assert len(memory.get_finished_spans()) == 4
PY
"$work/venv/bin/python" "$work/run.py"
