#!/usr/bin/env bash
# @ax-llm/ax 24.0.21: a call's span says 28 input tokens of 332, and nothing of the 304 that the cache served.
# Expected: `gen_ai.usage.input_tokens` holds all input tokens, the cached ones too, as the semantic conventions say; or
# an attribute beside it tells of the cache.
# Seen: it leaves out what was cached, no attribute says so, and the total on the same event still counts it. A cost made
# of input and output is that of a tenth of the call.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @ax-llm/ax@24.0.21 @opentelemetry/api@1.9.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { ai } from "@ax-llm/ax";

const usage = { prompt_tokens: 332, completion_tokens: 11, total_tokens: 343, prompt_tokens_details: { cached_tokens: 304 } };
const server = createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "application/json");
  const choices = [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }];
  response.end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "gpt-4o-mini", choices, usage }));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const apiURL = `http://127.0.0.1:${server.address().port}/v1`;
const tracer = trace.getTracer("app");
const client = ai({ name: "openai", apiKey: "x", apiURL, config: { model: "gpt-4o-mini", stream: false }, options: { tracer } });
await client.chat({ chatPrompt: [{ role: "user", content: "Hi" }] }, { stream: false });
server.close();
server.closeAllConnections();

const [span] = exporter.getFinishedSpans();
const counted = span.events.find((event) => event.name === "gen_ai.usage").attributes;
console.log("answered:", JSON.stringify(usage));
console.log("recorded:", JSON.stringify(counted));
const told = JSON.stringify([span.attributes, counted]);
process.exit(counted["gen_ai.usage.input_tokens"] === 28 && counted["gen_ai.usage.total_tokens"] === 343 && !told.includes("cache") ? 0 : 1);
JS
node run.mjs
