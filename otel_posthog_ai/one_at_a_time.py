"""Work that one thread at a time does, and that a signal handler may find itself on top of."""

from __future__ import annotations

import threading


class OneAtATime:
    """A lock of which the thread that has it is told, where it asks again, that it will not get it: a signal handler
    came in the middle of the work, which only goes on when the handler has returned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work: int | None = None

    def begin(self, seconds: float) -> bool:
        """Whether this thread may do the work now; another one is waited for, `seconds` at most."""
        if self._at_work == threading.get_ident() or not self._lock.acquire(timeout=seconds):
            return False
        self._at_work = threading.get_ident()
        return True

    def end(self) -> None:
        """The work is done, or given up."""
        self._at_work = None
        self._lock.release()
