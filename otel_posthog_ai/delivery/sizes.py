"""Events that are over a limit: shrunk, or dropped and counted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from otel_posthog_ai import log
from otel_posthog_ai.counters import Counters

from .answers import Answer
from .encoding import EncodedEvent, EncodingError, decode, encode

Shrink = Callable[[dict[str, Any], int], "dict[str, Any] | None"]


class Sizes:
    """Makes events smaller for one host; what cannot be made small enough is lost, and told."""

    def __init__(self, host: str, counters: Counters, shrink: Shrink) -> None:
        self._host = host
        self._counters = counters
        self._shrink = shrink

    def shrunk(self, event: EncodedEvent, limit: int) -> EncodedEvent | None:
        """The event in at most `limit` bytes; None, dropped and counted, when that cannot be."""
        smaller: EncodedEvent | None = None
        try:
            content = self._shrink(decode(event), limit)
            smaller = None if content is None else encode(content)
        except (EncodingError, ValueError):
            pass  # Not shrinkable, then.
        except Exception as error:
            log.warn("shrink", "an event could not be shrunk: %s", type(error).__name__)
        if smaller is None or len(smaller.body) > limit:
            self.drop(event, "too_large", None)
            return None
        self._counters.add("shrunk")
        log.warn("shrunk", "%s of %d bytes is over a limit of %s; it is sent with less content",
                 event.name, len(event.body), self._host, level=logging.INFO)  # fmt: skip
        return smaller

    def drop(self, event: EncodedEvent, reason: str, answer: Answer | None) -> None:
        """It is lost: count it, and say why."""
        self._counters.add("dropped", 1, reason)
        log.warn(f"dropped:{reason}", "%s of %d bytes is dropped: %s%s", event.name, len(event.body),
                 reason, "" if answer is None else f" ({answer.describe()})")  # fmt: skip
