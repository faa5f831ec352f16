"""What stands in event after event (the messages of a history, definitions of tools) is checked and written once.

The rooms before this one hand on the very same object for what they found repeated. By the object it is told here that
it was looked at for media and credentials before, and what JSON it became: each entry of a list is made safe and
written for itself, so that the event is the same byte for byte as if all of it was done anew.

What is remembered is bounded (`MOST_BYTES`): what was not met since half of that was written is forgotten.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from otel_posthog_ai.delivery.encoding import EncodedEvent, write
from otel_posthog_ai.events.event import Event

from .json_safe import MAX_ITEMS
from .rewriting import kinds

REPEATED: Final = ("$ai_input", "$ai_tools", "$ai_input_state")
"""Properties whose entries come again."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of JSON that is remembered; the objects behind it take about as much again."""
_OVERHEAD: Final = 200
"""Bytes that remembering costs beside."""
_OPENERS: Final = (b",", b"[", b"{")
_LIST, _DICT = kinds(list, dict)

Properties = dict[str, Any]


class _Part(NamedTuple):
    """An entry and its JSON. It is held so that its id stays its own."""

    entry: Any
    body: bytes
    values: int
    """No fewer than the values in it, at all depths."""


class Repeats:
    """Encodes events whose lists repeat what earlier ones held. Not thread-safe.

    `safe(properties)` gives what may leave, entry by entry of every list, or `properties` itself.
    """

    def __init__(self, safe: Callable[[Properties], Properties]) -> None:
        self._safe = safe
        self._young: dict[int, _Part] = {}
        self._old: dict[int, _Part] = {}
        self._young_bytes = self._old_bytes = 0
        self._mark = os.urandom(16).hex()
        """Stands where a list is to be put in: no text can hold it."""

    def encode(self, event: Event) -> EncodedEvent | None:
        """The event's strict JSON; None where the usual way has to find it."""
        properties: Properties = event["properties"]
        lists = {key: properties[key] for key in REPEATED if _is_list_of_objects(properties.get(key))}
        if not lists:
            return None
        known = {key: [self._known(entry) for entry in entries] for key, entries in lists.items()}
        new = {key: [e for e, part in zip(lists[key], known[key], strict=True) if part is None] for key in lists}
        rest = self._safe({**properties, **new})
        pieces: dict[str, bytes] = {}
        values = 0
        for key, parts in known.items():
            fresh = self._written(new[key], rest[key])
            if fresh is None:
                return None
            found = iter(fresh)
            whole = [part if part is not None else next(found) for part in parts]
            values += sum(part.values for part in whole)
            pieces[key] = b"[%s]" % b",".join([part.body for part in whole])
        frame = write({**event, "properties": {**rest, **{key: f"{self._mark}{key}" for key in pieces}}})
        if frame is None or values + _most_values(frame) > MAX_ITEMS:
            return None
        return EncodedEvent(event["event"], event["uuid"], self._filled(frame, rest, pieces))

    def _filled(self, left: bytes, rest: Properties, pieces: dict[str, bytes]) -> bytes:
        """The event with each piece where its mark stands."""
        body: list[bytes] = []
        for key in (key for key in rest if key in pieces):
            before, _, left = left.partition(b'"%s%s"' % (self._mark.encode(), key.encode()))
            body += (before, pieces[key])
        return b"".join((*body, left))

    def _written(self, entries: list[Any], safe: Any) -> list[_Part] | None:
        """The entries by what may leave of them, remembered from now on."""
        if len(safe) != len(entries):  # cut
            return None
        parts: list[_Part] = []
        for entry, cleaned in zip(entries, safe, strict=True):
            body = write(cleaned)
            if body is None:
                return None
            part = _Part(entry, body, _most_values(body))
            parts.append(part)
            self._remember(part)
        return parts

    # ---- remembering ---------------------------------------------------------------------------------------------

    @property
    def bytes(self) -> int:
        """What is remembered."""
        return self._young_bytes + self._old_bytes

    def _known(self, entry: Any) -> _Part | None:
        part = self._young.get(id(entry))
        if part is None:
            part = self._old.pop(id(entry), None)
            if part is not None:
                self._remember(part)
        return part

    def _remember(self, part: _Part) -> None:
        self._young[id(part.entry)] = part
        self._young_bytes += len(part.body) + _OVERHEAD
        if self._young_bytes > MOST_BYTES // 2:
            self._old, self._old_bytes = self._young, self._young_bytes
            self._young, self._young_bytes = {}, 0


def _most_values(body: bytes) -> int:
    """No fewer than the values in this JSON, at all depths."""
    return 1 + sum(map(body.count, _OPENERS))


def _is_list_of_objects(value: Any) -> bool:
    return type(value) is _LIST and bool(value) and all(type(entry) is _DICT for entry in value)
