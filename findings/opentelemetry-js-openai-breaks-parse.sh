#!/usr/bin/env bash
# @opentelemetry/instrumentation-openai 0.21.0 with openai 6.49.0: structured outputs fail as soon as the client is traced.
# Expected: `chat.completions.parse` answers as it does without the instrumentation, which only watches.
# Seen: the same request is answered before it is registered; after that it is refused with "Body is unusable", because
# both read the response, although the server answered, and the span of the call says that it ended well.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @opentelemetry/instrumentation-openai@0.21.0 @opentelemetry/instrumentation@0.223.0 openai@6.49.0 \
  @opentelemetry/sdk-trace-node@2.1.0 @opentelemetry/api@1.9.0
cat > run.cjs <<'JS'
const { createServer } = require("node:http");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { OpenAIInstrumentation } = require("@opentelemetry/instrumentation-openai");
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-node");

const choices = [{ index: 0, message: { role: "assistant", content: '{"city":"Paris"}' }, finish_reason: "stop" }];
const answer = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "gpt-4o-mini", choices };
const server = createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
});

async function parsed() {
  const { OpenAI } = require("openai");
  const client = new OpenAI({ baseURL: `http://127.0.0.1:${server.address().port}/v1`, apiKey: "x", maxRetries: 0 });
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const completion = await client.chat.completions.parse({
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: "Which city?" }],
    response_format: { type: "json_schema", json_schema: { name: "place", schema } },
  });
  return completion.choices[0].message.content;
}

async function main() {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const exporter = new InMemorySpanExporter();
  if (process.argv[2] === "traced") {
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    registerInstrumentations({ instrumentations: [new OpenAIInstrumentation()] });
  }
  const found = await parsed().catch((error) => error);
  await new Promise((done) => setTimeout(done, 500));
  server.close();
  const spans = exporter.getFinishedSpans().map((span) => `${span.name}, status ${span.status.code}`);
  console.log(`${process.argv[2]}:`, found instanceof Error ? `${found.name}: ${found.message}` : found, spans);
  const failed = found instanceof Error && /unusable|already been read/.test(found.message);
  const well = exporter.getFinishedSpans().every((span) => span.status.code !== 2);
  process.exit((process.argv[2] === "traced" ? failed && well && spans.length === 1 : found === '{"city":"Paris"}') ? 0 : 1);
}
main();
JS
node run.cjs plain
node run.cjs traced
