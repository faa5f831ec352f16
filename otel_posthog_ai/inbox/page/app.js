// The page: one view at a time, chosen by the address, told when something new was stored.

import { ask, follow } from "/api.js";
import { el } from "/dom.js";
import { ago, plural } from "/format.js";
import { listView } from "/list.js";
import { problemsView } from "/problems.js";
import { sessionView } from "/session.js";
import { traceView } from "/trace.js";
import { userView } from "/user.js";

const main = document.getElementById("main");
let view = null;
let shown = null;

const NAMED_VIEWS = { trace: traceView, session: sessionView, user: userView };

function viewFor(path, parameters) {
  const [, kind, id] = path.split("/");
  if (id && Object.hasOwn(NAMED_VIEWS, kind)) return NAMED_VIEWS[kind](decoded(id), parameters);
  return path === "/problems" ? problemsView() : listView(parameters);
}

// An address typed by hand may be no encoded text; then it is what it says.
function decoded(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

async function route() {
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?");
  const parameters = new URLSearchParams(query);
  if (view && shown === path && view.go) return view.go(parameters);
  const next = viewFor(path, parameters);
  view = next;
  shown = path;
  main.replaceChildren(next.element);
  document.body.dataset.view = next.name;
  try {
    await next.refresh();
  } catch (error) {
    main.replaceChildren(el("p", { class: "empty", role: "alert" }, error.message));
  }
  return undefined;
}

async function countProblems() {
  const problems = await ask("/api/problems");
  const found = problems.refusals.length + problems.strays.length;
  const link = document.getElementById("problems-link");
  link.hidden = found === 0;
  link.textContent = `⚠ ${plural(found, "problem")}`;
}

function showState(connected) {
  document.getElementById("live").dataset.connected = connected;
  const text = document.getElementById("live-text");
  const word = connected ? "Live" : "Not connected";
  if (text.textContent !== word) text.textContent = word;
}

function typing(event) {
  return event.target.closest("input, select, textarea") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing(event)) {
    const search = document.getElementById("search");
    if (search) search.focus();
    else location.hash = "#/?focus=search";
    event.preventDefault();
  } else if (event.key === "Escape") {
    if (typing(event)) event.target.blur();
    else if (shown !== "/") location.hash = view.back ?? "#/";
  } else if (!typing(event) && view.keys && Object.hasOwn(view.keys, event.key)) {
    event.preventDefault();
    view.keys[event.key]();
  }
});

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

// "5 s ago" becomes older also while nothing new comes.
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(time.dateTime);
}, 10000);

window.addEventListener("hashchange", route);
await route();
follow(async () => {
  await Promise.all([view.refresh(), countProblems()]);
}, showState);
