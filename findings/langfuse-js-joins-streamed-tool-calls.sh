#!/usr/bin/env bash
# @langfuse/openai 5.11.1 with openai 6.49.0: two tools that a streamed answer calls are recorded as one call.
# Expected: a list of two calls, each with its name and its arguments, as without streaming.
# Seen: one call, with the name of the last one and the arguments of both in a row, which is no JSON any more:
# `{"city":"Paris"}{"city":"Rome"}`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @langfuse/openai@5.11.1 @langfuse/tracing@5.11.1 @langfuse/core@5.11.1 openai@6.49.0 @opentelemetry/api@1.9.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { observeOpenAI } from "@langfuse/openai";
import OpenAI from "openai";

const called = (index, name, city) =>
  ({ index, id: `call_${index}`, type: "function", function: { name, arguments: JSON.stringify({ city }) } });
const server = createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "text/event-stream");
  const chunk = (delta, finish_reason) => {
    const choices = [{ index: 0, delta, finish_reason }];
    const whole = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini", choices };
    response.write(`data: ${JSON.stringify(whole)}\n\n`);
  };
  chunk({ role: "assistant", tool_calls: [called(0, "get_weather", "Paris")] }, null);
  chunk({ tool_calls: [called(1, "get_time", "Rome")] }, null);
  chunk({}, "tool_calls");
  response.end("data: [DONE]\n\n");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
const client = observeOpenAI(new OpenAI({ apiKey: "x", baseURL: `http://127.0.0.1:${server.address().port}/v1` }));
const tool = (name) => ({ type: "function", function: { name, parameters: { type: "object", properties: {} } } });
const messages = [{ role: "user", content: "Weather in Paris, time in Rome?" }];
const tools = [tool("get_weather"), tool("get_time")];
for await (const _ of await client.chat.completions.create({ model: "gpt-4o-mini", stream: true, messages, tools }));
server.close();

const output = exporter.getFinishedSpans()[0].attributes["langfuse.observation.output"];
console.log("recorded:", output);
const calls = JSON.parse(output).tool_calls;
const joined = calls.length === 1 && calls[0].function.arguments === '{"city":"Paris"}{"city":"Rome"}';
process.exit(joined && calls[0].function.name === "get_time" ? 0 : 1);
JS
node run.mjs
