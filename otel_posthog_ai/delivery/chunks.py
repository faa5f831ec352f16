"""Encoded events → request bodies: spliced from bytes, never encoded again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone

from .compression import Body, Bytes, Piece, PlainBody, gzip_body
from .encoding import EncodedEvent

REQUEST_BYTES = 5 * 1024 * 1024
"""Most bytes of one request before compression, envelope included (one larger event travels alone)."""


def sent_now() -> str:
    """This moment as RFC 3339, UTC, with microseconds."""
    return datetime.fromtimestamp(time.time(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Envelope:
    """What stands around the events: `{"api_key": …, "batch": […], "sent_at": …}`."""

    def __init__(self, api_key: str, compression: str) -> None:
        self.compresses = compression == "gzip"
        self._head = b'{"api_key":' + json.dumps(api_key).encode() + b',"batch":['
        self._body: Callable[[Iterator[Piece]], Body] = gzip_body() if self.compresses else PlainBody
        self.overhead = len(self._head) + len(self.tail(sent_now()))

    def body(self, events: Sequence[EncodedEvent], corrected: Callable[[bytes], bytes] = bytes) -> Body:
        """The body of a request with these events, to be completed with `tail()` at each try.

        `corrected(body)` gives an event with its time by the host's clock, as long as it was.
        """
        return self._body(self._pieces(events, corrected))

    def _pieces(self, events: Sequence[EncodedEvent], corrected: Callable[[bytes], bytes]) -> Iterator[Piece]:
        """The body up to its tail; what was deflated before stands by itself."""
        gathered: list[Bytes] = [self._head]
        for number, event in enumerate(events):
            if number:
                gathered.append(b",")
            text, at = memoryview(corrected(event.body)), 0
            for stretch in event.stretches:
                gathered.append(text[at : stretch.start])
                yield Piece(b"".join(gathered))
                yield Piece(text[stretch.start : stretch.end], stretch.deflated)
                gathered, at = [], stretch.end
            gathered.append(text[at:])
        yield Piece(b"".join(gathered))

    @staticmethod
    def tail(sent_at: str | None) -> bytes:
        """The end of the body. PostHog shifts every event by the age of `sent_at`, so a stale one falsifies times.

        None where the events' times are by the host's clock already.
        """
        return b"]}" if sent_at is None else b'],"sent_at":"' + sent_at.encode() + b'"}'


def fitting(sizes: Iterator[int], overhead: int, limit: int = REQUEST_BYTES) -> int:
    """How many of the events with these `sizes` fit into one request: at least one, if there is any."""
    total, count = overhead, 0
    for size in sizes:
        total += size + (1 if count else 0)
        if count and total > limit:
            break
        count += 1
    return count


def chunks(events: Sequence[EncodedEvent], overhead: int, limit: int = REQUEST_BYTES) -> Iterator[list[EncodedEvent]]:
    """The events in order, in groups that each make one request."""
    start = 0
    while start < len(events):
        count = fitting((len(events[each].body) for each in range(start, len(events))), overhead, limit)
        yield list(events[start : start + count])
        start += count


def halves(events: Sequence[EncodedEvent]) -> tuple[list[EncodedEvent], list[EncodedEvent]]:
    """Two groups of about equal bytes, none of them empty; `events` are at least two."""
    total = sum(len(event.body) for event in events)
    running, cut = 0, 1
    for index, event in enumerate(events[:-1]):
        running += len(event.body)
        cut = index + 1
        if running * 2 >= total:
            break
    return list(events[:cut]), list(events[cut:])
