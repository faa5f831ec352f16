"""gzip of a request body whose last few bytes change with every try, and of which parts were deflated before.

Levels were chosen by measuring bodies of prompts and answers (tests/delivery/measure_gzip.py). The time is the app's
own CPU, so it counts for more than the last tenth of the size: zlib's level 1 takes a quarter of the time of its usual
6 for bodies a fifth larger. isal (extra `fast`) at level 2 takes a fifth of that again, and is smaller than zlib's 1.

A stretch that many bodies hold (the history of a conversation) is deflated once: what a full flush ends may be put
anywhere into a stream, before and behind other such pieces. It costs the matches that reach from one into another,
some hundredths of the size where a stretch is as long as deflate looks back.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol

from otel_posthog_ai.forks import importing

_RAW = -15
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Of a gzip member without a name, of no time and no system."""

Bytes = bytes | memoryview


class Piece(NamedTuple):
    """A piece of a body."""

    text: Bytes
    deflated: bytes | None = None
    """What `deflate` made of it, where that was done before."""


class Body(Protocol):
    """A request body, complete but for its tail."""

    headers: Mapping[str, str]
    """What tells of its encoding."""

    def ending_with(self, tail: bytes) -> bytes:
        """The bytes to send when the text ends with `tail`."""
        ...


class PlainBody:
    """A body that is sent as it is."""

    headers: Mapping[str, str] = {}

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._text = b"".join(piece.text for piece in pieces)

    def ending_with(self, tail: bytes) -> bytes:
        return self._text + tail


class GzipBody:
    """A body that is sent as gzip.

    What stays is compressed once, and each try compresses only its own tail behind it. The result is one gzip member,
    which every server reads (of two members joined some read only the first).
    """

    headers: Mapping[str, str] = {"Content-Encoding": "gzip"}

    def __init__(self, pieces: Iterable[Piece]) -> None:
        library, _ = _library()
        compressor = _compressor()
        stream, self._size, self._crc = [_HEADER], 0, 0
        for text, deflated in pieces:
            self._size += len(text)
            self._crc = library.crc32(text, self._crc)
            if deflated is None:
                stream.append(compressor.compress(text))
            else:
                stream += (compressor.flush(library.Z_FULL_FLUSH), deflated)
        stream.append(compressor.flush(library.Z_FULL_FLUSH))
        self._head = b"".join(stream)

    def ending_with(self, tail: bytes) -> bytes:
        library, _ = _library()
        compressor = _compressor()
        crc = library.crc32(tail, self._crc)
        size = (self._size + len(tail)) & 0xFFFFFFFF
        return b"".join(
            (self._head, compressor.compress(tail), compressor.flush(), crc.to_bytes(4, "little"),
             size.to_bytes(4, "little"))
        )  # fmt: skip


def gzip_body() -> type[GzipBody]:
    """The way to gzip, with its library loaded: not later, when the process may fork meanwhile."""
    _library()
    return GzipBody


def deflate(text: bytes) -> bytes:
    """A stretch of a body, deflated so that it may stand between others."""
    library, _ = _library()
    compressor = _compressor()
    return b"".join((compressor.compress(text), compressor.flush(library.Z_FULL_FLUSH)))


@cache
def _library() -> tuple[Any, int]:
    """isal where the extra `fast` installed it, else the standard library; and the level for it."""
    with importing:
        try:
            return importlib.import_module("isal.isal_zlib"), 2
        except ImportError:
            return zlib, 1


def _compressor() -> Any:
    library, level = _library()
    return library.compressobj(level, library.DEFLATED, _RAW)
