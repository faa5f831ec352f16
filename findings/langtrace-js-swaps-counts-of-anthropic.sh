#!/usr/bin/env bash
# @langtrase/typescript-sdk 6.3.7 with @anthropic-ai/sdk 0.39.0: the tokens that went in are recorded as those that came out.
# Expected: `gen_ai.usage.input_tokens` is the `input_tokens` of the answer, as with the same package's OpenAI calls.
# Seen: of an answer that counts 900 and 7, the span says 7 and 900; a call is priced as if it had written what it read.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts \
  @langtrase/typescript-sdk@6.3.7 @anthropic-ai/sdk@0.39.0 @opentelemetry/sdk-trace-base@1.25.1
cat > run.cjs <<'JS'
const { createServer } = require("node:http");
const { InMemorySpanExporter } = require("@opentelemetry/sdk-trace-base");
const langtrace = require("@langtrase/typescript-sdk");

const answer = {
  id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4-5", stop_reason: "end_turn",
  content: [{ type: "text", text: "Sunny" }], usage: { input_tokens: 900, output_tokens: 7 },
};
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  request.resume().on("end", () => response.end(JSON.stringify(answer)));
});
server.listen(0, "127.0.0.1", async () => {
  const exporter = new InMemorySpanExporter();
  langtrace.init({ custom_remote_exporter: exporter, batch: false, disable_latest_version_check: true });
  const Anthropic = require("@anthropic-ai/sdk");
  const client = new Anthropic({ apiKey: "x", baseURL: `http://127.0.0.1:${server.address().port}` });
  const messages = [{ role: "user", content: "Weather in Paris?" }];
  const { usage } = await client.messages.create({ model: "claude-sonnet-4-5", max_tokens: 9, messages });
  const { attributes } = exporter.getFinishedSpans()[0];
  const [input, output] = [attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]];
  console.log("answered:", JSON.stringify(usage), "recorded:", JSON.stringify({ input, output }));
  process.exit(input === 7 && output === 900 ? 0 : 1);
});
JS
node run.cjs
