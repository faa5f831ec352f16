// A text of a message: as Markdown or as it was sent, by one switch for all of them.

import { button, el } from "/dom.js";
import { foldAllButton, foldLong } from "/fold.js";
import { markdown } from "/markdown.js";

const LAID_OUT = 20000; // characters of a folded text; the rest comes when it is unfolded
const REMEMBERED = "inbox-texts";

let mode = remembered();

function setMode(next) {
  mode = next;
  try {
    localStorage.setItem(REMEMBERED, next);
  } catch {
    // a browser without storage forgets the choice
  }
  for (const block of document.querySelectorAll(".text")) block.dispatchEvent(new Event("mode"));
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "raw" ? "raw" : "markdown";
  } catch {
    return "markdown";
  }
}

// `asItIs` is for what no person wrote for a person: an error with its stack, the result of a tool.
export function textBlock(text, { asItIs = false } = {}) {
  const block = el("div", { class: asItIs ? "text as-it-is foldable" : "text foldable" });
  let cut = text.length > LAID_OUT;
  function draw() {
    const drawn = mode === "markdown" && !asItIs ? markdown(text) : null;
    block.classList.toggle("markdown", drawn !== null);
    block.replaceChildren(...(drawn ?? [cut ? `${text.slice(0, LAID_OUT)}…` : text]).flat(Infinity).filter((piece) => piece !== null));
  }
  block.addEventListener("mode", draw);
  block.addEventListener("unfold", () => {
    if (!cut) return;
    cut = false;
    draw();
  });
  draw();
  return block;
}

// The switch, with a button that unfolds everything.
export function textSwitch() {
  const modes = { markdown: "Markdown", raw: "Raw" };
  const shown = () => bar.closest(".panel, .detail, .group") ?? document;
  const buttons = Object.entries(modes).map(([name, label]) => button(label, () => choose(name), { class: "small segment", "aria-pressed": name === mode }));
  const bar = el("div", { class: "text-switch" }, foldAllButton(shown), el("span", { class: "segments", role: "group", "aria-label": "Show texts as" }, buttons));
  function choose(name) {
    setMode(name);
    buttons.forEach((one, place) => one.setAttribute("aria-pressed", Object.keys(modes)[place] === name));
    foldLong(shown());
  }
  return bar;
}
