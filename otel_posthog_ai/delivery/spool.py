"""Owed events on disk, so that a killed process loses none of them.

    <directory>/posthog-<hash of host and key>/<owner>/lease
                                                      /<created, ns>-<random>.events
                                             /damaged/<what could not be read>

Each process writes into a directory of its own, whose `lease` file it holds locked and touches every few seconds.
The kernel gives the lock back when the process dies, however it dies; where files cannot be locked, a lease that nobody
has touched for a minute has run out. Who takes a dead owner's lease moves its files (a rename has one winner) and so
becomes their owner. Another host or key is another directory: nothing of one project is sent to another.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from otel_posthog_ai import log

from .encoding import EncodedEvent

try:
    import fcntl
except ImportError:  # Windows: leases alone decide.
    fcntl = None  # type: ignore[assignment]

LEASE_SECONDS = 60.0
RENEW_SECONDS = 10.0
SEGMENT_BYTES = 1024 * 1024
_SUFFIX = ".events"
_DAMAGED = "damaged"
_RETRY_DISK_SECONDS = 60.0
_MOST_BYTES = 64 * 1024 * 1024  # Of one event: a damaged size must not fill the memory.


@dataclass(eq=False)
class Segment:
    """One file of events; `members` are those that are still owed, by the identity of their place in the outbox."""

    path: str
    written: int
    members: dict[int, EncodedEvent] = field(default_factory=dict[int, EncodedEvent])


class Spool:
    """The files of this process, and what dead ones left. Does I/O; never raises: without a disk, memory must do."""

    def __init__(self, directory: str, host: str, api_key: str) -> None:
        binding = hashlib.sha256(f"{host}\n{api_key}".encode()).hexdigest()[:16]
        self._directory = directory
        self._home = os.path.join(directory, f"posthog-{binding}")
        self._lock = threading.RLock()
        self._own: str | None = None
        self._lease: int | None = None
        self._renewed = 0.0
        self._refused_at: float | None = None
        self.damaged = 0
        """Files of which something could not be read; whoever counts them sets it back."""

    def forget_parent(self) -> None:
        """In a forked child: what the parent wrote is the parent's."""
        self._lock = threading.RLock()
        lease, self._lease, self._own = self._lease, None, None
        if lease is not None:
            os.close(lease)  # The parent's copy keeps the lock.

    def write(self, events: Iterable[EncodedEvent]) -> Segment | None:
        """Put the events on disk; None when the disk does not take them."""
        batch = list(events)
        with self._lock:
            if self._refused_at is not None and time.monotonic() - self._refused_at < _RETRY_DISK_SECONDS:
                return None
            try:
                path = os.path.join(self._own_directory(), f"{time.time_ns():020d}-{secrets.token_hex(4)}{_SUFFIX}")
                _write_segment(path, batch)
            except OSError as error:
                self._refused(error)
                return None
            self._refused_at = None
            return Segment(path, len(batch))

    def clean(self, segment: Segment) -> None:
        """Bring the file in line with what of it is still owed."""
        with self._lock:
            remaining = list(segment.members.values())
            if len(remaining) == segment.written:
                return
            try:
                if remaining:
                    _write_segment(segment.path, remaining)
                else:
                    os.unlink(segment.path)
                segment.written = len(remaining)
            except FileNotFoundError:
                pass  # Another process took it over: it thought us dead.
            except OSError as error:
                self._refused(error)

    def renew(self) -> None:
        """Show that this process lives; to be called at least every few seconds."""
        with self._lock:
            if self._own is None or time.monotonic() - self._renewed < RENEW_SECONDS:
                return
            try:
                os.utime(os.path.join(self._own, "lease"))
                self._renewed = time.monotonic()
            except OSError:
                self._own, self._lease = None, None  # Somebody removed it; the next write makes another.

    def adopt(self, room: int) -> list[tuple[EncodedEvent, Segment]]:
        """Take over what dead owners left, about `room` bytes at most: (event, its file), oldest first."""
        adopted: list[tuple[EncodedEvent, Segment]] = []
        with self._lock:
            try:
                for path in self._claim(room):
                    adopted.extend(self._recovered(path))
            except OSError as error:
                self._refused(error)
        return sorted(adopted, key=lambda one: os.path.basename(one[1].path))

    def close(self) -> None:
        """Give up the lease; what is still on disk is for the next process."""
        with self._lock:
            own, self._own = self._own, None
            lease, self._lease = self._lease, None
            if own is None:
                return
            try:
                if os.listdir(own) == ["lease"]:
                    os.unlink(os.path.join(own, "lease"))
                    os.rmdir(own)
                else:
                    os.utime(os.path.join(own, "lease"), (0, 0))
            except OSError:
                pass  # A next process finds it.
            if lease is not None:
                os.close(lease)

    def _recovered(self, path: str) -> list[tuple[EncodedEvent, Segment]]:
        """What a file holds, as far as it can be read; one with nothing readable is set aside for whoever looks."""
        events: list[EncodedEvent] = []
        try:
            with open(path, "rb") as file:
                events.extend(_read_segment(file))
        except Exception as error:
            self._tell_damaged(type(error).__name__)
            if not events:
                self._set_aside(path)
                return []
        if not events:
            os.unlink(path)
            return []
        segment = Segment(path, len(events))
        return [(event, segment) for event in events]

    def _tell_damaged(self, kind: str) -> None:
        self.damaged += 1
        log.warn("spool_damaged", "a file of the spool is damaged (%s); what of it could be read is sent", kind)

    def _set_aside(self, path: str) -> None:
        aside = os.path.join(self._home, _DAMAGED)
        try:
            os.makedirs(aside, 0o700, exist_ok=True)
            os.replace(path, os.path.join(aside, os.path.basename(path)))
        except OSError as error:
            self._refused(error)

    # ---- directories -------------------------------------------------------------------------------------------

    def _own_directory(self) -> str:
        if self._own is None:
            os.makedirs(self._directory, 0o700, exist_ok=True)
            _private_directory(self._home)
            name = f"{os.getpid()}-{secrets.token_hex(6)}"
            # Made under another name first: a directory whose lease is not locked yet would look abandoned.
            making = os.path.join(self._home, f".{name}")
            os.mkdir(making, 0o700)
            lease = os.open(os.path.join(making, "lease"), os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600)
            _locked(lease)
            os.rename(making, os.path.join(self._home, name))
            self._own, self._lease = os.path.join(self._home, name), lease
            self._renewed = time.monotonic()
        return self._own

    def _claim(self, room: int) -> Iterator[str]:
        """Move abandoned files into our directory, oldest first within an owner; their new paths."""
        if not os.path.isdir(self._home):
            return
        for name in sorted(os.listdir(self._home)):
            abandoned = os.path.join(self._home, name)
            if name.startswith(".") or name == _DAMAGED or abandoned == self._own or room <= 0:
                continue
            with _Claim(abandoned) as won:
                if not won:
                    continue
                _private_directory(self._home)
                for file in sorted(os.listdir(abandoned)):
                    if room <= 0:
                        break
                    path = os.path.join(abandoned, file)
                    if not os.path.isfile(path):
                        self._tell_damaged("no file")
                        self._set_aside(path)
                    elif file.endswith(_SUFFIX):
                        room -= os.path.getsize(path)
                        mine = os.path.join(self._own_directory(), file)
                        os.rename(path, mine)
                        yield mine
                    elif file != "lease":
                        os.unlink(path)  # Half written when its owner died.
                if os.listdir(abandoned) == ["lease"]:
                    os.unlink(os.path.join(abandoned, "lease"))
                    os.rmdir(abandoned)

    def _refused(self, error: OSError) -> None:
        self._refused_at = time.monotonic()
        log.warn_once("spool", "spool_directory cannot be used (%s); unsent events wait in memory only",
                      error.strerror or type(error).__name__)  # fmt: skip


class _Claim:
    """Whether the owner of a directory is dead; while the claim lasts, nobody else can win it."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, "lease")
        self._lease: int | None = None

    def __enter__(self) -> bool:
        try:
            self._lease = os.open(self._path, os.O_RDWR)
            held = _locked(self._lease)
            if held is None:
                return time.time() - os.fstat(self._lease).st_mtime > LEASE_SECONDS
            # A claim that another process finished meanwhile leaves a file without a name.
            return held and os.fstat(self._lease).st_nlink > 0
        except OSError:
            return False

    def __exit__(self, *_: object) -> None:
        if self._lease is not None:
            os.close(self._lease)


def _locked(descriptor: int) -> bool | None:
    """Lock the file for as long as it is open: True, False when another process has it, None when locks do not work."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _private_directory(path: str) -> None:
    """Make the directory, or make sure that it is ours alone."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
            raise PermissionError("belongs to somebody else") from None
        if stat.S_IMODE(found.st_mode) != 0o700:
            os.chmod(path, 0o700)


def _write_segment(path: str, events: Iterable[EncodedEvent]) -> None:
    """Write the file whole or not at all."""
    making = f"{path}.{secrets.token_hex(4)}.part"
    descriptor = os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for event in events:
                file.write(json.dumps([event.name, event.uuid, len(event.body)]).encode() + b"\n")
                file.write(event.body + b"\n")
        os.replace(making, path)
    except BaseException:
        os.unlink(making)
        raise


def _read_segment(file: Any) -> Iterator[EncodedEvent]:
    """The events of a file in order; raises where it is damaged."""
    while header := file.readline():
        name, uuid, size = json.loads(header)
        body = file.read(size) if 0 <= size <= _MOST_BYTES else b""
        if len(body) != size or file.read(1) != b"\n":
            raise ValueError("cut short")
        yield EncodedEvent(str(name), str(uuid), body)
