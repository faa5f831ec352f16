#!/usr/bin/env bash
# @mastra/observability 1.17.9 with @mastra/core 1.71.0: the span of a call that the provider refused has no error.
# Expected: the span of the model's call is an error, as that of the agent above it is.
# Seen: of a call that was answered with 429 the spans of the model, its step and its inference end without an error, and
# exporters write the status OK; the error stands on the agent alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @mastra/core@1.71.0 @mastra/observability@1.17.9 @ai-sdk/openai@3.0.141 zod@4.6.7
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { createOpenAI } from "@ai-sdk/openai";
import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { Observability } from "@mastra/observability";

const server = createServer((request, response) => {
  response.writeHead(429, { "content-type": "application/json" });
  request.resume().on("end", () => response.end(JSON.stringify({ error: { message: "Rate limit reached" } })));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;

const model = createOpenAI({ apiKey: "x", baseURL }).chat("gpt-4o-mini");
const guide = new Agent({ id: "guide", name: "guide", instructions: "Be brief", model, maxRetries: 0 });
const ended = [];
const exporter = {
  name: "look",
  exportTracingEvent: async (event) => void (event.type === "span_ended" && ended.push(event.exportedSpan)),
  shutdown: async () => {},
};
const observability = new Observability({ configs: { look: { serviceName: "shop", exporters: [exporter] } } });
const mastra = new Mastra({ agents: { guide }, observability, logger: false });
const refused = await mastra.getAgent("guide").generate("Weather?", { modelSettings: { maxRetries: 0 } }).catch((error) => error);
await mastra.shutdown();
server.close();
server.closeAllConnections();

console.log("refused:", refused.message);
for (const span of ended) console.log(span.type, "error:", span.errorInfo?.message ?? "none");
const failed = (type) => ended.filter((span) => span.type === type).map((span) => Boolean(span.errorInfo));
process.exit(failed("agent_run").join() === "true" && failed("model_generation").join() === "false" ? 0 : 1);
JS
node run.mjs
