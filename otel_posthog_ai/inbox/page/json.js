// JSON as text in colours, with a limit on what is laid out at once.

import { button, copyButton, el } from "/dom.js";
import { count } from "/format.js";

const SHOWN = 100000;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function jsonView(value, { foldable = false } = {}) {
  const whole = JSON.stringify(value, null, 2) ?? "null";
  const code = el("code");
  const pre = el("pre", { class: foldable ? "json foldable" : "json", tabindex: "0" }, code);
  colour(code, whole.slice(0, SHOWN));
  const tools = el("div", { class: "json-tools" }, copyButton(whole));
  const box = el("div", { class: "json-box" }, tools, pre);
  if (whole.length > SHOWN) {
    const all = button(`Show all ${count(whole.length)} characters`, () => { code.textContent = whole; all.remove(); }, { class: "more" });
    box.append(all);
  }
  return box;
}

function colour(code, text) {
  let place = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > place) code.append(text.slice(place, match.index));
    const kind = match[2] ? "key" : match[1] ? "string" : "value";
    code.append(el("span", { class: kind }, match[1] ?? match[0]));
    if (match[2]) code.append(match[2]);
    place = match.index + match[0].length;
  }
  code.append(text.slice(place));
}
