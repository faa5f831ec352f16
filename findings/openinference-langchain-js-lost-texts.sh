#!/usr/bin/env bash
# @arizeai/openinference-instrumentation-langchain 4.1.1 with @langchain/core 1.4.0: a message whose content is a list of
# parts is written with its role and no content, and calls of tools without their ids.
# Expected: `llm.input_messages.0.message.contents.…` for the parts and `tool_call.id` for the call, as the same project
# writes them in Python and for OpenAI's client.
# Seen: of a system message of one text part only `message.role` is left, of a call its name and arguments; the raw
# `input.value` and `output.value` beside them have both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --ignore-scripts --legacy-peer-deps \
  @arizeai/openinference-instrumentation-langchain@4.1.1 @langchain/core@1.4.0 @opentelemetry/sdk-trace-node@2.1.0
cat > run.mjs <<'JS'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { LangChainInstrumentation } from "@arizeai/openinference-instrumentation-langchain";
import * as callbacks from "@langchain/core/callbacks/manager";
import { AIMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const instrumentation = new LangChainInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.manuallyInstrument(callbacks);

class Model extends FakeListChatModel {
  async _generate() {
    // As @langchain/openai makes it of an answer of OpenAI's.
    const written = { id: "call_1", type: "function", function: { name: "look_up", arguments: "{\"city\":\"Paris\"}" } };
    const tool_calls = [{ id: "call_1", name: "look_up", args: { city: "Paris" }, type: "tool_call" }];
    const message = new AIMessage({ content: "", tool_calls, additional_kwargs: { tool_calls: [written] } });
    return { generations: [{ text: "", message }] };
  }
}
const system = new SystemMessage({ content: [{ type: "text", text: "Be brief" }] });
await new Model({ responses: [""] }).invoke([system, new HumanMessage("Weather in Paris?")]);
await provider.forceFlush();

const { attributes } = exporter.getFinishedSpans()[0];
const below = (prefix) => Object.keys(attributes).filter((key) => key.startsWith(prefix));
const written = [...below("llm.input_messages.0."), ...below("llm.output_messages.0.message.tool_calls.")];
for (const key of written) console.log(key, "=", attributes[key]);
const isRaw = attributes["input.value"].includes("Be brief") && attributes["output.value"].includes("call_1");
console.log("in the raw values:", isRaw);
const said = JSON.stringify(written.map((key) => attributes[key]));
process.exit(isRaw && written.length === 3 && !said.includes("Be brief") && !said.includes("call_1") ? 0 : 1);
JS
node run.mjs
