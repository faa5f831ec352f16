"""How long the inbox takes with 50,000 events: ``python -m tests.inbox.measure`` fills one and asks it, best of three.

The first part is the server alone, over HTTP; the second is Chromium, from the act to the sight of what it leads to.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.envelope import Envelope
from otel_posthog_ai.inbox.intake import admit
from otel_posthog_ai.inbox.listing import SORTS
from otel_posthog_ai.inbox.store import Store

from .browser import chromium
from .samples import event

TRACES = 10_000
WORDS = ("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy dog", "while", "nobody", "looks", "at", "tokens")


def text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(words))


def trace(number: int, end: datetime, chance: random.Random) -> Sequence[dict[str, Any]]:
    """Five events: an agent, two calls, a tool, the trace; every 29th fails."""
    trace_id = f"{number:032x}"
    shared: dict[str, Any] = {"trace_id": trace_id, "session_id": f"session-{number // 5}"}
    talk = [{"role": "system", "content": text(chance, 60)}, {"role": "user", "content": text(chance, 40)}]
    calls = [
        event(
            at=end - timedelta(seconds=2 - place),
            span_id=f"g{place}",
            parent_id="a",
            model=("gpt-4o", "claude-sonnet-4-5", "mine")[number % 3],
            input=talk * (place + 1),
            output_choices=[{"role": "assistant", "content": text(chance, 80)}],
            input_tokens=chance.randint(10, 5000),
            output_tokens=chance.randint(1, 500),
            latency=chance.random() * 4,
            **shared,
        )
        for place in range(2)
    ]
    failure = {"is_error": True, "error": "it broke"} if number % 29 == 0 else {}
    tool = event("$ai_span", end, span_id="t", parent_id="a", span_name="search", span_type="tool", **failure, **shared)
    agent = event("$ai_span", end, span_id="a", parent_id=trace_id, span_name="agent", latency=5, **shared)
    root = event("$ai_trace", end, span_name=f"Task {number % 17}", **shared)
    user = trace_id if number % 7 == 0 else f"user-{number % 900}@example.com"
    return [{**made, "distinct_id": user} for made in (*calls, tool, agent, root)]


def add(store: Store, events: Sequence[dict[str, Any]]) -> None:
    now = time.time()
    store.add(admit(Envelope("phc_measure", events, None), ai_route=False, now=now), route="/batch/", now=now)


def fill(file: Path) -> None:
    chance, now = random.Random(1), datetime.now(timezone.utc)
    store = Store(file)
    for first in range(0, TRACES, 100):
        numbers = range(first, first + 100)
        add(store, [made for n in numbers for made in trace(n, now - timedelta(seconds=20 * n), chance)])
    store.close()


def questions() -> Iterator[tuple[str, str]]:
    yield "what can be filtered by", "/api/facets"
    for sort in SORTS:
        yield f"list by {sort}", f"/api/traces?{urlencode({'sort': sort, 'order': 'desc'})}"
    yield "a user by a part", "/api/traces?user=user-5"
    yield "search, many found", "/api/traces?q=lazy+dog"
    yield "search, none found", "/api/traces?q=no+such+thing"
    yield "a session", "/api/sessions/session-77"
    yield "a trace", f"/api/traces/{8:032x}?events=0"


def ask(inbox: Inbox) -> None:
    for label, path in questions():
        took = []
        for _ in range(3):
            before = time.perf_counter()
            urllib.request.urlopen(inbox.url + path).read()
            took.append(time.perf_counter() - before)
        tell(label, min(took))


def look(inbox: Inbox) -> None:
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(f"{inbox.url}/#/problems")  # the browser is warm

        def see(label: str, act: Callable[[], Any], until: str) -> None:
            before = time.perf_counter()
            act()
            page.wait_for_function(until, polling=10)
            tell(label, time.perf_counter() - before)

        def go(address: str) -> Callable[[], Any]:
            return lambda: page.evaluate("address => { location.hash = address; }", address)

        see("page: the list", go("#/"), "() => document.querySelectorAll('tbody tr').length === 50")
        latency = page.get_by_role("button", name="Latency")
        see(
            "page: sorted by latency",
            latency.click,
            "() => document.querySelector('th[aria-sort]').dataset.sort === 'latency'",
        )
        see("page: a search", lambda: page.locator("#search").fill("lazy dog"), "() => document.querySelector('mark')")
        see("page: a trace", go(f"#/trace/{8:032x}"), "() => document.querySelector('.detail article')")
        see("page: a trace of 20,000 events", go("#/trace/long"), "() => document.querySelector('.error-box')")
        see(
            "page: the next error",
            lambda: page.keyboard.press("n"),
            "() => document.querySelector('.errors').textContent.includes('2 of')",
        )
        see(
            "page: a call of 1,000 messages",
            go("#/trace/talk"),
            "() => document.querySelectorAll('.folded').length >= 199",
        )


def add_extremes(store: Store) -> None:
    now = datetime.now(timezone.utc)
    steps = [
        event("$ai_span", now + timedelta(milliseconds=n), trace_id="long", span_id=f"n{n}", is_error=n % 5000 == 7,
              parent_id="long" if n % 50 == 0 else f"n{n - n % 50}", span_name=f"step {n}", latency=0.01)
        for n in range(20_000)
    ]  # fmt: skip
    add(store, steps)
    talk = [{"role": ("user", "assistant")[n % 2], "content": f"**{n}**\n\n" + "- a line\n" * 30} for n in range(1000)]
    add(store, [event(trace_id="talk", span_id="g", input=talk, output_choices="Done")])


def tell(label: str, seconds: float) -> None:
    print(f"{seconds * 1000:8.0f} ms  {label}", flush=True)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inbox.sqlite3"
        fill(file)
        with Inbox(database=file) as inbox:
            print(f"{inbox._store.event_count():,} events in {TRACES:,} traces, {file.stat().st_size / 2**20:.0f} MB")
            ask(inbox)
            add_extremes(inbox._store)
            print("and one trace of 20,000 events, and one call of 1,000 messages")
            ask(inbox)
            look(inbox)
    return 0


if __name__ == "__main__":
    sys.exit(main())
