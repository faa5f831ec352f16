"""The gateway as an object: projects, receiver, application; the command runs it, tests and others embed it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Protocol

from .app import App, Limits
from .budget import Budget
from .journal import Journal
from .open_traces import Patience
from .pages import pages
from .project import Project
from .projects import Routes, Target
from .receiver import Receiver

MEMORY_BYTES = 256 * 1024 * 1024
DRAIN_SECONDS = 25.0
GRACE_SECONDS = 5
"""For requests that are under way when it is told to end."""


class Door(Protocol):
    """A server beside the one that runs the application."""

    def close(self, seconds: float) -> None:
        """Take nothing more; what is under way has so long to end."""


class Gateway:
    """Everything behind the doors.

    Args:
        routes: which request is for which of `targets`.
        targets: the projects.
        spool_directory: where requests are kept until their events are delivered; None: memory only.
        patience: how long traces are held.
        memory_bytes: for requests and held traces; from there on requests get 503.
        drain_seconds: how long `close` may take.
        limits: of one request.

    Raises:
        OSError, Locked: the directory cannot be used.
    """

    def __init__(
        self,
        routes: Routes,
        targets: Sequence[Target],
        *,
        spool_directory: Path | None = None,
        patience: Patience | None = None,
        memory_bytes: int = MEMORY_BYTES,
        drain_seconds: float = DRAIN_SECONDS,
        limits: Limits | None = None,
    ) -> None:
        self._journal = Journal(spool_directory) if spool_directory is not None else None
        self._drain_seconds = drain_seconds
        budget = Budget(memory_bytes)
        self.projects = {target: Project(target.settings, patience or Patience(), budget) for target in targets}
        self.receiver = Receiver(routes, self.projects, budget, self._journal)
        self.recovered = self.receiver.recover()
        """Requests that an earlier gateway had left on disk."""
        self.delivered: bool | None = None
        """Whether everything was delivered at the end; None before."""
        self.doors: list[Door] = []
        """Other ways in than the application, closed before what is held is sent."""
        self.app = App(self.receiver, pages(self.receiver, self.projects), limits, self.close)

    def close(self) -> bool:
        """Send all that is held and stop; whether everything was delivered. With a spool, the rest stays there."""
        if self.delivered is None:
            for door in self.doors:
                door.close(GRACE_SECONDS)
            deadline = time.monotonic() + self._drain_seconds
            results: list[bool] = []
            threads = [
                Thread(target=lambda project=project: results.append(project.drain(deadline)))
                for project in self.projects.values()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.delivered = all(results)
            if self._journal is not None:
                self._journal.close()
        return self.delivered
