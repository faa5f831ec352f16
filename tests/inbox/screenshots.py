"""Take the pictures of the inbox's page: ``python -m tests.inbox.screenshots DIRECTORY [--documentation]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from otel_posthog_ai.inbox import Inbox

from .browser import chromium
from .chats import SESSION, USER, chat
from .samples import AGENT_TRACE, agent_trace, batch, event, plain_trace, post

WIDE = {"width": 1280, "height": 800}
LOW = {"width": 1280, "height": 640}
NARROW = {"width": 390, "height": 844}
DOCUMENTATION = ("inbox-list", "inbox-trace", "inbox-conversation", "inbox-changes", "inbox-session")

TRACE = f"#/trace/{AGENT_TRACE}"
CHAT = "#/trace/lisbon-2"


def choose(node: str) -> Callable[[Any], None]:
    def run(page: Any) -> None:
        page.locator(f'[data-key="{node}"]').click()
        page.wait_for_selector(".detail .tabbed")

    return run


def bottom_of(node: str) -> Callable[[Any], None]:
    def run(page: Any) -> None:
        choose(node)(page)
        page.evaluate("document.querySelector('.detail').scrollTop = 1e6")

    return run


def raw(page: Any) -> None:
    choose("answer-2")(page)
    page.get_by_role("button", name="Raw").click()


def changes_of(node: str) -> Callable[[Any], None]:
    def run(page: Any) -> None:
        choose(node)(page)
        page.get_by_role("tab", name="Changes").click()
        page.wait_for_selector(".changes .message.added")

    return run


def answer(page: Any) -> None:
    page.get_by_role("button", name="Output 1").click()
    page.locator(".message").last.wait_for()


def whole_turns(page: Any) -> None:
    page.wait_for_selector(".turn table")


def filtered(page: Any) -> None:
    page.get_by_label("Filter events").fill("generation")


def problems(page: Any) -> None:
    page.wait_for_selector(".cards li")


SHOTS: dict[str, tuple[str, dict[str, int], str, Callable[[Any], None] | None]] = {
    "list": ("#/", WIDE, "light", None),
    "list-dark": ("#/", WIDE, "dark", None),
    "list-narrow": ("#/", NARROW, "light", None),
    "tree": (TRACE, WIDE, "light", choose("g1")),
    "trace": (TRACE, WIDE, "light", None),
    "timeline": (f"{TRACE}?view=timeline", WIDE, "light", choose("t1")),
    "conversation": (TRACE, WIDE, "light", choose("g2")),
    "conversation-end": (TRACE, WIDE, "light", bottom_of("g2")),
    "error": (TRACE, WIDE, "light", choose("t2")),
    "dark": (TRACE, WIDE, "dark", choose("g2")),
    "trace-narrow": (TRACE, NARROW, "light", choose("g1")),
    "timeline-narrow": (f"{TRACE}?view=timeline", NARROW, "dark", None),
    "search": ("#/?q=trail+service", WIDE, "light", None),
    "sorted": ("#/?sort=latency&order=desc&range=24h", WIDE, "light", None),
    "session": (f"#/session/{SESSION}", WIDE, "light", None),
    "session-narrow": (f"#/session/{SESSION}", NARROW, "dark", None),
    "user": ("#/user/maria%40example.com", WIDE, "light", None),
    "user-dark": (f"#/user/{quote(USER)}", WIDE, "dark", None),
    "markdown": (CHAT, WIDE, "light", choose("answer-2")),
    "markdown-table": ("#/trace/lisbon-1", WIDE, "dark", bottom_of("answer-1")),
    "raw": (CHAT, WIDE, "light", raw),
    "changes": (CHAT, WIDE, "light", changes_of("answer-2")),
    "changes-narrow": (CHAT, NARROW, "dark", changes_of("answer-2")),
    "feedback": (f"{CHAT}?node=", WIDE, "light", None),
    "filter": (TRACE, WIDE, "light", filtered),
    "list-narrow-dark": ("#/", NARROW, "dark", None),
    "problems": ("#/problems", WIDE, "light", problems),
    "warnings": ("#/trace/trace-1", WIDE, "light", choose("w1")),
    "inbox-list": ("#/", LOW, "light", None),
    "inbox-trace": (f"{TRACE}?view=timeline", LOW, "light", choose("t2")),
    "inbox-conversation": ("#/trace/lisbon-1?node=answer-1", LOW, "light", answer),
    "inbox-changes": (f"{TRACE}?node=g2", LOW, "light", changes_of("g2")),
    "inbox-session": (f"#/session/{SESSION}", LOW, "light", whole_turns),
}


def fill(inbox: Inbox) -> None:
    """The agent's trace on top of some dozens of others."""
    now = datetime.now(timezone.utc)
    for number in range(90):
        post(inbox.url, batch(*plain_trace(number, now - timedelta(minutes=1 + number * 3))))
    post(inbox.url, batch(*chat(now - timedelta(seconds=70))))
    post(inbox.url, batch(*agent_trace(now - timedelta(seconds=8))))


def fill_with_faults(inbox: Inbox) -> None:
    """A trace with warnings, requests that are refused, and an event of no trace."""
    now = datetime.now(timezone.utc)
    flat = {
        "role": "assistant",
        "content": [{"type": "text", "text": "On it."}],
        "tool_calls": [{"id": "c1", "name": "get_weather", "arguments": "{}"}],
    }
    odd = event(
        "$ai_generation",
        now - timedelta(minutes=2),
        span_id="w1",
        parent_id="",
        model="claude-sonnet-4-5",
        provider="anthropic",
        input_tokens="120",
        cache_read_input_tokens=80,
        latency=1.0,
        output_choices=[flat],
        span_name="Draft a reply",
    )
    tail = event(
        "$ai_generation",
        now - timedelta(minutes=2),
        span_id="w1",
        parent_id="gone",
        latency=1.2,
        model="gpt-4o",
        input=[{"role": "user"}],
        output_choices=[flat],
        span_name="Draft a reply",
    )
    post(inbox.url, batch(odd, tail))
    post(inbox.url, {"api_key": "phx_personal", "batch": [event()]})
    post(inbox.url, batch(event(_uuid="not-a-uuid")))
    post(inbox.url, batch(event(input="x" * 1_000_000)))
    stray = event("$ai_span", span_name="lost")
    del stray["properties"]["$ai_trace_id"]
    post(inbox.url, batch(stray))


def take(directory: Path, names: Sequence[str], *, with_faults: bool) -> None:
    with Inbox() as inbox, chromium() as browser:
        fill(inbox)
        if with_faults:
            fill_with_faults(inbox)
        for name in names:
            address, viewport, scheme, prepare = SHOTS[name]
            context = browser.new_context(viewport=viewport, color_scheme=scheme, device_scale_factor=1)
            page = context.new_page()
            page.goto(f"{inbox.url}/{address}")
            page.wait_for_selector(".traces tr, .row, .problems h2, .turn")
            page.wait_for_selector('.live[data-connected="true"]')
            if prepare is not None:
                prepare(page)
            page.wait_for_function(
                "() => [...document.images].every((image) => image.loading === 'lazy' || image.complete)"
            )
            page.screenshot(path=directory / f"{name}.png")
            context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--documentation", action="store_true", help="only those of the documentation")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    names = DOCUMENTATION if options.documentation else [name for name in SHOTS if name not in DOCUMENTATION]
    take(options.directory, names, with_faults=not options.documentation)
    return 0


if __name__ == "__main__":
    sys.exit(main())
