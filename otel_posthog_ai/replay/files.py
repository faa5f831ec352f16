"""Lines of OTLP/JSON from files: plain or gzip, one request a line or one document a file, several files by time."""

from __future__ import annotations

import gzip
import heapq
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from otel_posthog_ai.otlp.json_values import Malformed, parse
from otel_posthog_ai.otlp.requests import Contents, read_request
from otel_posthog_ai.reading.values import is_list

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; the Collector's receivers take no larger request by default. Also the most of a document over many lines."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Unusable(Exception):
    """The file cannot be replayed at all; the text says why and what to do."""


@dataclass(slots=True)
class Line:
    """One line: where it stands (bytes, uncompressed, from the start of its file) and what was in it."""

    file: int
    start: int
    end: int
    contents: Contents
    fault: str | None = None
    """Why nothing could be read from it."""
    time_ns: int = 0
    """When what it tells of happened."""


class InputFile:
    """One file, read once from an offset on."""

    def __init__(self, number: int, path: Path, *, longest_line: int = LONGEST_LINE) -> None:
        """Open the file. Raises `Unusable`."""
        self.path = path
        self._number = number
        self._longest = longest_line
        try:
            self._raw: IO[bytes] = path.open("rb")
            self.size = os.fstat(self._raw.fileno()).st_size
            head = self._raw.read(4096)
            self._raw.seek(0)
        except OSError as error:
            raise Unusable(f"{path}: {error.strerror}") from None
        if head.startswith(_ZSTD):
            raise Unusable(f"{path} is compressed with zstd: unpack it first (zstd -d {path.name})")
        is_gzip = head.startswith(_GZIP)
        if not is_gzip and b"\0" in head:
            raise Unusable(f"{path} is no JSON: write it with `format: json` in the Collector's file exporter")
        self._stream: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if is_gzip else self._raw

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()

    def consumed(self) -> int:
        """Bytes of the file, as it lies on disk, that have been read."""
        return self._raw.tell() if not self._raw.closed else self.size

    def lines(self, start: int = 0) -> Iterator[Line]:
        """The lines from an offset on, each with what is in it; blank ones are left out."""
        position = start
        time_ns = 0
        try:
            self._stream.seek(start)
            if start == 0:
                document = self._document()
                if document is not None:
                    yield document
                    return
            while raw := self._stream.readline(self._longest + 1):
                begin, position = position, position + len(raw)
                if len(raw) > self._longest and not raw.endswith(b"\n"):
                    position = self._skip_line(position)
                    yield self._faulty(begin, position, f"a line of over {self._longest} bytes", time_ns)
                elif raw.strip():
                    line = self._line(begin, position, raw, time_ns)
                    time_ns = line.time_ns
                    yield line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield self._faulty(position, position, "the compressed file is cut off or damaged here", time_ns)

    def _skip_line(self, position: int) -> int:
        while raw := self._stream.readline(1024 * 1024):
            position += len(raw)
            if raw.endswith(b"\n"):
                break
        return position

    def _document(self) -> Line | None:
        """The whole file as one JSON value that is written over several lines; None where it is not."""
        first = self._stream.readline(self._longest + 1)
        while first and not first.strip():
            first = self._stream.readline(self._longest + 1)
        found = None
        if first and len(first) <= self._longest and not _is_json(first):
            rest = self._stream.read(self._longest + 1)
            if 0 < len(rest) <= self._longest and _is_json(first + rest):
                found = self._line(0, self._stream.tell(), first + rest, 0)
        self._stream.seek(0)
        return found

    def _line(self, start: int, end: int, raw: bytes, time_ns: int) -> Line:
        try:
            value = parse(raw.removeprefix(b"\xef\xbb\xbf") if start == 0 else raw)
            contents = _joined(map(read_request, value if is_list(value) else [value]))
        except Malformed as error:
            return self._faulty(start, end, f"no OTLP request: {error}", time_ns)
        except (ValueError, RecursionError):
            return self._faulty(start, end, "no JSON" if raw.endswith(b"\n") else "the last line is cut off", time_ns)
        return Line(self._number, start, end, contents, None, _time_of(contents) or time_ns)

    def _faulty(self, start: int, end: int, fault: str, time_ns: int) -> Line:
        return Line(self._number, start, end, Contents(), fault, time_ns)


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return False
    return True


def _joined(parts: Iterable[Contents]) -> Contents:
    joined = Contents()
    for part in parts:
        joined.spans += part.spans
        joined.logs += part.logs
        joined.other += part.other
        joined.unread += part.unread
        joined.malformed += part.malformed
        joined.unread_attributes += part.unread_attributes
    return joined


def _time_of(contents: Contents) -> int:
    times = [span.end_time or 0 for span in contents.spans]
    times += [entry.occurrence.time_ns for entry in contents.logs]
    return min(times, default=0)


def in_order(sources: Sequence[InputFile], starts: Sequence[int]) -> Iterator[Line]:
    """The lines of all files, by time as far as each file is in order: log records meet the spans that they belong to.

    One line of each file is held in memory.
    """
    return heapq.merge(
        *(source.lines(start) for source, start in zip(sources, starts, strict=True)), key=lambda line: line.time_ns
    )
