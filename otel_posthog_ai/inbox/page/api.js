// Questions to the inbox, and the wait for news.

export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const answer = await fetch(query.size ? `${path}?${query}` : path, { cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The inbox answered ${answer.status}.`);
  return answer.json();
}

const MOST_AT_ONCE = 500;

// The first traces of a question, page by page where it takes more than one: {traces, next, total}; null as soon as the
// answer is no longer wanted.
export async function askTraces(wanted, number, isWanted = () => true) {
  let traces = [];
  let page = null;
  do {
    page = await ask("/api/traces", { ...wanted, limit: String(Math.min(number - traces.length, MOST_AT_ONCE)), before: page?.next });
    if (!isWanted()) return null;
    traces = traces.concat(page.traces);
  } while (page.next && traces.length < number);
  return { ...page, traces };
}

// Calls `changed` whenever something was stored and `state(connected)` when the connection comes or goes.
export async function follow(changed, state) {
  let revision = null;
  for (;;) {
    try {
      const news = await ask("/api/news", { after: revision === null ? "none" : String(revision) });
      state(true);
      if (news.revision !== revision) {
        revision = news.revision;
        await changed();
      }
    } catch {
      state(false);
      await new Promise((resume) => setTimeout(resume, 1000));
    }
  }
}
