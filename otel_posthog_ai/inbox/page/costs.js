// What a trace, a session or a user cost, or who will say so.

import { el } from "/dom.js";
import { cost, isKnown, plural, UNKNOWN } from "/format.js";

export function costOf({ total_cost_usd: total, pricing }) {
  const known = isKnown(total) ? cost(total) : null;
  if (pricing.unknown) {
    const names = (pricing.unknown_models ?? []).map((name) => name || "no name");
    const which = names.length ? ` (${names.join(", ")})` : "";
    return told([known, "unknown model"], "unknown", `${plural(pricing.unknown, "call")} of a model${which} that is not known to be in PostHog's price list. Send the cost yourself, or PostHog may show none.`);
  }
  if (pricing.posthog) return told([known, "PostHog will price it"], "later", "The events carry tokens and a model of PostHog's price list; PostHog computes the cost when it takes them in.");
  return told([known ?? UNKNOWN], "sent", null);
}

function told(texts, kind, title) {
  return el("span", { class: `cost-${kind}`, title }, texts.filter(Boolean).join(" + "));
}
