"""A wall clock that is set while processes run: `python -m tests.delivery.clock FILE MODULE ARGUMENT…` goes by it.

Only what asks Python's `time` sees it: the monotonic clock goes on, as a machine's does when its clock is set.
libfaketime would show it to C code as well, but cannot be had here: the mutex that it takes for every look at the clock
is copied into a forked child as it is, so that a child forked while another thread looks hangs for ever; and where it
leaves the monotonic clock alone, `time.sleep` of Python 3.11 and later raises EINVAL (0.9.10).
"""

from __future__ import annotations

import mmap
import random
import runpy
import struct
import sys
import time
from pathlib import Path

_FORMAT = "<q"
_DAY = 86_400
_JUMPS = (0, 90, -90, 7_200, -7_200, 3 * _DAY, -3 * _DAY, 400 * _DAY, -400 * _DAY)


class Clock:
    """The clock of the processes that are started with `command`: set forward or back every few seconds."""

    def __init__(self, folder: Path, random_source: random.Random) -> None:
        self._random = random_source
        self._until = 0.0
        self.jumps = 0
        path = folder / "clock"
        path.write_bytes(struct.pack(_FORMAT, 0))
        self._page = _shared(path)
        self.command = [sys.executable, "-W", "ignore", "-m", __spec__.name, str(path)]
        """What comes before the name of a module."""

    def look(self) -> None:
        """Set it, by minutes or by a year, when its time has come."""
        now = time.monotonic()
        if now > self._until:
            self._until = now + self._random.uniform(5.0, 40.0)
            self._page[:] = struct.pack(_FORMAT, self._random.choice(_JUMPS))
            self.jumps += 1


def _shared(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), struct.calcsize(_FORMAT))


def _follow(path: Path) -> None:
    """From now on this process lives by the clock; to be called before others take `time_ns` by its name."""
    page, real, real_ns = _shared(path), time.time, time.time_ns

    def offset() -> int:
        seconds: int = struct.unpack(_FORMAT, page[:])[0]
        return seconds

    time.time = lambda: real() + offset()
    time.time_ns = lambda: real_ns() + offset() * 10**9


if __name__ == "__main__":
    _follow(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
