"""Lists in JSON texts that begin as an earlier one did: what stands there byte for byte is compared, not parsed again.

Each call of a conversation brings all messages before it along. The entries that a list shares with one that was parsed
before are the very objects of then, so that whoever knows what became of an object need not look into it again
(`histories.py`). What is found is what `json` finds; with `off` it is `json` that finds it.

What is remembered is bounded (`MOST_CHARACTERS`, `MOST_LISTS`); what was not met for the longest time goes first.
Nobody may change what was parsed.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from operator import is_
from typing import Any, Final, cast

from otel_posthog_ai import forks
from otel_posthog_ai.giving_way import give_way

SHORTEST: Final = 4_096
"""Characters of the shortest list that is remembered: shorter ones are parsed as fast as they are compared."""
MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""Of the texts that are remembered; what was parsed of them takes about as much again."""
MOST_LISTS: Final = 512
_MOST_ALIKE: Final = 16
"""Lists that begin with the same `_BEGINNING` characters."""
_BEGINNING: Final = 256
_BLANKS: Final = " \t\n\r"

_decoder: Any = json.JSONDecoder()
_scan_text: Final = _decoder.parse_string
_scan: Final = _decoder.scan_once
"""`_scan(text, at)` -> the value that begins there, and where it ends. Raises StopIteration or ValueError."""


class RepeatedList:
    """A list of objects as it stood in a text, and what its readers made of it, by a name of theirs."""

    __slots__ = ("entries", "pieces", "readings", "size")

    def __init__(self, pieces: list[str], entries: list[dict[str, Any]], size: int) -> None:
        self.pieces = pieces
        """The text of each entry, with what stands between it and the one before."""
        self.entries = entries
        self.size = size
        """Characters of all pieces."""
        self.readings: dict[str, Any] = {}

    def shared_with(self, text: str, at: int) -> tuple[int, int]:
        """How many of the entries stand at the beginning of the list whose text begins at `at`, and where they end."""
        for number, piece in enumerate(self.pieces):
            if not text.startswith(piece, at):
                return number, at
            at += len(piece)
        return len(self.pieces), at


class RepeatedJson:
    """The lists that were parsed last. One thread at a time is in here; who finds it taken does without."""

    def __init__(self) -> None:
        self.off = False
        self.forget()
        forks.in_child(self.forget)

    def forget(self) -> None:
        """Remember nothing: in a forked child the lock may be held by a thread that is not there."""
        self.lock = threading.Lock()
        self._alike: OrderedDict[str, list[RepeatedList]] = OrderedDict()
        self._by_first: dict[int, RepeatedList] = {}
        self._count = 0
        self.characters = 0

    def parse(self, text: str) -> tuple[Any, bool]:
        """What the JSON text of a list or an object holds, and whether that could be told here."""
        if self.off or not self.lock.acquire(blocking=False):
            return None, False
        try:
            value, end = self._list(text, 1) if text[0] == "[" else self._object(text, 1)
            return value, not text[end:].strip(_BLANKS)
        except (ValueError, IndexError, StopIteration, RecursionError):
            return None, False  # the usual way finds what is wrong, and does what is done then
        finally:
            self.lock.release()

    def may_know(self, entry: object) -> bool:
        """Whether a remembered list may begin with this very entry; asked without `lock`."""
        return id(entry) in self._by_first

    def list_of(self, entries: list[Any]) -> RepeatedList | None:
        """The remembered list that begins with these very entries; None where there is none. `lock` is to be held."""
        known = self._by_first.get(id(entries[0])) if entries else None
        if known is None or len(entries) > len(known.entries) or not all(map(is_, entries, known.entries)):
            return None
        return known

    # ---- parsing -------------------------------------------------------------------------------------------------

    def _object(self, text: str, at: int) -> tuple[dict[str, Any], int]:
        """The object whose first key begins at `at`."""
        found: dict[str, Any] = {}
        at = _after_blanks(text, at)
        if text[at] == "}":
            return found, at + 1
        while True:
            key, at = _scan_text(text, _after(text, at, '"'), True)
            at = _after_blanks(text, _after(text, _after_blanks(text, at), ":"))
            found[key], at = self._list(text, at + 1) if text[at] == "[" else _scan(text, at)
            at = _after_blanks(text, at)
            if text[at] == "}":
                return found, at + 1
            at = _after_blanks(text, _after(text, at, ","))

    def _list(self, text: str, start: int) -> tuple[list[Any], int]:
        """The list whose text between the brackets begins at `start`."""
        if text[_after_blanks(text, start)] != "{":
            return cast("tuple[list[Any], int]", _scan(text, start - 1))
        beginning = text[start : start + _BEGINNING]
        known, shared, end = self._most_shared(beginning, text, start)
        entries: list[Any] = known.entries[:shared] if known is not None else []
        pieces = known.pieces[:shared] if known is not None else []
        objects = True
        while text[at := _after_blanks(text, end)] != "]":
            if entries:
                at = _after_blanks(text, _after(text, at, ","))
            give_way()
            begin = end
            entry, end = _scan(text, at)
            objects = objects and type(entry) is dict
            entries.append(entry)
            pieces.append(text[begin:end])
        if objects and len(entries) > shared and end - start >= SHORTEST:
            self._remember(beginning, RepeatedList(pieces, list(entries), end - start), known, shared)
        return entries, at + 1

    def _most_shared(self, beginning: str, text: str, start: int) -> tuple[RepeatedList | None, int, int]:
        """The remembered list that has most entries in common with the one at `start`; how many, and where they end."""
        best, most, most_end = None, 0, start
        for known in self._alike.get(beginning, ()):
            shared, end = known.shared_with(text, start)
            if shared > most:
                best, most, most_end = known, shared, end
                if shared == len(known.entries):
                    break
        if best is not None:
            self._alike.move_to_end(beginning)
        return best, most, most_end

    # ---- remembering ---------------------------------------------------------------------------------------------

    def _remember(self, beginning: str, new: RepeatedList, known: RepeatedList | None, shared: int) -> None:
        alike = self._alike.setdefault(beginning, [])
        if known is not None and shared == len(known.entries):  # it has grown
            new.readings = known.readings
            alike.remove(known)
            self._forget(known)
        alike.insert(0, new)
        self._by_first[id(new.entries[0])] = new
        self.characters += new.size
        self._count += 1
        if len(alike) > _MOST_ALIKE:
            self._forget(alike.pop())
        while self.characters > MOST_CHARACTERS or self._count > MOST_LISTS:
            for each in self._alike.popitem(last=False)[1]:
                self._forget(each)

    def _forget(self, known: RepeatedList) -> None:
        self.characters -= known.size
        self._count -= 1
        first = id(known.entries[0])
        if self._by_first.get(first) is known:
            del self._by_first[first]


def _after_blanks(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at


def _after(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(mark)
    return at + 1


repeated_json: Final = RepeatedJson()
"""Of this process."""
