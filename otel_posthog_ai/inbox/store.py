"""The inbox's database: events once by their key, a summary row per trace, and a way to wait for news."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from otel_posthog_ai.inbox.checks import event_findings, reused_uuid
from otel_posthog_ai.inbox.facts import COLUMNS, EventFacts, facts_of
from otel_posthog_ai.inbox.finding import Finding
from otel_posthog_ai.inbox.header import header
from otel_posthog_ai.inbox.intake import ReceivedEvent
from otel_posthog_ai.inbox.json_values import compact
from otel_posthog_ai.inbox.schema import SCHEMA, SCHEMA_VERSION
from otel_posthog_ai.inbox.tree import draw
from otel_posthog_ai.inbox.tree_checks import trace_findings

MEMORY = ":memory:"

LONG_TRACE_EVENTS = 300
"""From this length on, a trace is summarised when the list is read, no longer at every insert."""

_FACTS = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO events({_FACTS}) VALUES ({', '.join(f':{name}' for name in COLUMNS)}) ON CONFLICT DO NOTHING"


class Store:
    """Thread-safe; one writer at a time.

    A file is read through connections of its own (WAL), so that a slow search does not hold up ingestion. A database in
    memory has one connection for both.
    """

    def __init__(self, database: str | Path = MEMORY) -> None:
        """Open or create the database.

        Raises:
            ValueError: the file is not a database of this version of the inbox.
        """
        self._path = str(database)
        self._writing = threading.RLock()
        self._writer = self._connect()
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            self._writer.close()
            raise ValueError("it is not a database of the inbox") from error
        self._reading = self._writing if self._path == MEMORY else threading.RLock()
        self._reader = self._writer if self._path == MEMORY else self._connect()
        self._news = threading.Condition()
        self._closed = False
        self._revision = self._read_revision()

    def _connect(self) -> sqlite3.Connection:
        if self._path != MEMORY:
            # Prompts and answers are for who runs this; SQLite gives its other files the mode of this one.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    def _create(self) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version == 0 and not self._writer.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._writer.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise ValueError("it was written by another version of the inbox")

    def close(self) -> None:
        """Close the database and wake everyone who waits; further calls do nothing."""
        with self._news:
            if self._closed:
                return
            self._closed = True
            self._news.notify_all()
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    # Writing

    def add(self, events: Sequence[ReceivedEvent], *, route: str, now: float) -> None:
        """Store the events of one accepted request; one that was stored before is not stored again."""
        with self._write() as connection:
            touched: dict[str, None] = {}
            for event in events:
                trace_id = self._add_one(connection, event, route, now)
                if trace_id is not None:
                    touched[trace_id] = None
            for trace_id in touched:
                if self._is_long(connection, trace_id):
                    connection.execute("INSERT OR IGNORE INTO stale VALUES (?)", (trace_id,))
                else:
                    self._summarise(connection, trace_id)

    def _is_long(self, connection: sqlite3.Connection, trace_id: str) -> bool:
        """Whether a summary at every request would cost the square of the trace's length."""
        rows = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE trace_id = ? LIMIT ?)", (trace_id, LONG_TRACE_EVENTS)
        ).fetchone()
        return bool(rows[0] == LONG_TRACE_EVENTS)

    def settle(self) -> None:
        """Write the summaries that wait; called before the list is read."""
        with self.reading() as connection:
            waiting = connection.execute("SELECT 1 FROM stale LIMIT 1").fetchone() is not None
        if waiting:
            with self._write() as connection:
                for (trace_id,) in connection.execute("SELECT trace_id FROM stale").fetchall():
                    self._summarise(connection, trace_id)
                connection.execute("DELETE FROM stale")

    def _add_one(self, connection: sqlite3.Connection, event: ReceivedEvent, route: str, now: float) -> str | None:
        findings = [*event_findings(event), *self._reuse(connection, event)]
        facts = facts_of(event, len(findings))
        cursor = connection.execute(_INSERT, {name: getattr(facts, name) for name in COLUMNS})
        if cursor.rowcount == 0:
            return None
        connection.execute(
            "INSERT INTO bodies VALUES (?, ?, ?, ?, ?)",
            (cursor.lastrowid, route, now, event.body, compact([finding.as_json() for finding in findings])),
        )
        return facts.trace_id

    def _reuse(self, connection: sqlite3.Connection, event: ReceivedEvent) -> list[Finding]:
        """A uuid that was seen with another name, person or day does not count as a repetition in PostHog."""
        others = connection.execute(
            "SELECT event, distinct_id, day FROM events WHERE uuid = ? LIMIT 1", (event.uuid,)
        ).fetchone()
        if others is None or tuple(others) == (event.name, event.distinct_id, event.day):
            return []
        return [reused_uuid(others["event"])]

    def _summarise(self, connection: sqlite3.Connection, trace_id: str) -> None:
        facts = self._facts(connection, trace_id)
        summary = header(trace_id, facts)
        summary["warnings"] += len(trace_findings(trace_id, facts, draw(trace_id, facts)))
        row = {**summary, **summary["pricing"], "model": next(iter(summary["models"]), None)}
        connection.execute(
            "INSERT OR REPLACE INTO traces SELECT :id, max(sequence), :started_at, :ended_at, :name, :distinct_id, "
            ":session_id, :model, :input_tokens, :output_tokens, :total_cost_usd, :latency, :errors, :warnings, :sent, "
            ":posthog, :unknown FROM events WHERE trace_id = :id",
            {name: value for name, value in row.items() if not isinstance(value, (list, dict))},
        )
        connection.execute("INSERT OR REPLACE INTO headers VALUES (?, ?)", (trace_id, compact(summary)))
        connection.executemany(
            "INSERT OR IGNORE INTO trace_models VALUES (?, ?)", [(model, trace_id) for model in summary["models"]]
        )

    def add_refusal(self, *, route: str, status: int, reason: str, size: int, now: float) -> None:
        """Remember a request that was refused whole, so that the page can tell."""
        with self._write() as connection:
            connection.execute(
                "INSERT INTO refusals(received_at, route, status, reason, bytes) VALUES (?, ?, ?, ?, ?)",
                (now, route, status, reason, size),
            )

    @contextmanager
    def _write(self) -> Generator[sqlite3.Connection]:
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
        with self._news:
            self._revision = self._read_revision()
            self._news.notify_all()

    # Reading

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The connection for reading, for one caller at a time."""
        with self._reading:
            yield self._reader

    def facts(self, trace_id: str) -> list[EventFacts]:
        """The facts of a trace's events by time; empty when there is no such trace."""
        with self.reading() as connection:
            return self._facts(connection, trace_id)

    def _facts(self, connection: sqlite3.Connection, trace_id: str) -> list[EventFacts]:
        rows = connection.execute(
            f"SELECT {_FACTS} FROM events WHERE trace_id = ? ORDER BY at, sequence", (trace_id,)
        ).fetchall()
        return [_facts_from(row) for row in rows]

    def bodies(self, condition: str = "1", values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Events as sent with what the inbox says of them, oldest first; ``condition`` is SQL."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT sequence, uuid, at, trace_id, route, received_at, body, warnings "
                f"FROM events JOIN bodies USING(sequence) WHERE {condition} ORDER BY sequence",
                values,
            ).fetchall()
        return [{**dict(row), "body": json.loads(row["body"]), "warnings": json.loads(row["warnings"])} for row in rows]

    def event_count(self) -> int:
        """How many events are stored."""
        with self.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
        return int(count)

    def refusals(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest refused requests, newest first."""
        with self.reading() as connection:
            rows = connection.execute("SELECT * FROM refusals ORDER BY sequence DESC LIMIT ?", (limit,)).fetchall()
        return [dict(row) for row in rows]

    # News

    @property
    def revision(self) -> int:
        """A number that grows with every stored event and every refusal."""
        return self._revision

    def wait(self, ready: Callable[[], bool], timeout: float) -> bool:
        """Wait up to ``timeout`` seconds for ``ready``, asked after every write; False when it did not come."""
        deadline = time.monotonic() + timeout
        with self._news:
            while not ready():
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    return False
                self._news.wait(left)
            return True

    def _read_revision(self) -> int:
        with self._reading:
            (revision,) = self._reader.execute(
                "SELECT (SELECT ifnull(max(sequence), 0) FROM events) + (SELECT ifnull(max(sequence), 0) FROM refusals)"
            ).fetchone()
        return int(revision)


def _facts_from(row: Mapping[str, Any]) -> EventFacts:
    values = {name: row[name] for name in COLUMNS}
    values["is_error"] = bool(values["is_error"])
    values["starts_at_timestamp"] = bool(values["starts_at_timestamp"])
    return EventFacts(**values)
