from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from otel_posthog_ai import log
from otel_posthog_ai.delivery import Counters, EncodedEvent, Poster, Sender, encode, retry, routes
from otel_posthog_ai.events.shrinking import shrink
from otel_posthog_ai.settings import Settings, resolve

API_KEY = "phc_delivery_tests_0123456789"


def make_event(name: str = "$ai_generation", size: int = 0, **properties: Any) -> dict[str, Any]:
    """A valid event whose JSON has about `size` bytes or more."""
    return {
        "event": name,
        "distinct_id": "user-7",
        "timestamp": "2026-11-21T10:00:00.123456Z",
        "uuid": str(uuid.uuid4()),
        "properties": {
            "$ai_trace_id": "0" * 32,
            "$ai_model": "gpt-4o-mini",
            "$ai_input_tokens": 7,
            "$ai_input": [{"role": "user", "content": "x" * size}],
            **properties,
        },
    }


def make_events(count: int, size: int = 0) -> list[EncodedEvent]:
    return [encode(make_event(size=size)) for _ in range(count)]


def make_settings(host: str, **options: Any) -> Settings:
    return resolve({"api_key": API_KEY, "host": host, **options}, environ={})


def within(seconds: float) -> float:
    """The deadline that is `seconds` away."""
    return time.monotonic() + seconds


def adds_up(status: dict[str, Any]) -> bool:
    return status["queued"] == status["sent"] + sum(status["dropped"].values()) + status["waiting"]


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

    def make(url: str, *, on_tick: Callable[[], None] | None = None, **options: Any) -> Sender:
        sender = Sender(make_settings(url, **options), Counters(), shrink=shrink, on_tick=on_tick)
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
