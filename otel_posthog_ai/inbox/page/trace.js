// One trace: its head, its events as tree or timeline, and the chosen event beside them.

import { ask } from "/api.js";
import { costOf } from "/costs.js";
import { button, el, fact, tabList } from "/dom.js";
import { detail, traceDetail, traceFindings } from "/detail.js";
import { thumbs } from "/feedback.js";
import { foldLong } from "/fold.js";
import { count, moment, plural, seconds, tokens, UNKNOWN } from "/format.js";
import { highlight } from "/highlight.js";
import { listAddress, rememberTrace } from "/list.js";
import { sessionLink, userLink } from "/links.js";
import { axis, treeView, withKeys } from "/tree.js";

export function traceView(id, parameters) {
  let chosen = parameters.get("node");
  let mode = parameters.get("view") === "timeline" ? "timeline" : "tree";
  let words = parameters.get("find") ?? "";
  let last = "";
  let answer = null;
  let nodes = [];
  let detailOf = null;
  let filling = null;

  const head = el("header", { class: "trace-head" });
  const side = el("div", { class: "detail", id: "detail", tabindex: "-1", role: "region", "aria-label": "Chosen event" });
  const tree = treeView({ onselect: (node) => { chosen = node.key; words = ""; remember(); filling = showDetail(node); }, onopen: open });
  const tabs = tabList("Show events as", { tree: "Tree", timeline: "Timeline" }, mode, setMode);
  const filter = el("input", { id: "filter", type: "search", placeholder: "Filter events", "aria-label": "Filter events", autocomplete: "off", spellcheck: "false", oninput: applyFilter });
  const matches = el("span", { class: "matches muted", role: "status" });
  const errors = el("div", { class: "errors" });
  const scale = el("div", { class: "scale" });
  const left = el("div", { class: "events" },
    el("div", { class: "events-bar" }, tabs, errors, el("div", { class: "filter" }, filter, matches)), scale, tree.element);
  const body = el("div", { class: "trace-body" }, left, side);
  const element = el("section", { class: "trace-view" }, head, body);

  // Where the detail stands below the rows, choosing one leads to it.
  async function open(byKey) {
    await filling;
    if (byKey) side.focus();
    if (matchMedia("(max-width: 860px)").matches) side.scrollIntoView({ block: "start" });
  }

  function address() {
    const query = new URLSearchParams();
    if (mode !== "tree") query.set("view", mode);
    if (chosen !== null) query.set("node", chosen);
    return `#/trace/${encodeURIComponent(id)}${query.size ? `?${query}` : ""}`;
  }

  function remember() {
    history.replaceState(null, "", address());
  }

  function setMode(name) {
    mode = name;
    remember();
    show();
  }

  function applyFilter() {
    const found = tree.filter(filter.value);
    matches.textContent = filter.value.trim() ? `${count(found)} of ${count(nodes.length)}` : "";
  }

  // To the next or previous failed event; a filter that hides it is taken away.
  function step(direction) {
    if (!tree.step(direction)) return;
    if (filter.value && !tree.words()) {
      filter.value = "";
      applyFilter();
    }
    errorsBar();
    open(false);
  }

  function errorsBar() {
    const failed = nodes.filter((node) => node.is_error);
    const place = failed.findIndex((node) => node.key === chosen);
    errors.replaceChildren(...(failed.length ? [
      el("span", { class: "flag error" }, place < 0 ? `✕ ${plural(failed.length, "error")}` : `✕ ${place + 1} of ${failed.length}`),
      button("‹", () => step(-1), { class: "small", "aria-label": "Previous error", title: "Previous error (p)" }),
      button("›", () => step(1), { class: "small", "aria-label": "Next error", title: "Next error (n)" }),
    ] : []));
  }

  function show() {
    element.dataset.mode = mode;
    scale.replaceChildren(mode === "timeline" ? axis(answer.trace) : "");
    if (chosen === null) chosen = whatMatters(answer.trace, nodes);
    const node = tree.show(nodes, chosen, mode);
    errorsBar();
    if (node.key !== detailOf) filling = showDetail(node);
  }

  async function showDetail(node) {
    detailOf = node.key;
    if (node.event === "$ai_trace") {
      side.replaceChildren(traceDetail(answer));
    } else {
      const row = await ask(`/api/events/${encodeURIComponent(node.uuid)}`);
      if (detailOf !== node.key || row === null) return;
      const about = answer.warnings.filter((finding) => finding.uuid === node.uuid);
      const calls = nodes.filter((other) => other.event === "$ai_generation").sort((one, other) => (one.started_at < other.started_at ? -1 : 1));
      side.replaceChildren(detail(node, row, about, calls));
      foldLong(side);
      // Words that stand in none of the texts, such as an id, stand in the JSON.
      if (words && !highlight(side, words)) side.replaceChildren(detail(node, row, about, calls, "json"));
    }
    foldLong(side);
    side.scrollTop = 0;
    highlight(side, words);
    errorsBar();
  }

  async function refresh() {
    const next = await ask(`/api/traces/${encodeURIComponent(id)}`, { events: "0" });
    if (next === null) {
      element.replaceChildren(el("p", { class: "crumb" }, back()), el("p", { class: "empty" }, "There is no trace with this id."));
      return;
    }
    const text = JSON.stringify({ ...next, revision: 0 });
    if (text === last) return;
    last = text;
    answer = next;
    nodes = [rootNode(next), ...rows(next)];
    rememberTrace(id);
    head.replaceChildren(...headOf(next, () => step(1)));
    document.title = `${next.trace.name || "Unnamed trace"} · Inbox`;
    if (detailOf === "") detailOf = null; // the trace's own detail may have changed
    show();
  }

  const keys = { n: () => step(1), p: () => step(-1), f: () => filter.focus() };
  return { name: "trace", element, refresh, keys, get back() { return listAddress(); } };
}

// What a trace opens on: its only event, or what failed first, or the whole of it.
function whatMatters(trace, nodes) {
  if (nodes.length === 2) return nodes[1].key;
  const failed = trace.first_error && nodes.find((node) => node.uuid === trace.first_error.uuid);
  return failed?.key ?? "";
}

// The drawn nodes below the trace's own row, each with the number of warnings about its event.
function rows({ tree, warnings }) {
  const counts = new Map();
  for (const { uuid } of warnings) counts.set(uuid, (counts.get(uuid) ?? 0) + 1);
  return withKeys(tree).map((node) => ({ ...node, depth: node.depth + 1, warnings: counts.get(node.uuid) ?? 0 }));
}

function rootNode(answer) {
  const { trace, tree } = answer;
  return {
    key: "", id: trace.id, depth: 0, children: tree.filter((node) => node.depth === 0).length, event: "$ai_trace", title: trace.name || "Unnamed trace",
    latency: trace.latency, input_tokens: trace.input_tokens, output_tokens: trace.output_tokens, is_error: trace.failed, warnings: traceFindings(answer).length,
    started_at: trace.started_at, ended_at: trace.ended_at,
  };
}

const back = () => el("a", { href: listAddress() }, "← All traces");

function headOf({ trace, warnings, feedback }, toError) {
  const flags = [
    trace.errors ? button(`✕ ${plural(trace.errors, "error")}`, toError, { class: "flag error link", title: "Go to the next error (n)" }) : null,
    warnings.length ? el("span", { class: "flag warning" }, `⚠ ${plural(warnings.length, "warning")}`) : null,
    thumbs(feedback),
  ];
  return [
    el("div", { class: "crumb" }, back(), download(trace.id)),
    el("div", { class: "headline" }, el("h1", {}, trace.name || "Unnamed trace"), flags),
    el("dl", { class: "facts" },
      fact("User", userLink(trace)),
      trace.session_id ? fact("Session", sessionLink(trace.session_id)) : null,
      fact("Models", trace.models.join(", ") || UNKNOWN),
      fact("Tokens in → out", tokens(trace.input_tokens, trace.output_tokens), "mono"),
      fact("Cost", costOf(trace), "mono"),
      fact("Latency", seconds(trace.latency), "mono"),
      fact("Events", count(trace.events), "mono"),
      fact("Started", moment(trace.started_at), "mono")),
  ];
}

function download(id) {
  const name = id.replace(/[^\w.-]+/g, "_").slice(0, 80) || "trace";
  return el("a", { href: `/api/traces/${encodeURIComponent(id)}`, download: `${name}.json`, title: "All events as they were sent, with the tree and the warnings" }, "Download JSON");
}
