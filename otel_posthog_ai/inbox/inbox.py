"""The inbox as an object: a server in threads and its store."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any

from otel_posthog_ai.inbox.routes import Routes
from otel_posthog_ai.inbox.server import Server
from otel_posthog_ai.inbox.store import MEMORY, Store


class Inbox:
    """A local stand-in for PostHog, running in threads of this process.

    >>> with Inbox() as inbox:
    ...     ...  # export to host=inbox.url
    ...     inbox.events()
    []
    """

    def __init__(
        self, port: int = 0, database: str | Path = MEMORY, *, project_keys: Collection[str] | None = None
    ) -> None:
        """Open the database and bind the port; requests are answered from `start` or ``with`` on.

        Args:
            port: TCP port on 127.0.0.1; 0 takes a free one.
            database: path of an SQLite file, created when missing, or ``":memory:"``.
            project_keys: keys of existing projects. As with PostHog, events of other keys are answered with 200 and
                vanish. None: every key that starts with ``phc_`` exists.

        Raises:
            OSError: the port is taken.
            ValueError: the file is not a database of this version of the inbox.
            sqlite3.OperationalError: the file cannot be opened.
        """
        self.database = database
        self._store = Store(database)
        try:
            self._server = Server(port, Routes(self._store, project_keys))
        except BaseException:
            self._store.close()
            raise
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address to use as PostHog host, and of the page."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer requests in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="posthog-inbox", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Stop answering and close the database; further calls do nothing."""
        self._store.close()
        if self._thread is not None:
            self._server.close()
            self._thread.join()
            self._thread = None
        else:
            self._server.server_close()

    def __enter__(self) -> Inbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def events(self) -> list[dict[str, Any]]:
        """The stored events as they were sent, oldest first."""
        return [row["body"] for row in self._store.bodies()]

    def wait_for_events(self, count: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """The stored events as soon as there are ``count``, or what is there after ``timeout`` seconds."""
        self._store.wait(lambda: self._store.event_count() >= count, timeout)
        return self.events()

    def refusals(self) -> list[dict[str, Any]]:
        """The latest 100 refused requests, newest first, with ``status``, ``reason``, ``route`` and ``bytes``."""
        return self._store.refusals()
