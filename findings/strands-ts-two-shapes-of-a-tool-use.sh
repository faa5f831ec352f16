#!/usr/bin/env bash
# @strands-agents/sdk 1.16.0: one tool use stands in two shapes in the events of one trace.
# Expected: a block of the conversation is written as it was when it was the answer, or as it is in the Python SDK:
# `{"toolUse": {…}}` everywhere.
# Seen: in `gen_ai.choice` of the first call it is `{"type": "toolUse", "name": …}`, in `gen_ai.assistant.message` of the
# second call it is `{"toolUse": {"name": …}}`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @strands-agents/sdk@1.16.0 @modelcontextprotocol/sdk@1.29.0 openai@6.49.0 zod@4.1.12 \
  @opentelemetry/api@1.9.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { Agent, tool } from "@strands-agents/sdk";
import { OpenAIModel } from "@strands-agents/sdk/models/openai";
import { z } from "zod";

const calls = [{ index: 0, id: "call_1", type: "function", function: { name: "look_up", arguments: "{\"city\":\"Paris\"}" } }];
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  const answered = JSON.parse(body).messages.some((message) => message.role === "tool");
  response.setHeader("content-type", "text/event-stream");
  const chunk = (delta, finish_reason) => {
    const choices = [{ index: 0, delta, finish_reason }];
    const whole = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini", choices };
    response.write(`data: ${JSON.stringify(whole)}\n\n`);
  };
  chunk(answered ? { role: "assistant", content: "Sunny" } : { role: "assistant", tool_calls: calls }, null);
  chunk({}, answered ? "stop" : "tool_calls");
  response.end("data: [DONE]\n\n");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const clientConfig = { baseURL: `http://127.0.0.1:${server.address().port}/v1` };
const model = new OpenAIModel({ api: "chat", apiKey: "x", modelId: "gpt-4o-mini", clientConfig });
const inputSchema = z.object({ city: z.string() });
const lookUp = tool({ name: "look_up", description: "w", inputSchema, callback: () => "sunny" });
await new Agent({ model, tools: [lookUp], printer: false }).invoke("Weather in Paris?");
server.close();

const chats = exporter.getFinishedSpans().filter((span) => span.name.startsWith("chat"));
const said = (span, name, key) => span.events.find((event) => event.name === name).attributes[key];
const [first] = JSON.parse(said(chats[0], "gen_ai.choice", "message"));
const [second] = JSON.parse(said(chats[1], "gen_ai.assistant.message", "content"));
console.log("as the answer:", JSON.stringify(first));
console.log("as input of the next call:", JSON.stringify(second));
process.exit(first.type === "toolUse" && first.name === "look_up" && second.toolUse?.name === "look_up" ? 0 : 1);
JS
node run.mjs
