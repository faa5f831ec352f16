// The list of traces: newest first, filtered, searched, live.

import { ask } from "/api.js";
import { button, el } from "/dom.js";
import { ago, count, moment, plural, seconds, tokens, UNKNOWN } from "/format.js";

const FILTERS = ["q", "user", "session", "model", "errors", "warnings"];
let lastAddress = "#/";
let lastTrace = null;

export const listAddress = () => lastAddress;

export function listView(parameters) {
  let filters = {};
  let traces = [];
  let next = null;
  let pages = 1;
  let latest = 0;

  const search = el("input", {
    id: "search", type: "search", placeholder: "Search names, prompts, outputs, ids", "aria-label": "Search", autocomplete: "off",
    spellcheck: "false", oninput: () => later(() => change("q", search.value)),
  });
  const user = suggestField("user", "User", change);
  const session = suggestField("session", "Session", change);
  const model = el("select", { "aria-label": "Model", onchange: () => change("model", model.value) });
  const errors = toggle("Errors", () => change("errors", filters.errors ? "" : "1"));
  const warnings = toggle("Warnings", () => change("warnings", filters.warnings ? "" : "1"));
  const clear = button("Clear", () => navigate({}), { class: "quiet" });
  const total = el("p", { class: "total", role: "status" });
  const rows = el("tbody");
  const table = el("table", { class: "traces" },
    el("caption", { class: "hidden" }, "Traces, newest first"),
    el("thead", {}, el("tr", {}, [
      ["Trace", ""], ["User", ""], ["Session", ""], ["Models", ""], ["Tokens in → out", "number"], ["Latency", "number"], ["Started", "number"],
    ].map(([label, kind]) => el("th", { scope: "col", class: kind }, label)))),
    rows);
  const more = button("Show more", () => { pages += 1; refresh(); }, { class: "more" });
  const empty = el("div", { class: "empty" });
  const element = el("section", { class: "list" },
    el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      el("div", { class: "search" }, search, el("kbd", { "aria-hidden": "true" }, "/")),
      el("div", { class: "fields" }, user.element, session.element, model, errors, warnings, clear, total)),
    table, empty, more);

  rows.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step) return;
    const links = [...rows.querySelectorAll("a.name")];
    const place = links.indexOf(document.activeElement);
    links[place + step]?.focus();
    event.preventDefault();
  });

  let timer = null;
  function later(run) {
    clearTimeout(timer);
    timer = setTimeout(run, 150);
  }

  function change(name, value) {
    navigate({ ...filters, [name]: value });
  }

  function navigate(wanted) {
    const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    const address = query.size ? `#/?${query}` : "#/";
    if (address === location.hash) return;
    history.replaceState(null, "", address);
    go(query);
  }

  function go(query) {
    filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
    lastAddress = query.size ? `#/?${query}` : "#/";
    pages = 1;
    if (search.value !== filters.q && document.activeElement !== search) search.value = filters.q;
    user.input.value = filters.user;
    session.input.value = filters.session;
    errors.setAttribute("aria-pressed", Boolean(filters.errors));
    warnings.setAttribute("aria-pressed", Boolean(filters.warnings));
    clear.hidden = !FILTERS.some((name) => filters[name]);
    if (query.get("focus") === "search") search.focus();
    return refresh();
  }

  async function refresh() {
    const asked = (latest += 1);
    const [page, facets] = await Promise.all([
      ask("/api/traces", { ...filters, limit: String(Math.min(50 * pages, 500)) }), ask("/api/facets"),
    ]);
    if (asked !== latest) return;
    let collected = page.traces;
    next = page.next;
    while (next && collected.length < 50 * pages) {
      const further = await ask("/api/traces", { ...filters, limit: "500", before: next });
      collected = collected.concat(further.traces);
      next = further.next;
      if (asked !== latest) return;
    }
    traces = collected;
    user.suggest(facets.users);
    session.suggest(facets.sessions);
    options(model, facets.models, filters.model);
    draw(page.total);
  }

  function draw(found) {
    const filtered = FILTERS.some((name) => filters[name]);
    const focused = document.activeElement?.closest?.("tr")?.dataset.trace ?? takeLastTrace();
    rows.replaceChildren(...traces.map(row));
    if (focused) rows.querySelector(`tr[data-trace="${CSS.escape(focused)}"] a.name`)?.focus();
    table.hidden = traces.length === 0;
    more.hidden = next === null;
    more.textContent = `Show more (${count(found - traces.length)} left)`;
    total.textContent = traces.length ? plural(found, "trace") : "";
    empty.hidden = traces.length > 0;
    empty.replaceChildren(...(filtered ? nothingFound() : waiting()));
    document.title = "Inbox";
  }

  go(parameters);
  return { name: "list", element, refresh, go };
}

function takeLastTrace() {
  const trace = lastTrace;
  lastTrace = null;
  return document.activeElement === document.body ? trace : null;
}

export function rememberTrace(id) {
  lastTrace = id;
}

function row(trace) {
  const flags = [
    trace.errors ? el("span", { class: "flag error" }, `✕ ${plural(trace.errors, "error")}`) : null,
    trace.warnings ? el("span", { class: "flag warning" }, `⚠ ${plural(trace.warnings, "warning")}`) : null,
  ];
  return el("tr", { "data-trace": trace.id },
    el("td", { class: "what" },
      el("a", { class: "name", href: `#/trace/${encodeURIComponent(trace.id)}` }, trace.name || "Unnamed trace"), flags),
    cell("User", trace.distinct_id === trace.id ? el("span", { class: "muted" }, "anonymous") : trace.distinct_id, "clip who"),
    cell("Session", trace.session_id ?? UNKNOWN, "clip session"),
    cell("Models", models(trace.models), "clip models"),
    cell("Tokens", tokens(trace.input_tokens, trace.output_tokens), "number tokens"),
    cell("Latency", seconds(trace.latency), "number latency"),
    el("td", { class: "number when" }, el("time", { datetime: trace.started_at, title: moment(trace.started_at) }, ago(trace.started_at))));
}

function models(names) {
  if (!names.length) return UNKNOWN;
  const rest = names.length - 1;
  return el("span", { title: names.join("\n") }, names[0], rest ? el("span", { class: "muted" }, ` +${rest}`) : null);
}

function cell(label, content, kind) {
  const title = typeof content === "string" && kind.includes("clip") ? content : null;
  return el("td", { class: kind, "data-label": label, title }, content);
}

function suggestField(id, label, change) {
  const options = el("datalist", { id: `${id}-options` });
  const input = el("input", {
    type: "text", placeholder: label, "aria-label": label, list: options.id, autocomplete: "off", spellcheck: "false",
    onchange: () => change(id, input.value.trim()),
  });
  const suggest = (values) => options.replaceChildren(...values.map((value) => el("option", { value })));
  return { element: el("span", { class: "field" }, input, options), input, suggest };
}

function options(select, values, chosen) {
  const all = chosen && !values.includes(chosen) ? [chosen, ...values] : values;
  select.replaceChildren(el("option", { value: "" }, "All models"), ...all.map((value) => el("option", { value }, value)));
  select.value = chosen;
}

function toggle(label, onclick) {
  return button(label, onclick, { class: "toggle", "aria-pressed": "false" });
}

function nothingFound() {
  return [el("h2", {}, "No trace matches"), el("p", {}, "Change the search or clear the filters.")];
}

function waiting() {
  return [
    el("h2", {}, "Waiting for the first trace"),
    el("p", {}, "Point an app that is traced by OpenTelemetry here:"),
    el("pre", { class: "code" }, `POSTHOG_HOST=${location.origin}\nPOSTHOG_API_KEY=phc_local`),
  ];
}
