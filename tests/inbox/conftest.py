from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

from .browser import CHROMIUM, chromium


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
