"""How a thread that waits for another one lets go of what it holds, as who waits for a condition does.

A signal handler runs on top of whatever the main thread was doing, at any line, also while it holds a lock for a
moment; so does `__del__`. Where such a handler flushes, it waits for the worker, and the worker would wait for that
lock, which nobody lets go of before the handler is over.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

LONGEST_SLEEP = 0.1
"""Seconds that who waits for a condition sleeps at once.

A handler that came between its last look and its sleep has let go of the lock, and what is waited for was told then.
"""


class _ThreadOf(threading.local):
    ours = False


_thread_of = _ThreadOf()


def behind_the_app() -> None:
    """This thread is one of ours, from now on: the app may wait for it, and it waits for nothing of the app's."""
    _thread_of.ours = True


def is_behind_the_app() -> bool:
    """Whether this thread is one of ours."""
    return _thread_of.ours


class Event:
    """As `threading.Event`, whose lock a signal handler on top of a wait would wait for itself, for ever."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._happened = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._happened

    def set(self) -> None:
        """It happens now, once and for all."""
        self._happened = True
        with self._condition:
            self._condition.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for it, for so long at most; whether it has happened."""
        with self._condition:
            return self._condition.wait_for(self.is_set, seconds)


@contextmanager
def letting_go(locks: Iterable[threading.RLock]) -> Generator[None]:
    """Inside, this thread holds none of these locks; afterwards those that it held before, as often.

    What they guard has to be right after each single step, or to mend itself.
    """
    held: list[threading.RLock] = []
    for lock in locks:
        with suppress(RuntimeError):  # It is not, or no longer, this thread that holds it.
            while True:
                lock.release()
                held.append(lock)
    try:
        yield
    finally:
        for lock in reversed(held):
            lock.acquire()
