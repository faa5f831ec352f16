from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

from .browser import CHROMIUM, chromium
from .pages import PROBES, Open
from .screenshots import WIDE, fill, fill_with_faults


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as running:
        yield running


# For a module only: while it runs, the driver keeps an event loop in this thread, where others could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def filled() -> Iterator[Inbox]:
    with Inbox() as inbox:
        fill(inbox)
        fill_with_faults(inbox)
        yield inbox


@pytest.fixture
def show(browser: Any) -> Iterator[Open]:
    """Open an address of an inbox; every complaint of the page and every request elsewhere fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def run(
        inbox: Inbox,
        address: str = "#/",
        viewport: dict[str, int] = WIDE,
        scheme: str = "light",
        *,
        clock: bool = False,
        **options: Any,
    ) -> Any:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        context.set_default_timeout(8000)
        context.add_init_script(PROBES)
        contexts.append(context)
        page = context.new_page()
        if clock:
            page.clock.install()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.on(
            "request", lambda sent: None if sent.url.startswith((inbox.url, "data:")) else complaints.append(sent.url)
        )
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(f"{inbox.url}/{address}")
        page.wait_for_selector(".traces tbody tr, .row, .problems h2, .empty h2, .turn")
        return page

    yield run
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(said: Any) -> bool:
    """That a trace is not there is an answer; everything else that the browser warns of is a fault of the page."""
    asked_in_vain = "404" in said.text and "/api/" in said.location["url"]
    return said.type in ("error", "warning") and not asked_in_vain
