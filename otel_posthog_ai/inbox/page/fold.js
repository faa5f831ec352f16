// Long blocks show their first lines until somebody wants the rest.

import { button } from "/dom.js";
import { count } from "/format.js";

const LINES = 12;
const SLACK = 3; // a block that is hardly longer is shown whole

const folds = new WeakMap();

// Fold the blocks below an element that are longer than 12 lines; called once they stand on the page.
export function foldLong(root) {
  const blocks = [...root.querySelectorAll(".foldable")].filter((block) => !folds.has(block));
  const measured = blocks.map((block) => [block, block.scrollHeight, parseFloat(getComputedStyle(block).lineHeight) || 20]);
  for (const [block, height, line] of measured) {
    if (height > (LINES + SLACK) * line) fold(block, Math.round(height / line), LINES * line);
  }
  renewButtons();
}

// A button that opens or closes all folded blocks below what `find` gives; hidden where there are none.
export function foldAllButton(find) {
  const all = button("Unfold all", () => {
    const open = all.dataset.open !== "true";
    for (const block of find().querySelectorAll(".foldable")) folds.get(block)?.(open);
    renewButtons();
  }, { class: "quiet small unfold-all", hidden: true });
  return all;
}

function renewButtons() {
  for (const all of document.querySelectorAll(".unfold-all")) {
    const around = all.closest(".panel, .detail, .group") ?? document;
    const open = around.querySelector(".folded") === null;
    all.hidden = around.querySelector(".unfold") === null;
    all.dataset.open = open;
    all.textContent = open ? "Fold all" : "Unfold all";
  }
}

function fold(block, lines, height) {
  block.style.setProperty("--folded-height", `${height}px`);
  const set = (open) => {
    block.classList.toggle("folded", !open);
    more.textContent = open ? "Show less" : `Show all ${count(lines)} lines`;
    more.setAttribute("aria-expanded", open);
    if (open) block.dispatchEvent(new Event("unfold"));
  };
  const more = button("", () => {
    const opened = !block.classList.contains("folded");
    set(!opened);
    if (opened) block.scrollIntoView({ block: "nearest" });
    renewButtons();
  }, { class: "quiet small unfold" });
  folds.set(block, set);
  block.after(more);
  set(false);
}
