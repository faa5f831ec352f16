"""Events to the target, in the calling thread: reading goes on only when what was read has been taken."""

from __future__ import annotations

import time
from collections.abc import Sequence

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, Poster
from otel_posthog_ai.delivery.answers import Verdict
from otel_posthog_ai.delivery.retry import rest_after
from otel_posthog_ai.settings import Settings

PATIENCE_SECONDS = 120.0
"""How long a target may take nothing before the replay stops; it can be continued."""


class Undelivered(Exception):
    """The target takes nothing more; the text says why and what to do."""


class Delivery:
    """Posts events until they are taken, or were refused one by one and counted."""

    def __init__(self, settings: Settings, counters: Counters, *, patience: float = PATIENCE_SECONDS) -> None:
        self._settings = settings
        self._patience = patience
        self._poster = Poster(settings, counters, shrink=shrink, own_times=False)

    def deliver(self, events: Sequence[EncodedEvent]) -> None:
        """Deliver all of them. Raises `Undelivered`."""
        owed = list(events)
        give_up_at = time.monotonic() + self._patience
        failures = 0
        while owed:
            before = len(owed)
            owed = self._poster.post(owed, time.monotonic() + self._settings.timeout)
            hindrance = self._poster.hindrance
            if not owed or hindrance is None:
                continue
            if hindrance.verdict is not Verdict.RETRY:
                raise Undelivered(self._why(hindrance.verdict, hindrance.answer.describe()))
            if len(owed) < before:
                give_up_at, failures = time.monotonic() + self._patience, 0
            failures += 1
            now = time.monotonic()
            rest = max(rest_after(failures), self._poster.blocked_until - now)
            if now + rest >= give_up_at:
                raise Undelivered(f"{self._settings.host} takes no events: {hindrance.answer.describe()}")
            time.sleep(rest)

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()

    def _why(self, verdict: Verdict, answer: str) -> str:
        if verdict is Verdict.FORBIDDEN:
            return f"{self._settings.host} refuses the project key ({answer}): check POSTHOG_API_KEY"
        return f"{self._settings.host} does not take events ({answer}): check POSTHOG_HOST"
