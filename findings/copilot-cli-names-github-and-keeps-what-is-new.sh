#!/usr/bin/env bash
# @github/copilot 1.0.102: a call of the user's own model server is recorded as GitHub's, and with a part of what it sent.
# Expected: `gen_ai.provider.name` tells who served the call: another server than GitHub was set for it, and its address
# stands beside. `gen_ai.input.messages` is the list of messages that was given to the model.
# Seen: the provider is `github`. The first call has the user's message, the second one the tool's result alone, though
# both were sent.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir home project
npm install --silent --no-fund --no-audit --ignore-scripts @github/copilot@1.0.102
echo sunny > project/paris.txt
cat > run.mjs <<'JS'
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { promisify } from "node:util";

const asked = [];
const call = { name: "view", arguments: JSON.stringify({ path: `${process.cwd()}/project/paris.txt` }) };
const server = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  if (request.method !== "POST") return response.end("{}");
  asked.push(JSON.parse(body).messages);
  response.setHeader("content-type", "text/event-stream");
  const chunk = (delta, finish_reason, usage) => {
    const choices = delta ? [{ index: 0, delta, finish_reason }] : [];
    const whole = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini", choices, usage };
    response.write(`data: ${JSON.stringify(whole)}\n\n`);
  };
  const first = asked.length === 1;
  const calls = [{ index: 0, id: "call_1", type: "function", function: call }];
  chunk(first ? { role: "assistant", tool_calls: calls } : { role: "assistant", content: "Sunny" }, null);
  chunk({}, first ? "tool_calls" : "stop");
  chunk(null, null, { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 });
  response.end("data: [DONE]\n\n");
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const env = {
  PATH: process.env.PATH, HOME: `${process.cwd()}/home`, COPILOT_OFFLINE: "true", COPILOT_MODEL: "gpt-4o-mini",
  COPILOT_PROVIDER_BASE_URL: `http://127.0.0.1:${server.address().port}/v1`, COPILOT_PROVIDER_API_KEY: "x",
  COPILOT_OTEL_ENABLED: "true", COPILOT_OTEL_EXPORTER_TYPE: "file",
  COPILOT_OTEL_FILE_EXPORTER_PATH: `${process.cwd()}/spans.jsonl`,
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
};
const copilot = `${process.cwd()}/node_modules/.bin/copilot`;
const running = promisify(execFile)(copilot, ["-p", "Weather?", "--allow-all-tools"], { cwd: "project", env, timeout: 120000 });
running.child.stdin.end();
await running;
server.close();
server.closeAllConnections();

const found = [];
const search = (value) => {
  if (value === null || typeof value !== "object") return;
  const attributes = value.attributes;
  if (Array.isArray(attributes)) {
    found.push(Object.fromEntries(attributes.map(({ key, value }) => [key, value?.stringValue ?? value])));
  } else if (attributes) found.push(attributes);
  for (const each of Object.values(value)) search(each);
};
for (const line of readFileSync("spans.jsonl", "utf8").split("\n").filter(Boolean)) search(JSON.parse(line));
const calls = found.filter((each) => each["gen_ai.operation.name"] === "chat" && each["gen_ai.input.messages"]);
const roles = calls.map((each) => JSON.parse(each["gen_ai.input.messages"]).map((message) => message.role).join());
const providers = calls.map((each) => each["gen_ai.provider.name"]);
const sent = asked.map((messages) => messages.map((message) => message.role).filter((role) => role !== "system").join());
console.log("sent:", sent, "recorded:", roles, "provider:", providers, "server:", calls[0]["server.address"]);
const partly = sent[1] === "user,assistant,tool" && roles.length === 2 && roles.includes("user") && roles.includes("tool");
process.exit(partly && providers.every((name) => name === "github") ? 0 : 1);
JS
node run.mjs
