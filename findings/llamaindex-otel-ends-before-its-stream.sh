#!/usr/bin/env bash
# llama-index-observability-otel 0.7.0 with llama-index-core 0.14.25: the span of a streamed chat ends before its stream
# is read, and never tells its answer.
# Expected: what the span of a chat that is not streamed has, an LLMChatEndEvent with the answer and the usage.
# Seen: the span ends when the generator is handed out; LlamaIndex fires LLMChatEndEvent after the last piece, when no span
# takes it any more, so that the answer and the tokens of a streamed call stand on no span at all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check llama-index-observability-otel==0.7.0 \
  llama-index-core==0.14.25 2>/dev/null
cat > "$work/run.py" <<'PY'
from llama_index.core.llms import MockLLM
from llama_index.core.base.llms.types import ChatMessage
from llama_index.observability.otel import LlamaIndexOpenTelemetry
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

memory = InMemorySpanExporter()
LlamaIndexOpenTelemetry(span_exporter=memory, span_processor="simple").start_registering()
llm, asked = MockLLM(max_tokens=3), [ChatMessage(role="user", content="one two three")]


def told(method):
    spans = [span for span in memory.get_finished_spans() if span.name.endswith(method)]
    memory.clear()
    return [event.name for span in spans for event in span.events]


llm.chat(asked)
whole = told(".chat")
pieces = llm.stream_chat(asked)
ended_before = bool(memory.get_finished_spans())
for _ in pieces:
    pass
streamed = told(".stream_chat")
print("not streamed:", whole)
print("streamed:    ", streamed, "| the span had ended before the first piece was read:", ended_before)
assert "LLMChatEndEvent" in whole
assert ended_before and "LLMChatEndEvent" not in streamed
PY
"$work/venv/bin/python" "$work/run.py"
