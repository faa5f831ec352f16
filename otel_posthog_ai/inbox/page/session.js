// A session: what its turns are together, and the turns in their order.

import { ask, askTraces } from "/api.js";
import { costOf } from "/costs.js";
import { button, el, fact } from "/dom.js";
import { foldLong } from "/fold.js";
import { count, isKnown, moment, plural, seconds, tokens } from "/format.js";
import { sessionAddress, traceAddress, userAddress } from "/links.js";
import { listAddress } from "/list.js";
import { readMessages } from "/messages.js";
import { textBlock, textSwitch } from "/text.js";

const PAGE = 100;

export function sessionView(id) {
  let pages = 1;
  const head = el("header", { class: "group-head" });
  const turns = el("ol", { class: "turns" });
  const more = button("Show more", () => { pages += 1; refresh(); }, { class: "more", hidden: true });
  const element = el("section", { class: "group" }, el("p", { class: "crumb" }, el("a", { href: listAddress() }, "← All traces")), head, el("div", { class: "turns-bar" }, textSwitch()), turns, more);
  let last = "";

  async function refresh() {
    const [answer, page] = await Promise.all([
      ask(`/api/sessions/${encodeURIComponent(id)}`), askTraces({ session_id: id, sort: "started", order: "asc" }, PAGE * pages),
    ]);
    document.title = `${id} · Inbox`;
    if (answer === null) {
      turns.replaceChildren(el("li", { class: "empty" }, "There is no session with this id."));
      return;
    }
    const text = JSON.stringify([answer.session, page.traces]);
    if (text === last) return; // what was unfolded stays so
    last = text;
    head.replaceChildren(...headOf(answer.session));
    turns.replaceChildren(...page.traces.map(turn));
    more.hidden = page.next === null;
    more.textContent = `Show more (${count(page.total - page.traces.length)} left)`;
  }
  return { name: "session", element, refresh, get back() { return listAddress(); } };
}

function headOf(session) {
  return [
    el("div", { class: "headline" }, el("span", { class: "tag" }, "Session"), el("h1", {}, session.id), errorFlag(session)),
    el("dl", { class: "facts" },
      fact(session.users.length > 1 ? "Users" : "User", session.users.length ? session.users.flatMap((user, place) => [place ? ", " : null, el("a", { href: userAddress(user) }, user)]) : el("span", { class: "muted" }, "anonymous")),
      totals(session, "Turns")),
  ];
}

// The facts that a session and a user have in common.
export function totals(group, label) {
  return [
    fact(label, count(group.traces), "mono"), fact("Tokens in → out", tokens(group.input_tokens, group.output_tokens), "mono"), fact("Cost", costOf(group), "mono"),
    fact("Latency", seconds(group.latency), "mono"), fact("Errors", count(group.errors), "mono"), fact("First", moment(group.started_at), "mono"), fact("Last", moment(group.ended_at), "mono"),
  ];
}

export const errorFlag = ({ errors }) => (errors ? el("span", { class: "flag error" }, `✕ ${plural(errors, "error")}`) : null);

// A turn: the lines that the list knows at once, the whole texts once it comes into sight.
function turn(trace, place) {
  const failed = trace.first_error;
  const said = (who, kind, line) => (line ? el("div", { class: "turn-said" }, el("strong", { class: kind }, who), el("div", { class: "line" }, line)) : null);
  const asked = said("User", "by-user", trace.asked);
  const answered = said("Assistant", "by-assistant", trace.answered);
  const drawn = el("li", { class: "turn" },
    el("div", { class: "turn-head" }, el("span", { class: "mono muted" }, String(place + 1)), el("a", { class: "name", href: traceAddress(trace.id) }, trace.name || "Unnamed trace"),
      failed ? el("a", { class: "flag error", href: traceAddress(trace.id, { node: failed.id }) }, `✕ ${plural(trace.errors, "error")}`) : null,
      el("time", { class: "muted mono", datetime: trace.started_at }, moment(trace.started_at))),
    asked, answered, failed ? said("Error", "flag error", failed.error || "No error text was sent.") : null,
    !asked && !answered && !failed ? el("p", { class: "muted" }, "No words") : null,
    el("p", { class: "turn-facts muted" }, trace.models.length ? el("span", {}, trace.models.join(", ")) : null, used(trace), el("span", { class: "mono" }, seconds(trace.latency))));
  whenSeen(drawn, async () => {
    await Promise.all([fill(asked, trace.asked_in, "user", ["$ai_input", "$ai_input_state"]), fill(answered, trace.answered_in, "assistant", ["$ai_output_choices", "$ai_output", "$ai_output_state"])]);
    foldLong(drawn);
  });
  return drawn;
}

// Tokens and cost, where there are any.
function used(one) {
  if (!isKnown(one.input_tokens) && !isKnown(one.output_tokens)) return isKnown(one.total_cost_usd) ? el("span", { class: "mono" }, costOf(one)) : null;
  return [el("span", { class: "mono" }, `${tokens(one.input_tokens, one.output_tokens)} tokens`), el("span", { class: "mono" }, costOf(one))];
}

function whenSeen(element, run) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    run();
  }, { rootMargin: "400px" });
  observer.observe(element);
}

// The last message of a role in the first of these properties that has one, in place of its line.
async function fill(box, uuid, role, names) {
  const row = box && uuid ? await ask(`/api/events/${encodeURIComponent(uuid)}`) : null;
  if (row === null) return;
  for (const name of names) {
    const message = readMessages(row.event.properties?.[name], role).findLast((one) => one.role === role && textOf(one));
    if (message) {
      box.lastChild.replaceChildren(textBlock(textOf(message)));
      return;
    }
  }
}

const textOf = ({ blocks }) => blocks.filter(({ kind }) => kind === "text").map(({ text }) => text).join("\n\n");

// The sessions of a user, the latest first.
export function sessionList(sessions) {
  return el("ul", { class: "cards sessions" }, sessions.map((session) => el("li", {},
    el("div", { class: "turn-head" }, el("a", { class: "name", href: sessionAddress(session.id) }, session.id), errorFlag(session), el("time", { class: "muted mono", datetime: session.started_at }, moment(session.started_at))),
    el("p", { class: "turn-facts muted" }, el("span", {}, plural(session.traces, "turn")), used(session)))));
}
