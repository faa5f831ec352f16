"""Events, settings and deadlines for the tests; imports little, because it is imported in many short processes."""

from __future__ import annotations

import time
import uuid
from typing import Any

from otel_posthog_ai.delivery import EncodedEvent, encode
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
            "$ai_input": [{"role": "user", "content": ("What is it, then? " * (size // 18 + 1))[:size]}],
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
