#!/usr/bin/env bash
# @kilocode/cli-linux-x64 7.7.9: it exports over a thousand spans of a turn, and not one tells of the model call.
# Expected: with `experimental.openTelemetry` and an OTLP endpoint, the spans of its calls, as opencode, whose fork it is, writes
#   them (`ai.streamText`, with the model, the tokens and the messages).
# Seen: spans of every file that it reads and of every query of its database arrive; no attribute begins with `ai.`, `gen_ai.` or
#   `llm.`. In Kilo that option ("Enable telemetry. Set to false to opt-out.") is its own product telemetry.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home/.config/kilo project
npm install --silent --no-fund --no-audit --ignore-scripts @kilocode/cli-linux-x64@7.7.9
cat > run.mjs <<'NODE'
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";

let asked = 0;
const exported = [];
const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  let body = Buffer.concat(parts);
  if (request.headers["content-encoding"] === "gzip") body = gunzipSync(body);
  if (request.url.endsWith("/v1/traces")) {
    exported.push(JSON.parse(body));
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  } else if (request.url.endsWith("/chat/completions")) {
    asked += 1;
    const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini" };
    const say = (rest) => response.write(`data: ${JSON.stringify({ ...chunk, ...rest })}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    say({ choices: [{ index: 0, delta: { role: "assistant", content: "Sunny." }, finish_reason: null }] });
    say({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 12, completion_tokens: 2, total_tokens: 14 } });
    response.end("data: [DONE]\n\n");
  } else response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const here = `http://127.0.0.1:${server.address().port}`;
writeFileSync("home/.config/kilo/kilo.json", JSON.stringify({
  model: "lab/gpt-4o-mini", small_model: "lab/gpt-4o-mini", autoupdate: false, share: "disabled", experimental: { openTelemetry: true },
  provider: { lab: { npm: "@ai-sdk/openai-compatible", name: "lab", options: { baseURL: `${here}/v1`, apiKey: "x" }, models: { "gpt-4o-mini": { name: "gpt-4o-mini" } } } },
}));
const env = { PATH: process.env.PATH, HOME: `${process.cwd()}/home`, OTEL_EXPORTER_OTLP_ENDPOINT: here, OTEL_BSP_SCHEDULE_DELAY: "200" };
const kilo = `${process.cwd()}/node_modules/@kilocode/cli-linux-x64/bin/kilo`;
const child = spawn(kilo, ["run", "-m", "lab/gpt-4o-mini", "Weather?"], { cwd: "project", env, stdio: ["ignore", "inherit", "inherit"], timeout: 120000 });
await new Promise((resolve) => child.on("exit", resolve));
const spans = exported.flatMap((each) => each.resourceSpans ?? []).flatMap((each) => each.scopeSpans).flatMap((each) => each.spans);
const ofModels = spans.filter((span) => (span.attributes ?? []).some(({ key }) => /^(ai|gen_ai|llm)\./.test(key)));
console.log(`model calls: ${asked}, spans: ${spans.length}, spans with an attribute of models: ${ofModels.length}`);
process.exit(asked > 0 && spans.length > 500 && ofModels.length === 0 ? 0 : 1);
NODE
node run.mjs
