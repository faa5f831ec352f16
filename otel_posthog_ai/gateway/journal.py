"""Requests on disk from before their answer until their events are: what was answered with 200 outlives a SIGKILL.

    <directory>/gateway/lock
                       /<received, ns>-<number>.request

Each file holds a line of JSON (which project, signal, format, who sent it) and the body. One gateway at a time works in
a directory. Files are 0600 in a 0700 directory; they hold what was received, before privacy mode and masks.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otel_posthog_ai.log import warn

try:
    import fcntl
except ImportError:  # Windows: nothing keeps a second gateway out.
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".request"


class Locked(Exception):
    """Another gateway works in this directory."""


class Entry:
    """One request on disk, as long as somebody holds it."""

    __slots__ = ("_holders", "_lock", "path", "size")

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self._holders = 1
        self._lock = threading.Lock()

    def hold(self) -> None:
        """One more needs it."""
        with self._lock:
            self._holders += 1

    def let_go(self) -> None:
        """One less needs it; the file goes with the last."""
        with self._lock:
            self._holders -= 1
            if self._holders:
                return
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class Journal:
    """The requests of one gateway. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        """Make the directory and lock it. Raises OSError and `Locked`."""
        self._directory = directory / "gateway"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        self._lock_file = os.open(self._directory / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock_file)
                raise Locked(f"another gateway works in {directory}") from None
        self._left = sorted(self._directory.glob(f"*{_SUFFIX}"))
        self._number = 0
        self._lock = threading.Lock()

    def add(self, about: dict[str, Any], body: bytes) -> Entry:
        """Put a request on disk. Raises OSError. The caller lets go of the entry when it has handed the request on."""
        with self._lock:
            self._number += 1
            path = self._directory / f"{time.time_ns():020d}-{self._number}{_SUFFIX}"
        head = json.dumps({**about, "size": len(body)}).encode() + b"\n"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(head)
                file.write(body)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Entry(path, len(head) + len(body))

    def left(self) -> Iterator[tuple[Entry, dict[str, Any], bytes]]:
        """What an earlier gateway has left here, oldest first; a file that was not finished was not answered."""
        for path in self._left:
            try:
                head, _, body = path.read_bytes().partition(b"\n")
                about = json.loads(head)
                whole = len(body) == about["size"]
            except OSError as error:
                warn("journal:unreadable", "a request on disk cannot be read: %s", error.strerror)
                continue
            except (ValueError, TypeError, KeyError):
                whole, about = False, {}
            if whole:
                yield Entry(path, len(head) + 1 + len(body)), about, body
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another gateway in."""
        os.close(self._lock_file)
