#!/usr/bin/env bash
# @traceloop/instrumentation-openai 0.27.0 with openai 6.49.0: a call that fails leaves no span.
# Expected: a span with status ERROR and the exception, as the same project's instrumentor for Python writes it.
# Seen: of a call that is answered and one that is refused with 429, the first is the only span that ever ends; the app
# gets the error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @traceloop/instrumentation-openai@0.27.0 openai@6.49.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { OpenAIInstrumentation } from "@traceloop/instrumentation-openai";
import OpenAI from "openai";

const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  const refused = JSON.parse(body).messages[0].content === "refused";
  response.statusCode = refused ? 429 : 200;
  response.setHeader("content-type", "application/json");
  const choices = [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }];
  const answer = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "gpt-4o-mini", choices };
  response.end(JSON.stringify(refused ? { error: { message: "Rate limit reached", type: "requests" } } : answer));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const instrumentation = new OpenAIInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.manuallyInstrument(OpenAI);
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
const client = new OpenAI({ baseURL, apiKey: "x", maxRetries: 0 });
const ask = (content) =>
  client.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content }] });

await ask("answered");
const error = await ask("refused").catch((caught) => caught);
await new Promise((done) => setTimeout(done, 500));
await provider.forceFlush();
server.close();

const spans = exporter.getFinishedSpans();
console.log("the app got:", error.message);
console.log("spans:", spans.map((span) => `${span.name}, status ${span.status.code}`).join("; "));
process.exit(error.status === 429 && spans.length === 1 && spans[0].status.code !== 2 ? 0 : 1);
JS
node run.mjs
