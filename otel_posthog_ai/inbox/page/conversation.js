// A generation as a conversation: who said what, what was called with which arguments, what came back.

import { button, copyButton, el } from "/dom.js";
import { plural } from "/format.js";
import { jsonView } from "/json.js";
import { fileLink, picture, sound } from "/media.js";
import { readMessages } from "/messages.js";
import { textBlock } from "/text.js";

const DRAWN = 200; // messages laid out at once; what stands before them is history

export function conversation(heading, value, role) {
  const messages = namedMessages(value, role);
  if (!messages.length) return null;
  const list = el("ol", { class: "messages" }, messages.slice(-DRAWN).map(message));
  const before = messages.slice(0, -DRAWN);
  const earlier = before.length ? button(`Show ${plural(before.length, "earlier message")}`, () => {
    list.prepend(...before.map(message));
    earlier.remove();
    list.dispatchEvent(new CustomEvent("grown", { bubbles: true }));
  }, { class: "more" }) : null;
  return el("section", { class: "conversation", "aria-label": heading, "data-part": heading.toLowerCase(), "data-count": messages.length },
    el("h3", { tabindex: "-1" }, heading), earlier, list);
}

// The messages of a value as list items, one for each.
export const drawnMessages = (value, role) => namedMessages(value, role).map(message);

// The results of tools know the name of their call.
function namedMessages(value, role) {
  const messages = readMessages(value, role);
  const called = new Map(messages.flatMap(({ blocks }) => blocks.filter((one) => one.kind === "call" && one.id).map((one) => [one.id, one.name])));
  return messages.map((one) => ({ ...one, name: one.name ?? called.get(one.callId) }));
}

function message(given) {
  const known = ["user", "assistant", "system", "tool"].includes(given.role);
  return el("li", { class: `message ${known ? given.role : "other"}` },
    el("div", { class: "role" }, el("strong", {}, given.role),
      given.name ? el("span", { class: "mono" }, given.name) : null,
      given.callId ? el("span", { class: "mono muted" }, given.callId) : null,
      given.finish ? el("span", { class: "muted" }, given.finish) : null,
      given.blocks.length ? copyButton(() => given.blocks.map(asText).join("\n\n")) : null),
    given.blocks.length ? given.blocks.map(block) : el("p", { class: "muted" }, "Empty"));
}

// What a block says, for the clipboard.
function asText({ kind, text, name, value, url, medium, arguments: given }) {
  const written = (data) => (typeof data === "string" ? data : JSON.stringify(data ?? null, null, 2));
  if (kind === "text" || kind === "thinking") return text;
  if (kind === "call") return `${name ?? "unnamed"}(${written(given)})`;
  if (kind === "result" || kind === "json") return written(value);
  return url ?? name ?? medium ?? kind;
}

function block(given) {
  const drawn = BLOCKS[given.kind](given);
  if (!given.hidden) return drawn;
  return el("div", { class: "not-drawn" }, el("p", { class: "flag warning" }, `⚠ ${given.hidden}`), drawn);
}

const BLOCKS = {
  text: ({ text }) => textBlock(text),
  thinking: ({ text }) => el("details", { class: "thinking", open: true }, el("summary", {}, "Thinking"), textBlock(text || "Not shown by the provider")),
  call: (call) => el("div", { class: "call" },
    el("p", { class: "call-head" }, el("span", { class: "tag tool" }, "Tool call"), el("strong", { class: "mono" }, call.name || "unnamed"), call.id ? el("span", { class: "mono muted" }, call.id) : null),
    data(parsed(call.arguments), { asItIs: true })),
  result: (result) => el("div", { class: "call result" },
    result.id || result.isError ? el("p", { class: "call-head" }, el("span", { class: "tag" }, "Result"), result.isError ? el("span", { class: "flag error" }, "✕ error") : null, result.id ? el("span", { class: "mono muted" }, result.id) : null) : null,
    data(parsed(result.value), { asItIs: true })),
  image: ({ url }) => picture(url),
  file: fileLink,
  audio: sound,
  redacted: ({ medium, name }) => el("p", { class: "medium redacted" }, `${name ?? medium} removed before sending`),
  json: ({ value }) => data(value),
};

export function data(value, options) {
  if (value === null || value === undefined) return el("p", { class: "muted" }, "Nothing");
  if (typeof value === "string") return textBlock(value, options);
  return jsonView(value, { foldable: true });
}

function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
