"""The messages of a history that calls of a model repeat: what its first entries became is taken over, not read again.

The very same messages come back, which tells whoever writes them that they were written before. Nobody may change them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_posthog_ai.bounds import Lately
from otel_posthog_ai.record import Message

from .message_layout import join_items
from .repeated_json import repeated_json

_LIST: type[Any] = list  # a type checker takes a checked `list` for one of unknown things
ReadEntry = Callable[[Any, str], list[Message]]


class _Reading:
    """What a history's first entries became."""

    __slots__ = ("counts", "first_item", "joined", "joined_of", "messages")

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.counts: list[int] = []
        """How many messages stand for the entries up to each."""
        self.first_item: int | None = None
        """The first entry that is a piece of a turn rather than a message: from there on turns have to be joined."""
        self.joined: list[Message] = []
        """The messages with their turns joined, as far as `joined_of` of them go."""
        self.joined_of = 0

    def of_first(self, entries: int) -> _Reading:
        """The reading of fewer entries."""
        reading = _Reading()
        reading.counts = self.counts[:entries]
        reading.messages = self.messages[: reading.counts[-1] if reading.counts else 0]
        if self.first_item is not None and self.first_item < entries:
            reading.first_item = self.first_item
        return reading

    def go_on(self, entries: list[Any], role: str, read: ReadEntry, is_item: Callable[[Any], bool]) -> list[Message]:
        """Read the entries that were not; the messages of all."""
        for number in range(len(self.counts), len(entries)):
            self.messages += read(entries[number], role)
            self.counts.append(len(self.messages))
            if self.first_item is None and is_item(entries[number]):
                self.first_item = number
        if self.first_item is None:
            return list(self.messages)
        self.joined = join_items(self.messages[self.joined_of :], after=self.joined)
        self.joined_of = len(self.messages)
        return list(self.joined)


MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of flattened entries that are remembered with their messages."""
_OVERHEAD: Final = 200
_TEXTS: Final = {str}
_entries = Lately(MOST_CHARACTERS)


def read_entry(
    form: str, said: Mapping[str, Any], role: str, read: Callable[[Mapping[str, Any], str], list[Message]]
) -> list[Message]:
    """`read(said, role)`: the messages of an entry that was flattened in this form, into attributes or an event.

    It is read once for all that say the same, if that is texts alone: others may be equal and yet not the same in JSON
    (`1`, `1.0`, True).
    """
    if repeated_json.off or set(map(type, said.values())) != _TEXTS:
        return read(said, role)
    key = (form, role, *said.items())
    known: list[Message] | None = _entries.get(key)
    if known is None:
        known = read(said, role)
        _entries.put(key, known, sum(map(len, said.values())) + _OVERHEAD)
    return known


def read_history(entries: Any, role: str, read: ReadEntry, is_item: Callable[[Any], bool]) -> list[Message] | None:
    """The messages of a list of objects that was parsed from a text; None where it is none that is remembered.

    `read(entry, role)` gives the messages of one entry, and `is_item(entry)` whether turns have to be joined for it.
    """
    if type(entries) is not _LIST or not entries or not repeated_json.may_know(entries[0]):
        return None
    if not repeated_json.lock.acquire(blocking=False):
        return None
    try:
        known = repeated_json.list_of(entries)
        if known is None:
            return None
        reading: _Reading = known.readings.setdefault(role, _Reading())
        if len(entries) < len(known.entries):
            reading = reading.of_first(len(entries))
        return reading.go_on(entries, role, read, is_item)
    finally:
        repeated_json.lock.release()
