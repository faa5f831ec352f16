// What never became part of a trace: requests that were refused whole, and events that name no trace.

import { ask } from "/api.js";
import { el, sentence } from "/dom.js";
import { count, moment } from "/format.js";
import { jsonView } from "/json.js";
import { listAddress } from "/list.js";
import { findings } from "/detail.js";

export function problemsView() {
  const body = el("div");
  const element = el("section", { class: "problems" },
    el("p", { class: "crumb" }, el("a", { href: listAddress() }, "← All traces")), el("h1", {}, "Problems"), body);

  async function refresh() {
    const { refusals, strays } = await ask("/api/problems");
    body.replaceChildren(
      el("h2", {}, "Refused requests"),
      refusals.length ? el("ul", { class: "cards" }, refusals.map(refusal)) : el("p", { class: "muted" }, "None."),
      el("h2", {}, "Events without a trace"),
      strays.length ? el("ul", { class: "cards" }, strays.map(stray)) : el("p", { class: "muted" }, "None."));
    document.title = "Problems · Inbox";
  }
  return { name: "problems", element, refresh, get back() { return listAddress(); } };
}

function refusal(refused) {
  return el("li", {},
    el("p", {}, el("span", { class: "flag error" }, `✕ ${refused.status}`), " ", el("strong", {}, sentence(refused.reason))),
    el("p", { class: "muted mono" }, `${refused.route} · ${count(refused.bytes)} bytes · ${moment(refused.received_at)}`));
}

function stray(row) {
  return el("li", {},
    el("p", {}, el("strong", { class: "mono" }, row.event.event), " ", el("span", { class: "muted mono" }, moment(row.timestamp))),
    findings(row.warnings), el("details", {}, el("summary", {}, "JSON"), jsonView(row.event)));
}
