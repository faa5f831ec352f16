// A table of traces: one row each, in two lines: its facts, and what was asked and answered. Sorted by its headings.

import { askTraces } from "/api.js";
import { costOf } from "/costs.js";
import { button, el } from "/dom.js";
import { ago, count, moment, plural, seconds, tokens, UNKNOWN } from "/format.js";
import { sessionLink, traceAddress, userLink } from "/links.js";

// Heading, what it sorts by, and whether a first click gives the largest first.
const COLUMNS = [
  ["Trace", "name", false, "what"], ["User", "user", false, "who"], ["Session", "session", false, "session"], ["Models", "model", false, "models"],
  ["Tokens in → out", "tokens", true, "number tokens"], ["Cost", "cost", true, "number cost"], ["Latency", "latency", true, "number latency"],
  ["Started", "started", true, "number when"],
];
const PAGE = 50;

// `query` gives what is asked for at any time; `onsort` is told {sort, order} when a heading is clicked; `comesFrom` gives
// the trace whose row is to be focused.
export function tracesTable(query, onsort, comesFrom = () => null) {
  let traces = [];
  let next = null;
  let pages = 1;
  let latest = 0;
  const rows = el("tbody", { role: "rowgroup" });
  const headings = COLUMNS.map(([label, sort, falls, kind]) => heading(label, sort, falls, kind));
  const table = el("table", { class: "traces", role: "table" },
    el("caption", { class: "hidden" }, "Traces"),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, headings)), rows);
  const more = button("Show more", () => { pages += 1; refresh(); }, { class: "more" });

  function heading(label, sort, falls, kind) {
    const mark = el("span", { class: "direction", "aria-hidden": "true" });
    const click = () => {
      const now = sorting();
      onsort({ sort, order: now.sort === sort ? (now.order === "asc" ? "desc" : "asc") : falls ? "desc" : "asc" });
    };
    return el("th", { scope: "col", role: "columnheader", class: kind, "data-sort": sort }, button([label, mark], click, { class: "sort" }));
  }

  function sorting() {
    const asked = query();
    return { sort: asked.sort || "started", order: asked.order || "desc" };
  }

  function markHeadings() {
    const { sort, order } = sorting();
    for (const one of headings) {
      const sorted = one.dataset.sort === sort;
      if (sorted) one.setAttribute("aria-sort", order === "asc" ? "ascending" : "descending");
      else one.removeAttribute("aria-sort");
      one.querySelector(".direction").textContent = sorted ? (order === "asc" ? " ↑" : " ↓") : "";
    }
  }

  // Ask again; returns {total, shown}, or null when a later question has overtaken this one.
  async function refresh() {
    const asked = (latest += 1);
    const wanted = query();
    markHeadings();
    const page = await askTraces(wanted, PAGE * pages, () => asked === latest);
    if (page === null) return null;
    traces = page.traces;
    next = page.next;
    draw(page.total, wanted.q);
    return { total: page.total, shown: traces.length };
  }

  function draw(found, words) {
    const held = document.activeElement?.closest?.("tr")?.dataset.trace ?? comesFrom();
    rows.replaceChildren(...traces.map((trace) => row(trace, words)));
    if (held) rows.querySelector(`tr[data-trace="${CSS.escape(held)}"] a.name`)?.focus();
    table.hidden = traces.length === 0;
    more.hidden = next === null;
    more.textContent = `Show more (${count(found - traces.length)} left)`;
  }

  rows.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step) return;
    const links = [...rows.querySelectorAll("a.name")];
    const place = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[place + step]?.focus();
    event.preventDefault();
  });

  return { elements: [table, more], refresh, reset: () => { pages = 1; } };
}

function row(trace, words) {
  const flags = [
    trace.errors ? el("a", { class: "flag error", href: traceAddress(trace.id, { node: trace.first_error?.id }), title: trace.first_error?.error ?? "Go to the error" }, `✕ ${plural(trace.errors, "error")}`) : null,
    trace.warnings ? el("span", { class: "flag warning" }, `⚠ ${plural(trace.warnings, "warning")}`) : null,
  ];
  const target = words && trace.hit ? { node: trace.hit.event.startsWith("$ai_") && isDrawn(trace.hit.event) ? trace.hit.id : "", find: words } : {};
  return el("tr", { "data-trace": trace.id, role: "row" },
    cell("what", [el("a", { class: "name", href: traceAddress(trace.id, target) }, trace.name || "Unnamed trace"), flags]),
    cell("who clip", userLink(trace), trace.distinct_id === trace.id ? null : trace.distinct_id),
    cell("session clip", trace.session_id ? sessionLink(trace.session_id) : UNKNOWN, trace.session_id),
    cell("models clip", models(trace.models)),
    cell("number tokens", tokens(trace.input_tokens, trace.output_tokens)),
    cell("number cost", costOf(trace)),
    cell("number latency", seconds(trace.latency)),
    cell("number when", el("time", { datetime: trace.started_at, "data-ago": true, title: moment(trace.started_at) }, ago(trace.started_at))),
    cell("said", words && trace.hit ? hit(trace.hit) : said(trace)));
}

const isDrawn = (event) => ["$ai_generation", "$ai_embedding", "$ai_span"].includes(event);

function cell(kind, content, title = null) {
  return el("td", { class: kind, role: "cell", title }, content);
}

// What the user asked, and what they got: an answer, or the error in its place.
function said({ asked, answered, first_error: failed }) {
  const end = answered ? el("span", { class: "answered", title: answered }, answered)
    : failed ? el("span", { class: "answered flag error", title: failed.error }, failed.error || "failed") : null;
  if (!asked && !end) return el("span", { class: "muted" }, "No words");
  return [asked ? el("span", { class: "asked", title: asked }, asked) : null, end ? [el("span", { class: "arrow", "aria-hidden": "true" }, "→"), end] : null];
}

function hit({ event, excerpt: [before, words, after] }) {
  return [el("span", { class: "tag" }, event.replace("$ai_", "").replace(/^./, (letter) => letter.toUpperCase())), el("span", { class: "excerpt" }, before && `…${before}`, el("mark", {}, words), after)];
}

function models(names) {
  if (!names.length) return UNKNOWN;
  const rest = names.length - 1;
  return el("span", { title: names.join("\n") }, names[0], rest ? el("span", { class: "muted" }, ` +${rest}`) : null);
}
