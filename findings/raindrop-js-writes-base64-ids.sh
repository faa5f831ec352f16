#!/usr/bin/env bash
# @raindrop-ai/ai-sdk 0.3.0 with ai 6.0.326: it posts OTLP/JSON whose trace and span ids are base64.
# Expected: what its documentation calls OTLP/HTTP JSON has hexadecimal ids, as that format demands.
# Seen: `traceId` has 24 characters that end in `==`; a receiver that reads 32 hexadecimal ones refuses the request, or
# keeps ids that fit no other span of the trace.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @raindrop-ai/ai-sdk@0.3.0 ai@6.0.326 @ai-sdk/openai@3.0.141 zod@4.6.7
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { createOpenAI } from "@ai-sdk/openai";
import { createRaindropAISDK } from "@raindrop-ai/ai-sdk";
import * as ai from "ai";

const traces = [];
const answer = {
  id: "chatcmpl-1", object: "chat.completion", created: 1, model: "gpt-4o-mini",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Sunny" } }],
  usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
};
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  if (request.url.endsWith("/traces")) traces.push(JSON.parse(body));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(request.url.endsWith("/completions") ? answer : {}));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}/v1/`;

const raindrop = createRaindropAISDK({ writeKey: "k", endpoint: url });
const { generateText } = raindrop.wrap(ai, { context: { userId: "u1" } });
const model = createOpenAI({ apiKey: "x", baseURL: url }).chat("gpt-4o-mini");
await generateText({ model, prompt: "Weather in Paris?" });
await raindrop.flush();
server.close();
server.closeAllConnections();

const spans = traces.flatMap((each) => each.resourceSpans).flatMap((each) => each.scopeSpans).flatMap((each) => each.spans);
for (const { name, traceId, spanId } of spans) console.log(name, traceId, spanId);
const base64 = ({ traceId, spanId }) => /^[A-Za-z0-9+/]{22}==$/.test(traceId) && /^[A-Za-z0-9+/]{11}=$/.test(spanId);
process.exit(spans.length > 1 && spans.every(base64) ? 0 : 1);
JS
node run.mjs
