// The nodes of a trace as a tree and as a timeline: the same rows, the same keys.

import { button, el } from "/dom.js";
import { count, isKnown, plural, seconds, ticks, tokens } from "/format.js";
import { kindOf } from "/kinds.js";

const LAID_OUT = 500;
const BEFORE = 100; // rows above the chosen one, where not all are laid out
const DEEPEST_INDENT = 12;

// Keys name rows even where ids repeat: the id and which time it is drawn.
export function withKeys(nodes) {
  const seen = new Map();
  return nodes.map((node) => {
    const times = (seen.get(node.id) ?? 0) + 1;
    seen.set(node.id, times);
    return { ...node, key: times === 1 ? node.id : `${node.id}#${times}` };
  });
}

export function treeView({ onselect, onopen }) {
  let nodes = [];
  let selected = null;
  let mode = "tree";
  let from = 0; // the rows that are laid out
  let to = LAID_OUT;
  let words = "";
  const collapsed = new Set();
  const element = el("div", { class: "tree", role: "tree", "aria-label": "Events of the trace" });

  function visible() {
    if (words) return matching(nodes, words);
    const rows = [];
    let hiddenBelow = Infinity;
    for (const node of nodes) {
      if (node.depth > hiddenBelow) continue;
      hiddenBelow = collapsed.has(node.key) ? node.depth : Infinity;
      rows.push(node);
    }
    return rows;
  }

  function draw() {
    const hadFocus = element.contains(document.activeElement);
    const rows = visible();
    const span = extent(nodes);
    const chosen = rows.findIndex((node) => node.key === selected);
    if (chosen >= 0 && (chosen < from || chosen >= to)) [from, to] = [Math.max(chosen - BEFORE, 0), Math.max(chosen - BEFORE, 0) + LAID_OUT];
    if (from >= rows.length) [from, to] = [0, LAID_OUT];
    element.dataset.mode = mode;
    element.replaceChildren(...rows.slice(from, to).map((node) => row(node, span)));
    if (!rows.length) element.append(el("p", { class: "muted none" }, "No event matches."));
    if (from > 0) element.prepend(more(from, "earlier", () => { from = Math.max(from - LAID_OUT, 0); }));
    if (rows.length > to) element.append(more(rows.length - to, "more", () => { to += LAID_OUT; }));
    if (hadFocus) current()?.focus({ preventScroll: true });
  }

  function more(left, word, widen) {
    return button(`Show ${count(Math.min(LAID_OUT, left))} ${word} rows`, () => { widen(); draw(); }, { class: "more" });
  }

  function row(node, span) {
    const isSelected = node.key === selected;
    const open = Boolean(words) || !collapsed.has(node.key);
    const kind = kindOf(node);
    const item = el("div", {
      role: "treeitem", class: `row kind-${kind.name}${node.is_error ? " failed" : ""}${node.aside ? " aside" : ""}`, "data-key": node.key, tabindex: isSelected ? "0" : "-1",
      "aria-level": node.depth + 1, "aria-selected": isSelected, "aria-expanded": node.children ? open : null,
      onclick: (event) => (event.target.closest(".twisty") && node.children ? toggle(node) : pick(node)),
    },
    el("span", { class: "title-cell" },
      el("span", { class: "twisty", "aria-hidden": "true" }, node.children ? (open ? "▾" : "▸") : ""),
      el("span", { class: "kind" }, kind.label), el("span", { class: "title", title: node.title }, node.title),
      node.orphan ? el("span", { class: "flag warning", title: "Its parent is not in the trace" }, "⚠ ", word("orphan")) : null,
      node.is_error ? el("span", { class: "flag error" }, "✕ ", word("error")) : null,
      node.warnings ? el("span", { class: "flag warning", title: plural(node.warnings, "warning") }, `⚠ ${node.warnings}`) : null),
    mode === "timeline" ? bar(node, span) : el("span", { class: "numbers" },
      isKnown(node.input_tokens) || isKnown(node.output_tokens) ? el("span", { class: "tokens", title: "Tokens in → out" }, tokens(node.input_tokens, node.output_tokens)) : null,
      el("span", { class: "latency" }, isKnown(node.latency) ? seconds(node.latency) : "")));
    item.style.setProperty("--depth", Math.min(node.depth, DEEPEST_INDENT));
    return item;
  }

  function current() {
    return element.querySelector('[tabindex="0"]');
  }

  function select(node, byHand) {
    selected = node.key;
    for (const other of element.querySelectorAll('[role="treeitem"]')) {
      const isSelected = other.dataset.key === selected;
      other.tabIndex = isSelected ? 0 : -1;
      other.setAttribute("aria-selected", isSelected);
    }
    if (byHand) current()?.focus({ preventScroll: true });
    current()?.scrollIntoView({ block: "nearest" });
    onselect(node, byHand);
  }

  function pick(node) {
    select(node, true);
    onopen(false);
  }

  // Choose a node wherever it is: what hides it gives way.
  function reveal(node, byHand) {
    if (words && !visible().some(({ key }) => key === node.key)) words = "";
    let depth = node.depth;
    for (let place = nodes.indexOf(node) - 1; place >= 0 && depth > 0; place -= 1) {
      if (nodes[place].depth < depth) {
        depth = nodes[place].depth;
        collapsed.delete(nodes[place].key);
      }
    }
    selected = node.key;
    draw();
    select(node, byHand);
  }

  function toggle(node, open = collapsed.has(node.key)) {
    if (open) collapsed.delete(node.key);
    else collapsed.add(node.key);
    draw();
  }

  element.addEventListener("keydown", (event) => {
    const rows = visible();
    const place = rows.findIndex((node) => node.key === selected);
    const node = rows[place];
    if (!node) return;
    const open = !collapsed.has(node.key);
    const parent = () => rows.slice(0, place).findLast((other) => other.depth < node.depth);
    if (event.key === "Enter") {
      onopen(true);
      return;
    }
    const moves = {
      ArrowDown: () => rows[place + 1],
      ArrowUp: () => rows[place - 1],
      Home: () => rows[0],
      End: () => rows.at(-1),
      ArrowRight: () => (node.children && !open ? toggle(node, true) : node.children ? rows[place + 1] : null),
      ArrowLeft: () => (node.children && open ? toggle(node, false) : parent()),
    };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    const target = moves[event.key]();
    if (target) {
      selected = target.key;
      const at = rows.indexOf(target);
      if (at < from || at >= to) draw();
      select(target, true);
    }
  });

  return {
    element,
    show(next, key, how) {
      nodes = next;
      mode = how;
      selected = nodes.some((node) => node.key === key) ? key : nodes[0]?.key;
      element.style.setProperty("--tick", `${tickShare(extent(nodes).length / 1000).toFixed(4)}%`);
      draw();
      return nodes.find((node) => node.key === selected);
    },
    // Show what holds these words, with what stands around it; returns how many nodes hold them.
    filter(text) {
      words = text.trim().toLowerCase();
      draw();
      return words ? nodes.filter((node) => holds(node, words)).length : nodes.length;
    },
    words: () => words,
    // The next or previous failed node from the chosen one, around the end; null when nothing failed.
    step(direction) {
      const failed = nodes.flatMap((node, place) => (node.is_error ? [place] : []));
      if (!failed.length) return null;
      const here = nodes.findIndex((node) => node.key === selected);
      const place = direction > 0 ? failed.find((one) => one > here) ?? failed[0] : failed.findLast((one) => one < here) ?? failed.at(-1);
      const next = nodes[place];
      reveal(next, true);
      return next;
    },
  };
}

function holds(node, words) {
  return [node.title, kindOf(node).label, node.model, node.provider, node.error, node.id].some((text) => text?.toLowerCase().includes(words));
}

// The nodes that hold the words and, set aside, those above them.
function matching(nodes, words) {
  const kept = [];
  let needed = -1; // nodes of a smaller depth that stand before are ancestors
  for (const node of nodes.toReversed()) {
    const found = holds(node, words);
    if (found || node.depth < needed) {
      kept.push(found ? node : { ...node, aside: true });
      needed = node.depth;
    }
  }
  return kept.reverse();
}

const word = (text) => el("span", { class: "word" }, text);

function extent(nodes) {
  let from = Infinity;
  let to = -Infinity;
  for (const node of nodes) {
    from = Math.min(from, Date.parse(node.started_at));
    to = Math.max(to, Date.parse(node.ended_at));
  }
  return { from, length: Math.max(to - from, 1) };
}

function bar(node, span) {
  const start = Date.parse(node.started_at);
  const left = (100 * (start - span.from)) / span.length;
  const width = (100 * (Date.parse(node.ended_at) - start)) / span.length;
  const fill = el("span", { class: "bar-fill" });
  fill.style.setProperty("--left", `${left.toFixed(3)}%`);
  fill.style.setProperty("--width", `${width.toFixed(3)}%`);
  const length = (Date.parse(node.ended_at) - start) / 1000;
  const label = el("span", { class: "latency" }, isKnown(node.latency) ? seconds(node.latency) : node.event === "$ai_trace" ? seconds(length) : "");
  return el("span", { class: "bar-cell" }, el("span", { class: "bar-track" }, fill), label);
}

function tickShare(length) {
  const places = ticks(length);
  return places.length > 1 ? (100 * places[1].at) / length : 100;
}

// The scale of the timeline, with round numbers at round places.
export function axis(trace) {
  const length = (Date.parse(trace.ended_at) - Date.parse(trace.started_at)) / 1000;
  return el("div", { class: "axis", "aria-hidden": "true" }, ticks(length).map(({ at, label }) => {
    const tick = el("span", {}, label);
    tick.style.setProperty("--at", `${(length > 0 ? (100 * at) / length : 0).toFixed(3)}%`);
    return tick;
  }));
}
