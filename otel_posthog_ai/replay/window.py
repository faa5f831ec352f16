"""The traces that have been read and not yet sent: a bounded stretch of the files, for a trace may take many lines.

A trace leaves when it is the one that was met first and the window is full, or at the end. What comes of it later is
placed as a running app would place a late span.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping

from otel_posthog_ai.otlp.held import HeldTrace, groups
from otel_posthog_ai.otlp.strays import Strays

from .files import Line


class WindowTrace(HeldTrace):
    """What was read of one trace, and where it stands in the files."""

    def __init__(self, trace_id: int) -> None:
        super().__init__(trace_id)
        self.first: dict[int, int] = {}
        """File → where its first line starts."""
        self.last: dict[int, int] = {}
        """File → where its last line ends."""


class Window:
    """Held traces, in the order in which they were met, and what is known of those that have left.

    Args:
        most_bytes: of lines whose traces are held. Python objects take several times as much memory.
        files: how many files are read.
    """

    def __init__(self, most_bytes: int, files: int) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[int, WindowTrace] = OrderedDict()
        self._left: dict[int, dict[int, int]] = {}
        self._bytes = 0.0
        self._read = [0] * files
        self.strays = Strays[tuple[int, int]]()
        """Each one's origin is its file, and where it starts there."""

    @property
    def is_full(self) -> bool:
        """Whether traces have to leave before more is read."""
        return self._bytes + self.strays.bytes > self._most_bytes

    def start_at(self, file: int, offset: int) -> None:
        """Reading of a file begins here."""
        self._read[file] = offset

    def add(self, line: Line, skipped: Collection[int] = ()) -> None:
        """Hold what a line tells, but for the traces in `skipped`, which were delivered in an earlier run."""
        self._read[line.file] = line.end
        contents = line.contents
        share = (line.end - line.start) / max(len(contents.spans) + len(contents.logs), 1)
        for span in contents.spans:
            context = span.get_span_context()
            if context is not None and context.trace_id not in skipped:
                self._trace(context.trace_id, line, share).spans.append(span)
        for entry in contents.logs:
            if not entry.trace_id or not entry.span_id:
                self.strays.add(entry, share, (line.file, line.start))
            elif entry.trace_id not in skipped:
                self._trace(entry.trace_id, line, share).logs.append(entry)

    def _trace(self, trace_id: int, line: Line, share: float) -> WindowTrace:
        trace = self._held.get(trace_id)
        if trace is None:
            trace = self._held[trace_id] = WindowTrace(trace_id)
        trace.first.setdefault(line.file, line.start)
        trace.last[line.file] = line.end
        trace.bytes += share
        self._bytes += share
        return trace

    def leaving(self, *, everything: bool = False) -> Iterator[list[HeldTrace]]:
        """The traces that have to go, in groups to be sent one after another; half of the window stays."""
        enough = -1.0 if everything else self._most_bytes / 2
        yield from groups(self._leave_until(enough))
        if not everything:
            starts = [span.start_time or 0 for trace in self._held.values() for span in trace.spans]
            if starts:
                self.strays.forget_before(min(starts))
            self.strays.shrink_to(self._most_bytes / 2)

    def _leave_until(self, enough: float) -> Iterator[HeldTrace]:
        while self._held and self._bytes > enough:
            yield self._pop()

    def _pop(self) -> WindowTrace:
        trace_id, trace = self._held.popitem(last=False)
        self._bytes = self._bytes - trace.bytes if self._held else 0.0
        known = self._left.setdefault(trace_id, {})
        known.update(trace.last)
        return trace

    def resume_offsets(self) -> list[int]:
        """For each file: everything before this offset has left the window."""
        offsets = list(self._read)
        places = [place for trace in self._held.values() for place in trace.first.items()]
        for file, start in (*places, *self.strays.origins()):
            offsets[file] = min(offsets[file], start)
        return offsets

    def read_offsets(self) -> list[int]:
        """For each file: how far it has been read."""
        return list(self._read)

    def left_behind(self, offsets: list[int]) -> list[int]:
        """The traces that have left although lines of theirs stand after these offsets."""
        self._left = {trace_id: last for trace_id, last in self._left.items() if _reaches_beyond(last, offsets)}
        return [trace_id for trace_id in self._left if trace_id not in self._held]


def _reaches_beyond(last: Mapping[int, int], offsets: list[int]) -> bool:
    return any(end > offsets[file] for file, end in last.items())
