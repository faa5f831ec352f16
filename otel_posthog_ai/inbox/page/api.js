// Questions to the inbox, and the wait for news.

export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const answer = await fetch(query.size ? `${path}?${query}` : path, { cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`The inbox answered ${answer.status}.`);
  return answer.json();
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
