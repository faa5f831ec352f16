"""What the tests of the page share: how a page is judged and how a row is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .samples import AGENT_TRACE
from .screenshots import NARROW, WIDE

TRACE = f"#/trace/{AGENT_TRACE}"
Open = Callable[..., Any]
PROBES = (Path(__file__).parent / "probes.js").read_text("utf-8")


def sound(page: Any) -> None:
    """Nothing is clipped, nothing leaves the window, every text is legible."""
    assert page.evaluate("clipped()") == []
    assert page.evaluate("outside()") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("pale()") == []


def choose(page: Any, node: str) -> None:
    row = page.locator(f'[data-key="{node}"]')
    row.click()
    page.wait_for_function(
        "title => document.querySelector('.detail article:has(.tabbed) h2')?.textContent === title",
        arg=row.locator(".title").inner_text(),
    )


SCREENS = [("wide", WIDE, "light"), ("dark", WIDE, "dark"), ("narrow", NARROW, "light")]
screens = pytest.mark.parametrize(
    ("viewport", "scheme"), [screen[1:] for screen in SCREENS], ids=[screen[0] for screen in SCREENS]
)
