from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otel_posthog_ai import log
from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Poster, Sender, retry, routes

from .samples import make_settings


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    log.forget()
    routes._missing.clear()
    yield
    routes._missing.clear()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of our own choice are short, so that tests are; what a server asks for is waited in full."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(retry, "FIRST_REST", 0.1)
    monkeypatch.setattr(retry, "LONGEST_REST", 0.3)


@pytest.fixture
def new_sender() -> Iterator[Callable[..., Sender]]:
    """`new_sender(url, **options)`; all are shut down after the test."""
    made: list[Sender] = []

    def make(url: str, **options: Any) -> Sender:
        sender = Sender(make_settings(url, **options), Counters(), shrink=shrink)
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.shutdown(time.monotonic())


@pytest.fixture
def new_poster() -> Iterator[Callable[..., tuple[Poster, Counters]]]:
    made: list[Poster] = []

    def make(url: str, **options: Any) -> tuple[Poster, Counters]:
        counters = Counters()
        poster = Poster(make_settings(url, **options), counters, shrink=shrink)
        made.append(poster)
        return poster, counters

    yield make
    for poster in made:
        poster.close()
