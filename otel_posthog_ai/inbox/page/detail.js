// The chosen event: its numbers, its error, what PostHog would do to it, its conversation, and its JSON.

import { changesView } from "/changes.js";
import { conversation, data } from "/conversation.js";
import { costOf } from "/costs.js";
import { button, el, fact, sentence, tabList } from "/dom.js";
import { feedbackList } from "/feedback.js";
import { foldAllButton, foldLong } from "/fold.js";
import { cost, count, isKnown, moment, plural, seconds } from "/format.js";
import { jsonView } from "/json.js";
import { kindOf } from "/kinds.js";
import { looksLikeMessages } from "/messages.js";
import { textSwitch } from "/text.js";

let chosenTab = "content";

// Properties with a place of their own; the rest are listed as they are.
const CONTENT = new Set(["$ai_input", "$ai_output_choices", "$ai_output", "$ai_input_state", "$ai_output_state", "$ai_tools", "$ai_error", "$ai_instructions"]);

const NUMBERS = [
  ["Latency", "$ai_latency", seconds], ["First token", "$ai_time_to_first_token", seconds],
  ["Input tokens", "$ai_input_tokens", count], ["Output tokens", "$ai_output_tokens", count],
  ["Cache read", "$ai_cache_read_input_tokens", count], ["Cache write", "$ai_cache_creation_input_tokens", count],
  ["Reasoning", "$ai_reasoning_tokens", count], ["Cost", "$ai_total_cost_usd", cost],
];
const WORDS = [
  ["Model", "$ai_model"], ["Provider", "$ai_provider"], ["Stop reason", "$ai_stop_reason"], ["HTTP status", "$ai_http_status"],
  ["Temperature", "$ai_temperature"], ["Max tokens", "$ai_max_tokens"],
];

// `generations` are the calls of the trace by start, for a comparison; `tab` is the tab to begin with.
export function detail(node, row, found, generations, tab = chosenTab) {
  const properties = row.event.properties ?? {};
  const kind = kindOf(node);
  const isCall = node.event === "$ai_generation";
  return el("article", {},
    el("div", { class: "headline" }, el("span", { class: `tag ${kind.name}` }, kind.label), el("h2", {}, node.title)),
    numbers(properties, node), errorBox(properties), findings(found),
    tabbed({
      content: [isCall ? "Conversation" : "Input and output", () => content(node, properties)],
      ...(isCall && generations.length > 1 ? { changes: ["Changes", () => changesView(node, properties, generations)] } : {}),
      properties: ["Properties", () => table(properties, row)],
      json: ["JSON", () => jsonView(row.event)],
    }, tab));
}

// Warnings about the trace as a whole, and about events that are not drawn and so cannot be chosen.
export function traceFindings({ tree, warnings }) {
  const drawn = new Set(tree.map((node) => node.uuid));
  return warnings.filter((finding) => !drawn.has(finding.uuid));
}

export function traceDetail(answer) {
  const { trace, warnings, feedback } = answer;
  const state = (heading, value) => (isKnown(value) ? section(heading, value) : null);
  const whole = traceFindings(answer);
  return el("article", {},
    el("div", { class: "headline" }, el("span", { class: "tag trace" }, "Trace"), el("h2", {}, trace.name || "Unnamed trace")),
    el("p", { class: "mono muted id" }, trace.id), errorBox({ $ai_is_error: trace.failed, $ai_error: trace.error }),
    findings(whole), aboutEvents(warnings.length - whole.length), isKnown(trace.input_state) || isKnown(trace.output_state) ? textSwitch() : null,
    state("Input", trace.input_state), state("Output", trace.output_state),
    feedbackList(feedback),
    !isKnown(trace.input_state) && !isKnown(trace.output_state) && !feedback.length ? el("p", { class: "muted" }, "The trace carries no input or output of its own. Choose an event to read it.") : null);
}

function aboutEvents(number) {
  return number ? el("p", { class: "muted" }, `${plural(number, "warning")} about single events: choose one marked ⚠.`) : null;
}

export function findings(found) {
  if (!found.length) return null;
  return el("ul", { class: "findings", "aria-label": "Warnings" }, found.map((finding) =>
    el("li", {}, el("span", { class: "flag warning" }, `⚠ ${finding.effect}`), el("span", {}, sentence(finding.text)))));
}

function numbers(properties, { pricing, model }) {
  const facts = [
    ...WORDS.filter(([, name]) => isKnown(properties[name])).map(([label, name]) => [label, shortText(properties[name])]),
    ...NUMBERS.filter(([, name]) => isKnown(properties[name])).map(([label, name, format]) => [label, typeof properties[name] === "number" ? format(properties[name]) : shortText(properties[name])]),
  ];
  if (pricing && pricing !== "sent") facts.push(["Cost", costOf({ pricing: { [pricing]: 1, unknown_models: [model] } })]);
  if (!facts.length) return null;
  return el("dl", { class: "facts" }, facts.map(([label, value]) => fact(label, value, "mono")));
}

function shortText(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function errorBox(properties) {
  const failed = properties.$ai_is_error === true || properties.$ai_is_error === "true";
  const error = properties.$ai_error;
  if (!failed && !isKnown(error)) return null;
  return el("section", { class: "error-box", "aria-label": "Error" },
    el("p", { class: "flag error" }, ["✕ Error", properties.$ai_error_type, isKnown(properties.$ai_http_status) ? `HTTP ${properties.$ai_http_status}` : null].filter(Boolean).map(String).join(" · ")),
    isKnown(error) ? data(error, { asItIs: true }) : el("p", { class: "muted" }, "No error text was sent."));
}

function content(node, properties) {
  const isCall = node.event === "$ai_generation";
  const read = (heading, value, role) => (isCall ? conversation(heading, value, role) : section(heading, value));
  const parts = [
    isKnown(properties.$ai_input) ? read("Input", properties.$ai_input, "user") : null,
    "$ai_input_state" in properties ? section("Input", properties.$ai_input_state) : null,
    isKnown(properties.$ai_output_choices) ? conversation("Output", properties.$ai_output_choices, "assistant") : null,
    isKnown(properties.$ai_output) ? read("Output", properties.$ai_output, "assistant") : null,
    "$ai_output_state" in properties ? section("Output", properties.$ai_output_state) : null,
  ].filter(Boolean);
  if (!parts.length) return el("p", { class: "muted" }, "The event carries no content.");
  return el("div", {}, toolbar(parts), tools(properties.$ai_tools), parts);
}

// How many messages there are on either side, with a jump to each; how texts are shown. Nothing where neither is.
function toolbar(parts) {
  const counted = parts.filter((part) => part.dataset.count);
  const hasTexts = parts.some((part) => part.querySelector(".text:not(.as-it-is)"));
  if (!counted.length && !hasTexts) return null;
  const jumps = counted.flatMap((part, place) => (place ? [el("span", { class: "muted" }, "·"), jump(part)] : [jump(part)]));
  return el("div", { class: "toolbar" }, jumps.length ? el("p", { class: "jumps" }, jumps) : null, hasTexts ? textSwitch() : null);
}

function jump(part) {
  const to = () => {
    part.scrollIntoView({ block: "start" });
    part.querySelector("h3").focus({ preventScroll: true });
  };
  const name = part.dataset.part === "output" ? "Output" : "Input";
  return button(`${name} ${count(Number(part.dataset.count))}`, to, { class: "quiet small", title: `Go to the ${part.dataset.part}` });
}

function section(heading, value) {
  if (looksLikeMessages(value)) return conversation(heading, value, "user");
  return el("section", { class: "conversation", "aria-label": heading, "data-part": heading.toLowerCase() }, el("h3", { tabindex: "-1" }, heading), el("div", { class: "box" }, data(value)));
}

function tools(value) {
  if (!Array.isArray(value) || !value.length) return null;
  const names = value.map((tool) => tool?.function?.name ?? tool?.name ?? tool?.type ?? "unnamed");
  return el("details", { class: "tools" }, el("summary", {}, `${plural(value.length, "tool")} offered: `, el("span", { class: "mono" }, names.join(", "))), jsonView(value));
}

function table(properties, row) {
  const own = Object.entries(properties).filter(([name]) => !CONTENT.has(name)).sort(([one], [other]) => (one < other ? -1 : 1));
  const line = (name, value) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, typeof value === "string" ? value : JSON.stringify(value)));
  return el("table", { class: "properties" }, el("tbody", {},
    line("event", row.event.event), line("distinct_id", row.event.distinct_id ?? null), line("timestamp", row.event.timestamp ?? null),
    line("stored as", moment(row.timestamp)), line("uuid", row.uuid), line("route", row.route), own.map(([name, value]) => line(name, value))));
}

function tabbed(tabs, wanted) {
  const panel = el("div", { class: "panel", role: "tabpanel", tabindex: "-1" });
  const labels = Object.fromEntries(Object.entries(tabs).map(([name, [label]]) => [name, label]));
  const first = wanted in tabs ? wanted : "content";
  const fill = (name) => {
    panel.replaceChildren(tabs[name][1]());
    foldLong(panel);
  };
  const list = tabList("Show event as", labels, first, (name) => {
    chosenTab = name;
    fill(name);
  });
  panel.addEventListener("grown", () => foldLong(panel));
  fill(first);
  return el("div", { class: "tabbed" }, list, panel);
}
