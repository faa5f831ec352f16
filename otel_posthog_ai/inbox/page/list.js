// The list of traces: newest first, filtered, searched, sorted, live.

import { ask } from "/api.js";
import { button, el } from "/dom.js";
import { plural } from "/format.js";
import { tracesTable } from "/traces.js";

const FILTERS = ["q", "user", "session", "model", "range", "from", "to", "errors", "warnings"];
const SORTING = ["sort", "order"];
const MINUTE = 60000;
const RANGES = {
  "": ["Any time"], "15m": ["Last 15 minutes", 15 * MINUTE], "1h": ["Last hour", 60 * MINUTE], "24h": ["Last 24 hours", 1440 * MINUTE],
  "7d": ["Last 7 days", 10080 * MINUTE], between: ["Between…"],
};
// For windows that are too narrow for headings.
const ORDERS = {
  "": "Newest first", "started asc": "Oldest first", "latency desc": "Slowest first", "cost desc": "Dearest first", "tokens desc": "Most tokens first",
  "name asc": "By name", "user asc": "By user",
};
let lastAddress = "#/";
let lastTrace = null;

export const listAddress = () => lastAddress;

export function listView(parameters) {
  let filters = {};

  const search = el("input", {
    id: "search", type: "search", placeholder: "Search names, prompts, outputs, ids", "aria-label": "Search", autocomplete: "off",
    spellcheck: "false", oninput: () => later(() => change("q", search.value)),
  });
  const user = suggestField("user", "User", change, later);
  const session = suggestField("session", "Session", change, later);
  const model = el("select", { "aria-label": "Model", onchange: () => change("model", model.value) });
  const range = el("select", { "aria-label": "Time", onchange: () => change("range", range.value) }, Object.entries(RANGES).map(([value, [label]]) => el("option", { value }, label)));
  const from = timeField("from", "From", change);
  const to = timeField("to", "To", change);
  const errors = toggle("Errors", () => change("errors", filters.errors ? "" : "1"));
  const warnings = toggle("Warnings", () => change("warnings", filters.warnings ? "" : "1"));
  const order = el("select", { class: "order", "aria-label": "Sort", onchange: () => sortBy(order.value) }, Object.entries(ORDERS).map(([value, label]) => el("option", { value }, label)));
  const clear = button("Clear", () => navigate(pick(SORTING)), { class: "quiet" });
  const total = el("p", { class: "total", role: "status" });
  const table = tracesTable(question, ({ sort, order: way }) => navigate({ ...filters, sort, order: way }), takeLastTrace);
  const empty = el("div", { class: "empty" });
  const element = el("section", { class: "list" },
    el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
      el("div", { class: "search" }, search, el("kbd", { "aria-hidden": "true" }, "/")),
      el("div", { class: "fields" }, user.element, session.element, model, range, from, to, errors, warnings, order, clear, total)),
    table.elements, empty);

  let timer = null;
  function later(run) {
    clearTimeout(timer);
    timer = setTimeout(run, 150);
  }

  const pick = (names) => Object.fromEntries(names.map((name) => [name, filters[name]]));

  function question() {
    const { range: within, from: first, to: last, ...asked } = filters;
    const length = RANGES[within]?.[1];
    if (length) return { ...asked, since: new Date(Date.now() - length).toISOString() };
    return within === "between" ? { ...asked, since: instant(first), until: instant(last) } : asked;
  }

  function change(name, value) {
    navigate({ ...filters, [name]: value });
  }

  function sortBy(value) {
    const [sort = "", way = ""] = value.split(" ");
    navigate({ ...filters, sort, order: way });
  }

  function navigate(wanted) {
    const kept = wanted.sort === "started" && wanted.order === "desc" ? { ...wanted, sort: "", order: "" } : wanted;
    const query = new URLSearchParams(Object.entries(kept).filter(([, value]) => value));
    const address = query.size ? `#/?${query}` : "#/";
    if (address === location.hash) return;
    history.replaceState(null, "", address);
    go(query);
  }

  function go(query) {
    filters = Object.fromEntries([...FILTERS, ...SORTING].map((name) => [name, query.get(name) ?? ""]));
    lastAddress = query.size ? `#/?${query}` : "#/";
    table.reset();
    if (search.value !== filters.q && document.activeElement !== search) search.value = filters.q;
    user.input.value = filters.user;
    session.input.value = filters.session;
    range.value = filters.range in RANGES ? filters.range : "";
    for (const [field, name] of [[from, "from"], [to, "to"]]) {
      field.value = filters[name];
      field.hidden = filters.range !== "between";
    }
    order.value = `${filters.sort} ${filters.order}`.trim();
    errors.setAttribute("aria-pressed", Boolean(filters.errors));
    warnings.setAttribute("aria-pressed", Boolean(filters.warnings));
    clear.hidden = !FILTERS.some((name) => filters[name]);
    if (query.get("focus") === "search") search.focus();
    return refresh();
  }

  async function refresh() {
    const [page, facets] = await Promise.all([table.refresh(), ask("/api/facets", { user: filters.user, session: filters.session })]);
    if (page === null) return;
    user.suggest(facets.users);
    session.suggest(facets.sessions);
    options(model, facets.models, filters.model);
    total.textContent = page.shown ? plural(page.total, "trace") : "";
    empty.hidden = page.shown > 0;
    empty.replaceChildren(...(FILTERS.some((name) => filters[name]) ? nothingFound() : waiting()));
    document.title = "Inbox";
  }

  go(parameters);
  return { name: "list", element, refresh, go };
}

// The trace that one comes back from, to be focused again; only where nothing else has the focus.
function takeLastTrace() {
  const trace = lastTrace;
  lastTrace = null;
  return document.activeElement === document.body ? trace : null;
}

export function rememberTrace(id) {
  lastTrace = id;
}

// A time of the reader's clock, as a field gives it, for the inbox.
function instant(local) {
  const date = new Date(local);
  return local && !Number.isNaN(date.getTime()) ? date.toISOString() : "";
}

function suggestField(id, label, change, later) {
  const options = el("datalist", { id: `${id}-options` });
  const input = el("input", {
    type: "text", placeholder: `${label} contains`, "aria-label": label, list: options.id, autocomplete: "off", spellcheck: "false",
    onchange: () => change(id, input.value.trim()), oninput: () => later(offer),
  });
  const suggest = (values) => options.replaceChildren(...values.map((value) => el("option", { value })));
  const offer = async () => suggest((await ask("/api/facets", { [id]: input.value.trim() }))[`${id}s`]);
  return { element: el("span", { class: "field" }, input, options), input, suggest };
}

function timeField(id, label, change) {
  const input = el("input", { type: "datetime-local", "aria-label": label, title: `${label} (your clock)`, hidden: true, onchange: () => change(id, input.value) });
  return input;
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
