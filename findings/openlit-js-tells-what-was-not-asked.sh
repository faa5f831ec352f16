#!/usr/bin/env bash
# openlit 1.15.0 with openai 6.49.0: in TypeScript, a call is recorded with settings and a server that it did not have.
# Expected: `gen_ai.request.temperature` and `top_p` stand there when they were asked for, `server.address` is who was asked,
# and a cost of which nothing is known is absent.
# Seen: temperature 1, top_p 1, cost 0 and `api.openai.com`, for a call of another server with a model and messages alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps openlit@1.15.0 openai@6.49.0
cat > run.cjs <<'JS'
const { createServer } = require("node:http");
const OpenAI = require("openai");
const openlit = require("openlit").default;

let asked;
let told = "";
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  response.setHeader("content-type", "application/json");
  if (!request.url.endsWith("/chat/completions")) {
    if (request.url.endsWith("/traces")) told += body;
    return response.end("{}");
  }
  asked = body;
  const choices = [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }];
  const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
  response.end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "my-model", choices, usage }));
});

(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const here = `http://127.0.0.1:${server.address().port}`;
  openlit.init({ otlpEndpoint: here, applicationName: "shop", disableBatch: true, instrumentations: { openai: OpenAI } });
  const client = new OpenAI.OpenAI({ baseURL: `${here}/v1`, apiKey: "x" });
  await client.chat.completions.create({ model: "my-model", messages: [{ role: "user", content: "Hi" }] });
  for (let tries = 0; tries < 100 && !told.includes("my-model"); tries++) await new Promise((done) => setTimeout(done, 100));
  const attributes = {};
  for (const resource of JSON.parse(told).resourceSpans)
    for (const scope of resource.scopeSpans)
      for (const span of scope.spans)
        for (const { key, value } of span.attributes) attributes[key] = Object.values(value)[0];
  const keys = ["gen_ai.request.temperature", "gen_ai.request.top_p", "gen_ai.usage.cost", "server.address"];
  const recorded = keys.map((key) => attributes[key]);
  console.log("asked:", asked);
  console.log("recorded:", Object.fromEntries(keys.map((key, place) => [key, recorded[place]])));
  const invented = Object.keys(JSON.parse(asked)).join() === "model,messages" && recorded.join() === "1,1,0,api.openai.com";
  process.exit(invented ? 0 : 1);
})();
JS
node run.cjs
