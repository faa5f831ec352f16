"""The route for large events can fail for itself, while the usual one takes what it is sent."""

from __future__ import annotations

import time

from .answers import Hindrance
from .retry import rest_after


class LargeRoute:
    """When the large route is to be tried again. What waits for it is no reason for the rest to wait."""

    def __init__(self) -> None:
        self.succeed()

    def succeed(self) -> None:
        """It has taken events, for all we know."""
        self.hindrance: Hindrance | None = None
        """What stands in its way, where the usual route does not seem to be concerned."""
        self.blocked_until = 0.0
        """What the host asked for, or how long a refused key is left alone: nobody shortens that."""
        self._rest_until = 0.0
        self._failures = 0

    def fail(self, hindrance: Hindrance, pause: float) -> None:
        """A full set of tries has failed; `pause`: seconds that it is to be left alone in any case."""
        self._failures += 1
        self.hindrance = hindrance
        self.blocked_until = time.monotonic() + pause
        self._rest_until = max(self.blocked_until, time.monotonic() + rest_after(self._failures))

    def hurry(self) -> None:
        """Somebody waits: rest no longer than has to be."""
        self._rest_until = self.blocked_until

    def rests(self) -> bool:
        """Whether nothing is to be sent there now."""
        return time.monotonic() < self._rest_until
