#!/usr/bin/env bash
# @tanstack/ai 0.58.0: with `captureContent`, a tool's result stands in the recorded conversation and the call of it nowhere.
# Expected: the answer that calls a tool is recorded as that call, and the history of the next request has the call and
# its result under one id, as they were sent to the model.
# Seen: the first call has no output at all, the second one's input goes from the user's message to a tool's message
# without an id. Around both stands a span with their model and the sum of their tokens, named as they are.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @tanstack/ai@0.58.0 @tanstack/ai-openai@0.23.1 zod@4.6.7 @opentelemetry/api@1.9.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { chat, toolDefinition } from "@tanstack/ai";
import { otelMiddleware } from "@tanstack/ai/middlewares/otel";
import { createOpenaiChatCompletions } from "@tanstack/ai-openai";
import { z } from "zod";

const asked = [];
const calls = [{ index: 0, id: "call_1", type: "function", function: { name: "look_up", arguments: "{\"city\":\"Paris\"}" } }];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  asked.push(JSON.parse(body).messages);
  response.setHeader("content-type", "text/event-stream");
  const chunk = (delta, finish_reason, usage) => {
    const choices = delta ? [{ index: 0, delta, finish_reason }] : [];
    const whole = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini", choices, usage };
    response.write(`data: ${JSON.stringify(whole)}\n\n`);
  };
  const first = asked.length === 1;
  chunk(first ? { role: "assistant", tool_calls: calls } : { role: "assistant", content: "Sunny" }, null);
  chunk({}, first ? "tool_calls" : "stop");
  chunk(null, null, { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 });
  response.end("data: [DONE]\n\n");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const adapter = createOpenaiChatCompletions("gpt-4o-mini", "x", { baseURL: `http://127.0.0.1:${server.address().port}/v1` });
const inputSchema = z.object({ city: z.string() });
const lookUp = toolDefinition({ name: "look_up", description: "w", inputSchema }).server(async () => "sunny");
const middleware = [otelMiddleware({ tracer: trace.getTracer("app"), captureContent: true })];
const messages = [{ role: "user", content: "Weather in Paris?" }];
for await (const _ of chat({ adapter, messages, tools: [lookUp], middleware }));
server.close();
server.closeAllConnections();

const spans = exporter.getFinishedSpans();
const [first, second] = spans.filter((span) => "gen_ai.operation.name" in span.attributes);
const around = spans.find((span) => span.name === "chat gpt-4o-mini").attributes;
const history = JSON.parse(second.attributes["gen_ai.input.messages"]);
console.log("asked:", JSON.stringify(asked[1]));
console.log("recorded:", JSON.stringify(history));
console.log("answer that was recorded of the first call:", first.attributes["gen_ai.output.messages"]);
console.log("tokens of two calls and of the span around them:", first.attributes["gen_ai.usage.input_tokens"],
  second.attributes["gen_ai.usage.input_tokens"], around["gen_ai.usage.input_tokens"]);
const sent = asked[1].map((message) => message.role).join() === "user,assistant,tool";
const kept = JSON.stringify(history) === JSON.stringify([messages[0], { role: "tool", content: "sunny" }]);
process.exit(sent && kept && !("gen_ai.output.messages" in first.attributes) && around["gen_ai.usage.input_tokens"] === 100 ? 0 : 1);
JS
node run.mjs
