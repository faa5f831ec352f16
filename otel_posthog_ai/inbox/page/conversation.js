// A generation as a conversation: who said what, what was called with which arguments, what came back.

import { button, el, externalLink } from "/dom.js";
import { count, plural } from "/format.js";
import { jsonView } from "/json.js";
import { readMessages } from "/messages.js";

const LONG_TEXT = 6000;

export function conversation(heading, value, role) {
  const messages = readMessages(value, role);
  if (!messages.length) return null;
  const called = new Map(messages.flatMap(({ blocks }) => blocks.filter((one) => one.kind === "call" && one.id).map((one) => [one.id, one.name])));
  const items = messages.map((one) => message({ ...one, name: one.name ?? called.get(one.callId) }));
  return el("section", { class: "conversation", "aria-label": heading }, el("h3", {}, heading), el("ol", { class: "messages" }, items));
}

function message(given) {
  const known = ["user", "assistant", "system", "tool"].includes(given.role);
  return el("li", { class: `message ${known ? given.role : "other"}` },
    el("p", { class: "role" }, el("strong", {}, given.role),
      given.name ? el("span", { class: "mono" }, given.name) : null,
      given.callId ? el("span", { class: "mono muted" }, given.callId) : null,
      given.finish ? el("span", { class: "muted" }, given.finish) : null),
    given.blocks.length ? given.blocks.map(block) : el("p", { class: "muted" }, "Empty"));
}

function block(given) {
  const drawn = BLOCKS[given.kind](given);
  if (!given.hidden) return drawn;
  return el("div", { class: "not-drawn" }, el("p", { class: "flag warning" }, `⚠ ${given.hidden}`), drawn);
}

const BLOCKS = {
  text: ({ text }) => longText(text, "text"),
  thinking: ({ text }) => el("details", { class: "thinking", open: true }, el("summary", {}, "Thinking"), longText(text || "Not shown by the provider", "text")),
  call: (call) => el("div", { class: "call" },
    el("p", { class: "call-head" }, el("span", { class: "tag tool" }, "Tool call"), el("strong", { class: "mono" }, call.name || "unnamed"), call.id ? el("span", { class: "mono muted" }, call.id) : null),
    data(parsed(call.arguments))),
  result: (result) => el("div", { class: "call result" },
    result.id || result.isError ? el("p", { class: "call-head" }, el("span", { class: "tag" }, "Result"), result.isError ? el("span", { class: "flag error" }, "✕ error") : null, result.id ? el("span", { class: "mono muted" }, result.id) : null) : null,
    data(parsed(result.value))),
  image: ({ url }) => picture(url),
  file: ({ name, url }) => el("p", { class: "medium" }, el("span", { class: "tag" }, "File"), " ", url && /^https?:/i.test(url) ? externalLink(url, name) : el("span", { class: "mono" }, name)),
  audio: ({ format, bytes }) => el("p", { class: "medium" }, el("span", { class: "tag" }, "Audio"), " ", el("span", { class: "mono" }, `${format}, ${count(bytes)} bytes`)),
  redacted: ({ medium, name }) => el("p", { class: "medium redacted" }, `${name ?? medium} removed before sending`),
  json: ({ value }) => data(value),
};

// Only data: images are shown. A remote one would tell its host that someone looks at this trace.
function picture(url) {
  if (/^data:image\/[\w.+-]+[;,]/i.test(url)) return el("img", { class: "picture", src: url, alt: "Image of the message", loading: "lazy" });
  if (/^https?:\/\//i.test(url)) return el("p", { class: "medium" }, el("span", { class: "tag" }, "Image"), " ", externalLink(url));
  return el("p", { class: "medium" }, el("span", { class: "tag" }, "Image"), " ", el("span", { class: "mono" }, `${url.slice(0, 60)}${url.length > 60 ? "…" : ""}`));
}

export function data(value) {
  if (value === null || value === undefined) return el("p", { class: "muted" }, "Nothing");
  if (typeof value === "string") return longText(value, "text");
  return jsonView(value);
}

export function longText(text, kind) {
  if (text.length <= LONG_TEXT) return el("div", { class: kind }, text);
  const box = el("div", { class: kind }, `${text.slice(0, LONG_TEXT)}…`);
  const all = button(`Show all ${plural(text.length, "character")}`, () => { box.textContent = text; all.remove(); }, { class: "quiet small" });
  return el("div", {}, box, all);
}

function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
