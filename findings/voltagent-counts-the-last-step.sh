#!/usr/bin/env bash
# @voltagent/core 2.10.0 with ai 6.0.326: the span of an agent's call of its model lasts for all steps and counts the last.
# Expected: `llm:generateText` says what all requests took that it covers, as the agent's span does; or each step is a span.
# Seen: of two requests with 50 and 70 input tokens it says 70; the step with the tool's call is counted by no span of a
# call, and only the agent above has 120.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @voltagent/core@2.10.0 @voltagent/logger@2.0.2 ai@6.0.326 @ai-sdk/openai@3.0.141 zod@4.6.7 @opentelemetry/api@1.9.0 \
  @opentelemetry/sdk-trace-base@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { createOpenAI } from "@ai-sdk/openai";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Agent, VoltAgentObservability, createTool } from "@voltagent/core";
import { z } from "zod";

let requests = 0;
const calls = [{ id: "call_1", type: "function", function: { name: "look_up", arguments: "{\"city\":\"Paris\"}" } }];
const server = createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "application/json");
  const first = requests++ === 0;
  const message = first ? { role: "assistant", content: null, tool_calls: calls } : { role: "assistant", content: "Sunny" };
  const [input, output] = first ? [50, 6] : [70, 3];
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const choices = [{ index: 0, message, finish_reason: first ? "tool_calls" : "stop" }];
  response.end(JSON.stringify({ id: `chatcmpl-${requests}`, object: "chat.completion", created: 1, model: "gpt-4o-mini", choices, usage }));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
const observability = new VoltAgentObservability({ serviceName: "shop", spanProcessors: [new SimpleSpanProcessor(exporter)] });
const model = createOpenAI({ baseURL: `http://127.0.0.1:${server.address().port}/v1`, apiKey: "x" }).chat("gpt-4o-mini");
const lookUp = createTool({ name: "look_up", description: "w", parameters: z.object({ city: z.string() }), execute: async () => "sunny" });
const agent = new Agent({ name: "guide", instructions: "Be brief", model, tools: [lookUp], observability });
await agent.generateText("Weather in Paris?");
await new Promise((done) => setImmediate(done));
await observability.flush?.();

const spans = exporter.getFinishedSpans();
const counted = (span, key) => Number(span.attributes[key]);
const models = spans.filter((span) => "llm.usage.prompt_tokens" in span.attributes);
const above = spans.find((span) => "usage.prompt_tokens" in span.attributes);
console.log("requests:", requests);
for (const span of models) console.log(span.name, "counts", counted(span, "llm.usage.prompt_tokens"));
console.log(above.name, "counts", counted(above, "usage.prompt_tokens"));
const last = requests === 2 && models.length === 1 && counted(models[0], "llm.usage.prompt_tokens") === 70;
process.exit(last && counted(above, "usage.prompt_tokens") === 120 ? 0 : 1);
JS
node run.mjs
