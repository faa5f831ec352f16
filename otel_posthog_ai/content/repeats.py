"""What stands in event after event (the messages of a history, definitions of tools) is checked and written once.

The rooms before this one hand on the very same object for what they found repeated. By the object it is told here that
it was looked at for media and credentials before, and what JSON it became: each entry of a list is made safe and
written for itself, so that the event is the same byte for byte as if all of it was done anew. A long run of such
entries is deflated once, too (`runs.py`).

What is remembered is bounded (`MOST_BYTES`): what was not met since half of that was written is forgotten.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from otel_posthog_ai.bounds import Lately
from otel_posthog_ai.delivery.encoding import EncodedEvent, Stretch, write
from otel_posthog_ai.events.event import Event
from otel_posthog_ai.giving_way import give_way

from .json_safe import MAX_ITEMS
from .rewriting import kinds
from .runs import LONG_RUN, Part, Runs

REPEATED: Final[tuple[str, ...]] = ("$ai_input", "$ai_tools", "$ai_input_state")
"""Properties whose entries come again."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of JSON that is remembered (the objects behind it take about as much again), and of what it deflates to."""
_OVERHEAD: Final = 200
"""Bytes that remembering costs beside."""
_MANY: Final = 8
"""Entries, or """
_LONG: Final = 2_000
"""characters in one of them, from which on a list is worth remembering."""
_OPENERS: Final = (b",", b"[", b"{")
_LIST, _DICT = kinds(list, dict)
_OBJECTS: Final = frozenset({_DICT})

Properties = dict[str, Any]


class Repeats:
    """Encodes events whose lists repeat what earlier ones held. Not thread-safe.

    `safe(properties)` gives what may leave, entry by entry of every list, or `properties` itself. `deflates`: what is
    written here will be compressed.
    """

    def __init__(self, safe: Callable[[Properties], Properties], *, deflates: bool) -> None:
        self._safe = safe
        self._parts = Lately(MOST_BYTES)
        self._runs = Runs(MOST_BYTES) if deflates else None
        self._mark = os.urandom(16).hex()
        """Stands where a list is to be put in: no text can hold it."""

    @property
    def held_bytes(self) -> int:
        """What is remembered."""
        return self._parts.held_bytes + (self._runs.held_bytes if self._runs is not None else 0)

    def encode(self, event: Event) -> EncodedEvent | None:
        """The event's strict JSON; None where the usual way has to find it."""
        properties: Properties = event["properties"]
        lists = {key: properties[key] for key in REPEATED if key in properties and _is_long(properties[key])}
        if not lists:
            return None
        known = {key: [self._parts.get(id(entry)) for entry in entries] for key, entries in lists.items()}
        new = {key: [e for e, part in zip(lists[key], known[key], strict=True) if part is None] for key in lists}
        rest = self._safe({**properties, **new})
        give_way()
        parts: dict[str, list[Part]] = {}
        for key in (key for key in rest if key in lists):
            written = self._written(new[key], rest[key])
            if written is None:
                return None
            found = iter(written)
            parts[key] = [part if part is not None else next(found) for part in known[key]]
        give_way()
        frame = write({**event, "properties": {**rest, **{key: f"{self._mark}{key}" for key in parts}}})
        if frame is None or _most_values(frame) + sum(e.values for each in parts.values() for e in each) > MAX_ITEMS:
            return None
        return self._filled(event, frame, parts, known)

    def _filled(
        self, event: Event, frame: bytes, parts: dict[str, list[Part]], known: dict[str, list[Part | None]]
    ) -> EncodedEvent:
        """The event with each list where its mark stands, and the runs in them."""
        pieces: list[bytes] = []
        stretches: list[Stretch] = []
        at = 0
        for key, entries in parts.items():
            before, _, frame = frame.partition(b'"%s%s"' % (self._mark.encode(), key.encode()))
            written = b"[%s]" % b",".join([part.body for part in entries])
            if self._runs is not None and len(written) > LONG_RUN:
                stretches += self._runs.stretches(entries, known[key], at + len(before) + 1)
            at += len(before) + len(written)
            pieces += (before, written)
        return EncodedEvent(event["event"], event["uuid"], b"".join((*pieces, frame)), tuple(stretches))

    def _written(self, entries: list[Any], safe: Any) -> list[Part] | None:
        """The entries by what may leave of them, remembered from now on."""
        if len(safe) != len(entries):  # cut
            return None
        parts: list[Part] = []
        for entry, cleaned in zip(entries, safe, strict=True):
            give_way()
            body = write(cleaned)
            if body is None:
                return None
            parts.append(Part(entry, body, _most_values(body)))
        for part in parts:
            self._parts.put(id(part.entry), part, len(part.body) + _OVERHEAD)
        return parts


def _most_values(body: bytes) -> int:
    """No fewer than the values in this JSON, at all depths."""
    return 1 + sum(map(body.count, _OPENERS))


def _is_long(value: Any) -> bool:
    """Whether a list of objects is worth it: what is short is written faster than looked up."""
    if type(value) is not _LIST or not _OBJECTS.issuperset(map(type, value)):
        return False
    return len(value) >= _MANY or any(map(_is_long_content, value))


def _is_long_content(entry: dict[str, Any]) -> bool:
    content = entry.get("content")
    return (type(content) is str and len(content) > _LONG) or type(content) is _LIST
