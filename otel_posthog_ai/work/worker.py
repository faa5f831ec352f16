"""The one thread in which spans are read, placed and encoded, and how others wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from otel_posthog_ai import forks
from otel_posthog_ai.letting_go import LONGEST_SLEEP, behind_the_app
from otel_posthog_ai.log import warn


class Worker:
    """Takes turns: about every second, when it is woken, and when somebody waits for what has ended to pass on.

    Nobody else does this work, so nobody who waits holds a lock that it needs: `finish` comes back by its deadline,
    also in a signal handler on top of another `finish`.

    `turn(everything, final)` does what is due, or everything; `nap()` gives the seconds until something is due.
    """

    def __init__(self, turn: Callable[[bool, bool], None], nap: Callable[[], float]) -> None:
        self._turn = turn
        self._nap = nap
        self.stopped = False
        self._start_anew()
        self._start()
        forks.in_child(self._start_anew)
        forks.start_in_child(self._start)

    def _start_anew(self) -> None:
        self._condition = threading.Condition()
        self._woken = False
        self._asked = 0
        self._answered = 0
        self._final = False
        self._thread: threading.Thread | None = None
        self._working_here = False

    def _start(self) -> None:
        if self.stopped:
            return
        try:
            thread = threading.Thread(target=self._loop, name="otel-posthog-ai worker", daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError as error:  # The interpreter is ending, or the machine has no threads left.
            warn("worker", "no worker thread: %s; spans are read at flush and shutdown only", error)

    def wake(self) -> None:
        """Have a turn taken soon. Never blocks: the app's threads call this."""
        self._woken = True
        if self._condition.acquire(blocking=False):
            try:
                self._condition.notify_all()
            finally:
                self._condition.release()

    def finish(self, deadline: float, *, final: bool = False) -> bool:
        """Have everything pass on that has ended by now; whether that was done by `deadline` (`time.monotonic()`).

        `final`: also what is still open, as far as it got.
        """
        if self._thread is None:
            return self._finish_here(final)
        if self._thread is threading.current_thread():
            return False  # It cannot wait for itself.
        with self._condition:
            self._asked += 1
            mine = self._asked
            self._final = self._final or final
            self._condition.notify_all()
            while self._answered < mine:
                if self.stopped:
                    break  # Nothing is left to pass on.
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._condition.wait(min(remaining, LONGEST_SLEEP))
            return True

    def _finish_here(self, final: bool) -> bool:
        """Where no thread could be started, whoever waits does the work, unless a signal came in the middle of it."""
        if self._working_here:
            return False
        self._working_here = True
        try:
            self._take_turn(True, final)
        finally:
            self._working_here = False
        return True

    def stop(self) -> None:
        """Take no more turns; the one that is under way ends with the batch that it is at."""
        self.stopped = True
        with self._condition:
            self._condition.notify_all()

    def _loop(self) -> None:
        behind_the_app()
        condition = self._condition
        while not self.stopped and self._condition is condition:
            self._woken = False
            with condition:
                asked, final = self._asked, self._final
            self._take_turn(asked > self._answered, final)
            with condition:
                self._answered = asked
                condition.notify_all()
                if self._asked == asked and not self._woken and not self.stopped:
                    condition.wait(max(self._nap(), 0.001))
        forks.rest_in_peace(copied=self._condition is not condition)

    def _take_turn(self, everything: bool, final: bool) -> None:
        try:
            self._turn(everything, final)
        except Exception as error:
            warn("worker", "the worker goes on after %s", type(error).__name__)
