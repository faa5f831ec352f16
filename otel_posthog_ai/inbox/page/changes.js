// What a call's input holds that an earlier call's did not: message by message, tool by tool, setting by setting.

import { ask } from "/api.js";
import { drawnMessages } from "/conversation.js";
import { el } from "/dom.js";
import { foldLong } from "/fold.js";
import { plural, seconds } from "/format.js";

const COMPARED = 1000; // messages a side; beyond, only what both begin and end with is matched
const SETTINGS = ["$ai_model", "$ai_provider", "$ai_temperature", "$ai_max_tokens", "$ai_model_parameters", "$ai_stream"];

// The tab's content: `others` are the generations of the trace by start, `own` the properties of the chosen one.
export function changesView(node, own, others) {
  const earlier = others.filter((other) => other.uuid !== node.uuid && other.started_at <= node.started_at);
  const choices = (earlier.length ? earlier : others.filter((other) => other.uuid !== node.uuid)).toReversed();
  const box = el("div", { class: "changes" });
  const select = el("select", { "aria-label": "Compare with", onchange: () => compare(choices[Number(select.value)]) },
    choices.map((other, place) => el("option", { value: place }, `${other.title} · ${seconds(other.latency)}${place === 0 ? " · the call before" : ""}`)));
  async function compare(other) {
    const row = await ask(`/api/events/${encodeURIComponent(other.uuid)}`);
    box.replaceChildren(...(row === null ? [el("p", { class: "muted" }, "That event is gone.")] : drawn(row.event.properties ?? {}, own)));
    foldLong(box);
  }
  compare(choices[0]);
  return el("div", {}, el("p", { class: "compared" }, el("label", {}, el("span", { class: "muted" }, "Compared with "), select)), box);
}

function drawn(before, after) {
  const steps = difference(listOf(before.$ai_input), listOf(after.$ai_input));
  const number = (kind) => steps.filter((step) => step.kind === kind).length;
  const summary = el("p", { class: "summary", role: "status" },
    el("strong", {}, `${plural(number("added"), "message")} added`), `, ${number("same")} as before, ${number("gone")} gone`);
  return [summary, settings(before, after), tools(before, after), el("ol", { class: "messages" }, runs(steps).map(drawnRun))].filter(Boolean);
}

const listOf = (value) => (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]);

function drawnRun({ kind, items }) {
  const messages = drawnMessages(items, "user");
  if (kind === "same") {
    const whole = el("details", {}, el("summary", {}, `${plural(items.length, "message")} as before`), el("ol", { class: "messages" }, messages));
    whole.addEventListener("toggle", () => foldLong(whole));
    return el("li", { class: "same" }, whole);
  }
  return messages.map((message) => {
    message.classList.add(kind);
    message.firstChild.prepend(el("span", { class: "change" }, kind === "added" ? "+ added" : "− gone"));
    return message;
  });
}

function settings(before, after) {
  const changed = SETTINGS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (!changed.length) return null;
  const shown = (value) => (value === undefined ? "not set" : typeof value === "string" ? value : JSON.stringify(value));
  return el("ul", { class: "setting-changes" }, changed.map((name) => el("li", {}, el("span", { class: "muted" }, name.replace("$ai_", "")), " ",
    el("span", { class: "mono" }, `${shown(before[name])} → ${shown(after[name])}`))));
}

function tools(before, after) {
  const names = (properties) => new Set(listOf(properties.$ai_tools).map((tool) => String(tool?.function?.name ?? tool?.name ?? JSON.stringify(tool))));
  const [old, now] = [names(before), names(after)];
  const added = [...now].filter((name) => !old.has(name)).map((name) => `+ ${name}`);
  const gone = [...old].filter((name) => !now.has(name)).map((name) => `− ${name}`);
  return added.length + gone.length ? el("p", { class: "mono" }, `Tools: ${[...added, ...gone].join(", ")}`) : null;
}

// Steps {kind: same|added|gone, item} from one list to the other, by the longest common subsequence.
export function difference(before, after) {
  const [old, now] = [before, after].map((list) => list.map((item) => JSON.stringify(item)));
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const middle = between(old.slice(start, old.length - end), now.slice(start, now.length - end), before.slice(start), after.slice(start));
  const same = (item) => ({ kind: "same", item });
  return [...after.slice(0, start).map(same), ...middle, ...after.slice(after.length - end).map(same)];
}

function between(old, now, before, after) {
  if (old.length > COMPARED || now.length > COMPARED) {
    return [...old.map((_, place) => ({ kind: "gone", item: before[place] })), ...now.map((_, place) => ({ kind: "added", item: after[place] }))];
  }
  const longest = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let one = old.length - 1; one >= 0; one -= 1) {
    for (let other = now.length - 1; other >= 0; other -= 1) {
      longest[one][other] = old[one] === now[other] ? longest[one + 1][other + 1] + 1 : Math.max(longest[one + 1][other], longest[one][other + 1]);
    }
  }
  const steps = [];
  let [one, other] = [0, 0];
  while (one < old.length || other < now.length) {
    if (one < old.length && other < now.length && old[one] === now[other]) {
      steps.push({ kind: "same", item: after[other] });
      one += 1;
      other += 1;
    } else if (one < old.length && (other === now.length || longest[one + 1][other] >= longest[one][other + 1])) {
      steps.push({ kind: "gone", item: before[one] });
      one += 1;
    } else {
      steps.push({ kind: "added", item: after[other] });
      other += 1;
    }
  }
  return steps;
}

// Neighbours of one kind together.
function runs(steps) {
  const collected = [];
  for (const { kind, item } of steps) {
    if (collected.at(-1)?.kind === kind) collected.at(-1).items.push(item);
    else collected.push({ kind, items: [item] });
  }
  return collected;
}
