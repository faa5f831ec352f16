"""Runs in a process of its own: what may come at any line of the main thread comes at each of them, once."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

Place = tuple[str, int]


class Lines:
    """The lines of some folders or modules of Python that `doing` passes in the main thread, one after another.

    For each, `doing` is run anew, and `comes` is called when the thread is about to run that line: by a signal, or by
    the collection of an object that nobody has any more.
    """

    def __init__(self, doing: Callable[[], Any], comes: Callable[[], Any], *paths: str) -> None:
        self._doing = doing
        self._comes = comes
        self._paths = [path.replace("/", os.sep) for path in paths]
        self.place: Place | None = None
        """At which something comes now."""
        self._come: Callable[[], None] = lambda: None
        self.seen: dict[Place, None] = {}

    def by_signal(self) -> None:
        """`comes` is called in a signal handler."""
        signal.signal(signal.SIGALRM, lambda *_: self._comes())
        self._come = lambda: signal.raise_signal(signal.SIGALRM)
        self._run()

    def by_collection(self) -> None:
        """`comes` is called in a `__del__`."""
        self._come = self._collect
        self._run()

    def _run(self) -> None:
        self._traced()  # finds the lines
        for place in list(self.seen):
            self.place = place
            self._traced()
        self.place = None

    def _collect(self) -> None:
        class Garbage:
            def __init__(self, comes: Callable[[], Any]) -> None:
                self.itself, self.comes = self, comes

            def __del__(self) -> None:
                self.comes()

        Garbage(self._comes)
        gc.collect()

    def _traced(self) -> None:
        sys.settrace(self._at_call)
        try:
            self._doing()
        finally:
            sys.settrace(None)

    def _at_call(self, frame: FrameType, *_: object) -> Any:
        return self._at_line if any(path in frame.f_code.co_filename for path in self._paths) else None

    def _at_line(self, frame: FrameType, event: str, _: object) -> Any:
        place = os.path.basename(frame.f_code.co_filename), frame.f_lineno
        if event == "line" and self.place is None:
            self.seen[place] = None
        elif event == "line" and place == self.place:
            sys.settrace(None)
            self._come()
        return self._at_line
