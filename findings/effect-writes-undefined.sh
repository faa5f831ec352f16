#!/usr/bin/env bash
# @effect/ai 0.37.0 with @effect/opentelemetry 0.64.1: options that nobody gave are attributes with the text "undefined".
# Expected: what is undefined is no attribute, as the API of OpenTelemetry has it.
# Seen: each call of a model has `toolChoice` and `concurrency`, both the text "undefined", without a namespace.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  effect@3.22.0 @effect/ai@0.37.0 @effect/experimental@0.61.1 @effect/rpc@0.76.2 @effect/platform@0.97.2 \
  @effect/opentelemetry@0.64.1 @opentelemetry/api@1.9.0 @opentelemetry/resources@2.1.0 @opentelemetry/sdk-logs@0.206.0 \
  @opentelemetry/sdk-metrics@2.1.0 @opentelemetry/sdk-trace-base@2.1.0 @opentelemetry/sdk-trace-node@2.1.0 \
  @opentelemetry/sdk-trace-web@2.1.0 @opentelemetry/semantic-conventions@1.37.0
cat > run.mjs <<'JS'
import { LanguageModel } from "@effect/ai";
import { NodeSdk } from "@effect/opentelemetry";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Effect, Stream } from "effect";

const exporter = new InMemorySpanExporter();
const traced = NodeSdk.layer(() => ({ resource: { serviceName: "shop" }, spanProcessor: new SimpleSpanProcessor(exporter) }));
const generateText = () => Effect.succeed([{ type: "text", text: "Hello" }]);
const model = LanguageModel.make({ generateText, streamText: () => Stream.empty });
const asked = LanguageModel.generateText({ prompt: "Hi" }).pipe(Effect.provideServiceEffect(LanguageModel.LanguageModel, model));
let spans = [];
const seen = Effect.zipRight(asked, Effect.sync(() => { spans = exporter.getFinishedSpans(); }));
await Effect.runPromise(seen.pipe(Effect.provide(traced)));

const { attributes } = spans.find((span) => span.name === "LanguageModel.generateText");
console.log("attributes:", JSON.stringify(attributes));
process.exit(attributes.toolChoice === "undefined" && attributes.concurrency === "undefined" ? 0 : 1);
JS
node run.mjs
