"""MessagePack, as far as spans bring it: a value of text, numbers, lists and maps, in the bytes of one attribute.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

_DEEPEST = 64
# First byte -> format of the number that follows it.
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
    0xD3: ">q",
}  # fmt: skip
_CONSTANTS: dict[int, Any] = {0xC0: None, 0xC2: False, 0xC3: True}
# First byte -> what follows, and the format of its length.
_SIZED = {
    0xC4: ("bytes", ">B"), 0xC5: ("bytes", ">H"), 0xC6: ("bytes", ">I"),
    0xD9: ("text", ">B"), 0xDA: ("text", ">H"), 0xDB: ("text", ">I"),
    0xDC: ("list", ">H"), 0xDD: ("list", ">I"), 0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
}  # fmt: skip


def unpacked(data: bytes) -> Any:
    """The value that `data` holds.

    Raises:
        ValueError: it is cut off, nested too deeply, or holds a type of an application's own.
    """
    try:
        return _Packed(data).value()
    except (struct.error, IndexError) as error:
        raise ValueError("the MessagePack value is cut off") from error


class _Packed:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._depth = 0
        self._readers: dict[str, Callable[[int], Any]] = {
            "bytes": self._take,
            "text": lambda size: self._take(size).decode("utf-8", "replace"),
            "list": lambda size: [self.value() for _ in range(size)],
            "map": lambda size: dict(self._pair() for _ in range(size)),
        }

    def value(self) -> Any:
        first = self._take(1)[0]
        if first <= 0x7F or first >= 0xE0:
            return first if first <= 0x7F else first - 0x100
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _NUMBERS:
            return self._number(_NUMBERS[first])
        if first <= 0xBF:
            kind, size = (
                ("map", first & 0x0F),
                ("list", first & 0x0F),
                ("text", first & 0x1F),
                ("text", first & 0x1F),
            )[(first >> 4) - 8]
            return self._sized(kind, size)
        if first in _SIZED:
            kind, of_size = _SIZED[first]
            return self._sized(kind, int(self._number(of_size)))
        raise ValueError("a type of an application's own")

    def _pair(self) -> tuple[str, Any]:
        return str(self.value()), self.value()

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _sized(self, kind: str, size: int) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST or size > len(self._data):
            raise ValueError("the MessagePack value is nested too deeply or cut off")
        found = self._readers[kind](size)
        self._depth -= 1
        return found

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("the MessagePack value is cut off")
        self._at += size
        return taken
