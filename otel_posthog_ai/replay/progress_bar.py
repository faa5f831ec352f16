"""A progress bar on one line of a terminal; nothing where there is none."""

from __future__ import annotations

import time
from typing import TextIO

from .run import Outcome

_CELLS = 30
_SECONDS_BETWEEN = 0.1


class ProgressBar:
    """Draws on `stream` when that is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.visible = stream.isatty()
        self._stream = stream
        self._next = 0.0
        self._drawn = False

    def show(self, share: float, outcome: Outcome) -> None:
        """Draw `share` (0 to 1), at most ten times a second."""
        now = time.monotonic()
        if not self.visible or now < self._next:
            return
        self._next = now + _SECONDS_BETWEEN
        full = round(share * _CELLS)
        bar = "█" * full + "░" * (_CELLS - full)
        events = sum(outcome.events.values())
        self._write(f"\r{bar} {share:4.0%}  {outcome.spans:,} spans  {events:,} events\x1b[K")
        self._drawn = True

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(text.replace("█", "#").replace("░", "."))
        self._stream.flush()
