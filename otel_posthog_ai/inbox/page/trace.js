// One trace: its head, its events as tree or timeline, and the chosen event beside them.

import { ask } from "/api.js";
import { el, tabList } from "/dom.js";
import { detail, traceDetail, traceFindings } from "/detail.js";
import { cost, count, isKnown, moment, plural, seconds, tokens, UNKNOWN } from "/format.js";
import { listAddress, rememberTrace } from "/list.js";
import { axis, treeView, withKeys } from "/tree.js";

export function traceView(id, parameters) {
  let chosen = parameters.get("node");
  let mode = parameters.get("view") === "timeline" ? "timeline" : "tree";
  let last = "";
  let answer = null;
  let detailOf = null;
  let filling = null;

  const head = el("header", { class: "trace-head" });
  const side = el("div", { class: "detail", id: "detail", tabindex: "-1", role: "region", "aria-label": "Chosen event" });
  const tree = treeView({ onselect: (node) => { chosen = node.key; remember(); filling = showDetail(node); }, onopen: open });
  const tabs = tabList("Show events as", { tree: "Tree", timeline: "Timeline" }, mode, setMode);
  const scale = el("div", { class: "scale" });
  const left = el("div", { class: "events" }, tabs, scale, tree.element);
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
    if (chosen) query.set("node", chosen);
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

  function show() {
    element.dataset.mode = mode;
    scale.replaceChildren(mode === "timeline" ? axis(answer.trace) : "");
    const node = tree.show([rootNode(answer), ...rows(answer)], chosen, mode);
    if (node.key !== detailOf) showDetail(node);
  }

  async function showDetail(node) {
    detailOf = node.key;
    if (node.event === "$ai_trace") {
      side.replaceChildren(traceDetail(answer));
      return;
    }
    const row = await ask(`/api/events/${encodeURIComponent(node.uuid)}`);
    if (detailOf !== node.key || row === null) return;
    const about = answer.warnings.filter((finding) => finding.uuid === node.uuid);
    side.replaceChildren(detail(node, row, about));
    side.scrollTop = 0;
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
    rememberTrace(id);
    head.replaceChildren(...headOf(next));
    document.title = `${next.trace.name || "Unnamed trace"} · Inbox`;
    if (detailOf === "") detailOf = null; // the trace's own detail may have changed
    show();
  }

  return { name: "trace", element, refresh, get back() { return listAddress(); } };
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
    latency: trace.latency, input_tokens: trace.input_tokens, output_tokens: trace.output_tokens, is_error: false, warnings: traceFindings(answer).length,
    started_at: trace.started_at, ended_at: trace.ended_at,
  };
}

const back = () => el("a", { href: listAddress() }, "← All traces");

function headOf({ trace, warnings }) {
  const fact = (label, value, kind = "") => el("div", {}, el("dt", {}, label), el("dd", { class: kind }, value));
  const flags = [
    trace.errors ? el("span", { class: "flag error" }, `✕ ${plural(trace.errors, "error")}`) : null,
    warnings.length ? el("span", { class: "flag warning" }, `⚠ ${plural(warnings.length, "warning")}`) : null,
  ];
  return [
    el("p", { class: "crumb" }, back()),
    el("div", { class: "headline" }, el("h1", {}, trace.name || "Unnamed trace"), flags),
    el("dl", { class: "facts" },
      fact("User", trace.distinct_id === trace.id ? "anonymous" : filterLink("user", trace.distinct_id)),
      trace.session_id ? fact("Session", filterLink("session", trace.session_id)) : null,
      fact("Models", trace.models.join(", ") || UNKNOWN),
      fact("Tokens in → out", tokens(trace.input_tokens, trace.output_tokens), "mono"),
      isKnown(trace.total_cost_usd) ? fact("Cost", cost(trace.total_cost_usd), "mono") : null,
      fact("Latency", seconds(trace.latency), "mono"),
      fact("Events", count(trace.events), "mono"),
      fact("Started", moment(trace.started_at), "mono")),
  ];
}

function filterLink(name, value) {
  return el("a", { href: `#/?${new URLSearchParams({ [name]: value })}`, title: `All traces of this ${name}` }, value);
}
