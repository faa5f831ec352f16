// Addresses of the page's own views, and links to them.

import { el } from "/dom.js";

export const traceAddress = (id, query = {}) => withQuery(`#/trace/${encodeURIComponent(id)}`, query);
export const sessionAddress = (id) => `#/session/${encodeURIComponent(id)}`;
export const userAddress = (id) => `#/user/${encodeURIComponent(id)}`;

function withQuery(address, query) {
  const known = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined));
  return known.size ? `${address}?${known}` : address;
}

// The user of a trace: who carries the trace's own id is nobody.
export function userLink(trace) {
  if (trace.distinct_id === trace.id) return el("span", { class: "muted" }, "anonymous");
  return el("a", { href: userAddress(trace.distinct_id), title: `All of ${trace.distinct_id}` }, trace.distinct_id);
}

export function sessionLink(id) {
  return el("a", { href: sessionAddress(id), title: `The session ${id}` }, id);
}
