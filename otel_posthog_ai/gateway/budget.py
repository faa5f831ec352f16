"""The memory that requests, held traces and finished events may take together; who finds none left is told to wait."""

from __future__ import annotations

import threading


class Budget:
    """Bytes, counted. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self.most = most_bytes
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Bytes in use."""
        return self._taken

    def take(self, size: int) -> bool:
        """Whether there were so many bytes left; then they are taken."""
        with self._lock:
            if self._taken + size > self.most:
                return False
            self._taken += size
            return True

    def move(self, size: int) -> None:
        """Correct what is taken by so many bytes, up or down, when something has changed its form."""
        with self._lock:
            self._taken += size
