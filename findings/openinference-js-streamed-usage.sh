#!/usr/bin/env bash
# @arizeai/openinference-instrumentation-openai 4.2.7 with openai 6.49.0: a streamed chat has no token counts, also
# where the stream brings them.
# Expected: `llm.token_count.*` as on a call that is not streamed, because the request asks for
# `stream_options: {include_usage: true}` and the last chunk holds the usage.
# Seen: the span of the same question has three counts when it is not streamed, and none when it is.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @arizeai/openinference-instrumentation-openai@4.2.7 openai@6.49.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import OpenAI from "openai";

const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const about = { id: "chatcmpl-1", created: 1, model: "gpt-4o-mini" };
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  if (!JSON.parse(body).stream) {
    response.setHeader("content-type", "application/json");
    const message = { role: "assistant", content: "Hello" };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    return response.end(JSON.stringify({ ...about, object: "chat.completion", choices, usage }));
  }
  response.setHeader("content-type", "text/event-stream");
  const chunk = (choices, counted) =>
    response.write(`data: ${JSON.stringify({ ...about, object: "chat.completion.chunk", choices, usage: counted })}\n\n`);
  chunk([{ index: 0, delta: { role: "assistant", content: "Hello" }, finish_reason: null }], null);
  chunk([{ index: 0, delta: {}, finish_reason: "stop" }], null);
  chunk([], usage);
  response.end("data: [DONE]\n\n");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const instrumentation = new OpenAIInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.manuallyInstrument(OpenAI);
const client = new OpenAI({ baseURL: `http://127.0.0.1:${server.address().port}/v1`, apiKey: "x" });
const question = { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hi" }] };

await client.chat.completions.create(question);
const stream = await client.chat.completions.create({
  ...question, stream: true, stream_options: { include_usage: true },
});
let counted;
for await (const chunk of stream) counted = chunk.usage ?? counted;
await provider.forceFlush();
server.close();

const counts = (span) => Object.keys(span.attributes).filter((key) => key.startsWith("llm.token_count."));
const [whole, streamed] = exporter.getFinishedSpans().map(counts);
console.log("the app got:", JSON.stringify(counted));
console.log("not streamed:", whole.join(", "));
console.log("streamed:", streamed.join(", ") || "no counts");
process.exit(whole.length === 3 && streamed.length === 0 && counted.total_tokens === 11 ? 0 : 1);
JS
node run.mjs
