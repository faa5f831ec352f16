// What people and judges said of a trace: feedback, metrics, evaluations.

import { el } from "/dom.js";
import { isKnown, moment } from "/format.js";

const UP = new Set(["true", "1", "up", "thumbs_up", "thumbs-up", "thumbsup", "+1", "positive", "good", "like", "liked", "👍"]);
const DOWN = new Set(["false", "0", "-1", "down", "thumbs_down", "thumbs-down", "thumbsdown", "negative", "bad", "dislike", "disliked", "👎"]);
const RATINGS = /^(|thumbs?|rating|vote|binary|like|boolean)$/i;

// "up", "down" or null: a number is a thumb only where nothing says that it counts something else, such as stars.
export function thumbOf({ properties = {} }) {
  if (!RATINGS.test(String(properties.feedback_type ?? ""))) return null;
  const value = properties.feedback_value ?? properties.$ai_feedback_value ?? properties.$ai_feedback_text;
  const word = String(value ?? "").trim().toLowerCase();
  return UP.has(word) ? "up" : DOWN.has(word) ? "down" : null;
}

export function thumb(way) {
  return el("span", { class: `thumb ${way}`, role: "img", "aria-label": `Thumbs ${way}`, title: `Thumbs ${way}` });
}

// How often a trace was praised and blamed, for its head.
export function thumbs(feedback) {
  const counts = { up: 0, down: 0 };
  for (const event of feedback) {
    const way = event.event === "$ai_feedback" ? thumbOf(event) : null;
    if (way) counts[way] += 1;
  }
  return Object.entries(counts).filter(([, times]) => times).map(([way, times]) => el("span", { class: "thumbs" }, thumb(way), times > 1 ? String(times) : null));
}

export function feedbackList(events) {
  if (!events.length) return null;
  return el("section", {}, el("h3", {}, "Feedback, metrics and evaluations"), el("ul", { class: "cards" }, events.map(card)));
}

function card(event) {
  const read = event.properties ?? {};
  const drawn = { $ai_feedback: ofFeedback, $ai_metric: ofMetric, $ai_evaluation: ofEvaluation }[event.event];
  return el("li", { class: "said" }, drawn(event, read),
    el("p", { class: "mono muted small-text" }, [event.event, event.distinct_id, isKnown(event.timestamp) ? moment(event.timestamp) : null].filter(isKnown).map(String).join(" · ")));
}

function ofFeedback(event, read) {
  const way = thumbOf(event);
  const value = read.feedback_value ?? read.$ai_feedback_value;
  const text = isKnown(read.$ai_feedback_text) ? String(read.$ai_feedback_text) : null;
  const repeats = text !== null && isKnown(value) && text.toLowerCase() === String(value).toLowerCase();
  return [
    el("div", { class: "said-head" }, el("span", { class: "tag" }, "Feedback"), way ? thumb(way) : null,
      isKnown(value) ? el("strong", { class: "mono" }, String(value)) : null,
      isKnown(read.feedback_type) ? el("span", { class: "muted" }, String(read.feedback_type)) : null,
      isKnown(read.feedback_source) ? el("span", { class: "muted" }, `from ${read.feedback_source}`) : null),
    text !== null && !repeats ? el("p", {}, text) : null,
  ];
}

function ofMetric(event, read) {
  return el("div", { class: "said-head" }, el("span", { class: "tag" }, "Metric"), el("span", {}, String(read.$ai_metric_name ?? "unnamed")),
    el("strong", { class: "mono" }, String(read.$ai_metric_value ?? "")));
}

function ofEvaluation(event, read) {
  const verdict = read.$ai_evaluation_result;
  const passed = verdict === true || verdict === "pass";
  const failed = verdict === false || verdict === "fail";
  return [
    el("div", { class: "said-head" }, el("span", { class: "tag" }, "Evaluation"), el("span", {}, String(read.$ai_evaluation_name ?? "unnamed")),
      el("strong", { class: passed ? "flag good" : failed ? "flag error" : "mono" }, passed ? "✓ passed" : failed ? "✕ failed" : String(verdict ?? "not applicable"))),
    isKnown(read.$ai_evaluation_reasoning) ? el("p", { class: "muted" }, String(read.$ai_evaluation_reasoning)) : null,
  ];
}
