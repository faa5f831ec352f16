"""A local stand-in for PostHog, a collector beside it, and processes that send to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from otel_posthog_ai.inbox import Inbox

from .applications import APPS, Collector, Run, environment, instrument


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox(port=0, database=":memory:") as running:
        yield running


@pytest.fixture
def run(inbox: Inbox) -> Run:
    """Run an app of `apps/` to its end in a process of its own, which posts to `inbox`."""

    def run_app(app: str, *, instrumented: bool = False, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [*(instrument() if instrumented else ()), sys.executable, str(APPS / app)]
        outcome = subprocess.run(
            command, env=environment(inbox, **environ), capture_output=True, text=True, timeout=60, check=False
        )
        assert outcome.returncode == 0, outcome.stderr
        return outcome

    return run_app


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()
