#!/usr/bin/env bash
# @traceloop/instrumentation-bedrock 0.27.0 with @aws-sdk/client-bedrock-runtime 3.943.0: the span of a Converse call names a model, and nothing else.
# Expected: messages, tokens and stop reason, as with `InvokeModelCommand` of the same client; or no span at all.
# Seen: a span `bedrock.completion` with provider and model, without an operation, messages or any count.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts \
  @traceloop/instrumentation-bedrock@0.27.0 @aws-sdk/client-bedrock-runtime@3.943.0 @smithy/node-http-handler@4.4.5 \
  @opentelemetry/instrumentation@0.223.0 @opentelemetry/sdk-trace-node@2.12.1
cat > run.cjs <<'JS'
const { createServer } = require("node:http");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { BedrockInstrumentation } = require("@traceloop/instrumentation-bedrock");

const exporter = new InMemorySpanExporter();
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
tracerProvider.register();
registerInstrumentations({ instrumentations: [new BedrockInstrumentation()], tracerProvider });
const { BedrockRuntimeClient, ConverseCommand, InvokeModelCommand } = require("@aws-sdk/client-bedrock-runtime");
const { NodeHttpHandler } = require("@smithy/node-http-handler");

const converse = {
  output: { message: { role: "assistant", content: [{ text: "Sunny" }] } }, stopReason: "end_turn",
  usage: { inputTokens: 30, outputTokens: 7, totalTokens: 37 }, metrics: { latencyMs: 1 },
};
const invoke = {
  id: "msg_1", type: "message", role: "assistant", model: "claude-3-5-sonnet-20240620", stop_reason: "end_turn",
  content: [{ type: "text", text: "Sunny" }], usage: { input_tokens: 30, output_tokens: 7 },
};
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  const answer = request.url.endsWith("/converse") ? converse : invoke;
  request.resume().on("end", () => response.end(JSON.stringify(answer)));
});
server.listen(0, "127.0.0.1", async () => {
  const client = new BedrockRuntimeClient({
    region: "us-east-1", endpoint: `http://127.0.0.1:${server.address().port}`, requestHandler: new NodeHttpHandler({}),
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  });
  const modelId = "anthropic.claude-3-5-sonnet-20240620-v1:0";
  const body = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 9, messages: [{ role: "user", content: "Weather?" }] });
  await client.send(new ConverseCommand({ modelId, messages: [{ role: "user", content: [{ text: "Weather?" }] }] }));
  await client.send(new InvokeModelCommand({ modelId, contentType: "application/json", body }));
  const [conversed, invoked] = exporter.getFinishedSpans();
  for (const { name, attributes } of [conversed, invoked]) console.log(name, Object.keys(attributes).join(" "));
  const counts = (span) => "gen_ai.usage.input_tokens" in span.attributes;
  process.exit(counts(invoked) && !counts(conversed) && Object.keys(conversed.attributes).length === 2 ? 0 : 1);
});
JS
node run.cjs
