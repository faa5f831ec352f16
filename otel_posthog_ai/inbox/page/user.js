// A user: what their traces are together, their sessions, and the traces themselves.

import { ask } from "/api.js";
import { el, fact } from "/dom.js";
import { listAddress } from "/list.js";
import { errorFlag, sessionList, totals } from "/session.js";
import { tracesTable } from "/traces.js";

export function userView(id) {
  let sorting = { sort: "", order: "" };
  const head = el("header", { class: "group-head" });
  const sessions = el("div");
  const table = tracesTable(() => ({ user_id: id, ...sorting }), (wanted) => {
    sorting = wanted;
    table.reset();
    table.refresh();
  });
  const traces = el("section", {}, el("h2", {}, "Traces"), table.elements);
  const element = el("section", { class: "group" }, el("p", { class: "crumb" }, el("a", { href: listAddress() }, "← All traces")), head, sessions, traces);

  async function refresh() {
    const [answer] = await Promise.all([ask(`/api/users/${encodeURIComponent(id)}`), table.refresh()]);
    document.title = `${id} · Inbox`;
    traces.hidden = answer === null;
    if (answer === null) {
      head.replaceChildren(el("p", { class: "empty" }, "No trace is theirs."));
      return;
    }
    head.replaceChildren(
      el("div", { class: "headline" }, el("span", { class: "tag" }, "User"), el("h1", {}, id), errorFlag(answer.user)),
      el("dl", { class: "facts" }, fact("Sessions", `${answer.sessions.length}${answer.sessions.length === 200 ? "+" : ""}`, "mono"), totals(answer.user, "Traces")));
    sessions.replaceChildren(...(answer.sessions.length ? [el("h2", {}, "Sessions"), sessionList(answer.sessions)] : []));
  }
  return { name: "user", element, refresh, get back() { return listAddress(); } };
}
