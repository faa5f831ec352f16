"""The replay itself: lines → window → events → target, with a checkpoint after everything that was taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent
from otel_posthog_ai.otlp.held import HeldTrace, LogsOfSpans
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.work.whole_traces import WholeTraces

from .checkpoint import Checkpoint, Progress
from .delivery import Delivery
from .files import InputFile, Line, in_order
from .window import Window

WINDOW_BYTES = 32 * 1024 * 1024
FAULTS_TOLD = 20
_SECONDS_BETWEEN_CHECKPOINTS = 1.0


@dataclass(slots=True)
class Outcome:
    """What came of a replay."""

    spans: int = 0
    log_records: int = 0
    traces: int = 0
    other: int = 0
    malformed: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The first faults: `file`, `offset` (bytes, uncompressed), `reason`."""
    events: dict[str, int] = field(default_factory=dict[str, int])
    """By name."""
    sent: int = 0
    dropped: dict[str, int] = field(default_factory=dict[str, int])
    lost_log_records: int = 0
    """Records with message content whose span was not found."""
    not_understood: dict[str, dict[str, int]] = field(default_factory=lambda: {"spans": {}, "log_records": {}})
    """What became no event because nothing here knows it: how many of each scope."""
    resumed: bool = False
    stopped: str | None = None
    """Why the replay ended before the files did."""

    @property
    def ok(self) -> bool:
        """Whether everything was read and taken."""
        harmless = {"repeated"}
        return (
            self.stopped is None
            and not self.malformed
            and not set(self.dropped) - harmless
            and not self.understood_nothing
        )

    @property
    def no_otlp(self) -> bool:
        """Whether the files held something, and none of it was OTLP/JSON."""
        return bool(self.malformed) and not (self.spans or self.log_records or self.other or self.resumed)

    @property
    def understood_nothing(self) -> bool:
        """Whether the files hold log records, and nothing of all that is in them became an event."""
        return not self.events and bool(self.not_understood["log_records"]) and not self.dropped


class Replay:
    """One replay of some files.

    Args:
        paths: the files. Raises `Unusable` for one that cannot be replayed.
        settings: of the target and of what events hold.
        checkpoint: where progress is kept.
        window_bytes: how much of the files is held, so that traces spread over many lines are whole.
        dry_run: read and convert, send nothing.
        on_progress: called with the share of the files that has been read, 0 to 1, and the outcome so far.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        settings: Settings,
        checkpoint: Checkpoint,
        *,
        window_bytes: int = WINDOW_BYTES,
        dry_run: bool = False,
        on_progress: Callable[[float, Outcome], None] | None = None,
    ) -> None:
        self.outcome = Outcome()
        self._sources = [InputFile(number, path) for number, path in enumerate(paths)]
        self._size = sum(source.size for source in self._sources)
        self._checkpoint = checkpoint
        self._counters = Counters()
        self._whole = WholeTraces(settings, self._counters)
        self._delivery = None if dry_run else Delivery(settings, self._counters)
        self._window = Window(window_bytes, len(paths))
        self._on_progress = on_progress
        self._earlier = Progress([0] * len(paths), [0] * len(paths))
        self._next_checkpoint = 0.0

    def run(self) -> Outcome:
        """Replay to the end of the files. Raises `Undelivered` when the target takes nothing more."""
        try:
            self._resume()
            for line in in_order(self._sources, self._earlier.offsets):
                self._take(line)
                if self._window.is_full:
                    self._send(self._window.leaving())
            self._send(self._window.leaving(everything=True))
            self._checkpoint.clear()
        finally:
            self._close()
        return self.outcome

    def _resume(self) -> None:
        known = self._checkpoint.load()
        if known is not None:
            self._earlier = known
            self.outcome.resumed = True
        for number, offset in enumerate(self._earlier.offsets):
            self._window.start_at(number, offset)

    def _take(self, line: Line) -> None:
        outcome = self.outcome
        if line.fault is not None:
            self._note_fault(line, line.fault)
        for reason in line.contents.malformed:
            self._note_fault(line, reason)
        for reason in line.contents.unread_attributes.elements():
            self._note_fault(line, f"an attribute was left out: {reason}")
        outcome.spans += len(line.contents.spans)
        outcome.log_records += len(line.contents.logs)
        outcome.other += line.contents.other
        unread = outcome.not_understood["log_records"]
        for scope, count in line.contents.unread.items():
            unread[scope] = unread.get(scope, 0) + count
        seen = line.start < self._earlier.read[line.file]
        self._window.add(line, self._earlier.delivered if seen else ())
        self._tell()

    def _note_fault(self, line: Line, reason: str) -> None:
        self.outcome.malformed += 1
        if len(self.outcome.faults) < FAULTS_TOLD:
            path = str(self._sources[line.file].path)
            self.outcome.faults.append({"file": path, "offset": line.start, "reason": reason})

    def _send(self, groups: Iterable[list[HeldTrace]]) -> None:
        for group in groups:
            logs = LogsOfSpans(group, self._window.strays)
            events = self._whole.events(logs.spans, logs.of)
            self.outcome.traces += len(group)
            self.outcome.not_understood["spans"] = dict(self._whole.unread)
            self.outcome.lost_log_records += logs.left
            self._deliver(events)
            self._save()
            self._tell()

    def _deliver(self, events: list[EncodedEvent]) -> None:
        if self._delivery is not None:
            self._counters.add("queued", len(events))
            self._delivery.deliver(events)
        for event in events:
            self.outcome.events[event.name] = self.outcome.events.get(event.name, 0) + 1
        self._count()

    def _save(self) -> None:
        """At most once a second: it looks through the whole window."""
        if self._delivery is None or time.monotonic() < self._next_checkpoint:
            return
        read = self._window.read_offsets()
        if any(now < before for now, before in zip(read, self._earlier.read, strict=True)):
            return  # What an earlier run wrote down is still the better start.
        offsets = self._window.resume_offsets()
        # Lines that the earlier run had read may still be ahead of these offsets, with traces that it delivered.
        ahead = any(offset < before for offset, before in zip(offsets, self._earlier.read, strict=True))
        delivered = {*self._window.left_behind(offsets), *(self._earlier.delivered if ahead else ())}
        self._checkpoint.save(Progress(offsets, read, frozenset(delivered)))
        self._next_checkpoint = time.monotonic() + _SECONDS_BETWEEN_CHECKPOINTS

    def _count(self) -> None:
        counts = self._counters.snapshot()
        self.outcome.sent = counts["sent"]
        self.outcome.dropped = counts["dropped"]

    def _tell(self) -> None:
        if self._on_progress is not None:
            consumed = sum(source.consumed() for source in self._sources)
            self._on_progress(min(consumed / self._size, 1.0) if self._size else 1.0, self.outcome)

    def _close(self) -> None:
        self._count()
        if self._delivery is not None:
            self._delivery.close()
        for source in self._sources:
            source.close()
