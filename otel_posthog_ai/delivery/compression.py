"""gzip of a request body whose last few bytes change with every try.

Levels were chosen by measuring bodies of prompts and answers (tests/delivery/measure_gzip.py). The time is the app's
own CPU, so it counts for more than the last tenth of the size: zlib's level 1 takes a quarter of the time of its usual
6 for bodies a fifth larger. isal (extra `fast`) at level 2 takes a fifth of that again, and is smaller than zlib's 1.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from typing import Any, Protocol

_ZLIB_LEVEL = 1
_ISAL_LEVEL = 2
_GZIP_WINDOW = 31


class Body(Protocol):
    """A request body, complete but for its tail."""

    def ending_with(self, tail: bytes) -> bytes:
        """The bytes to send when the text ends with `tail`."""
        ...


class PlainBody:
    """A body that is sent as it is."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def ending_with(self, tail: bytes) -> bytes:
        return self._text + tail


class GzipBody:
    """A body that is sent as gzip by zlib.

    What stays is compressed once, the compressor's state is kept, and each try compresses only its own tail behind it.
    The result is one gzip member, which every server reads (of two members joined some read only the first).
    """

    def __init__(self, text: bytes) -> None:
        self._compressor: Any = zlib.compressobj(_ZLIB_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        self._head: bytes = self._compressor.compress(text)

    def ending_with(self, tail: bytes) -> bytes:
        compressor = self._compressor.copy()
        return b"".join((self._head, compressor.compress(tail), compressor.flush()))


class FastGzipBody:
    """A body that is sent as gzip by isal, whose compressors cannot be copied: each try compresses all."""

    compress: Callable[..., bytes]

    def __init__(self, text: bytes) -> None:
        self._text = text

    def ending_with(self, tail: bytes) -> bytes:
        return self.compress(self._text + tail, _ISAL_LEVEL, _GZIP_WINDOW)


def gzip_body() -> Callable[[bytes], Body]:
    """The way to gzip that is installed."""
    try:
        isal: Any = importlib.import_module("isal.isal_zlib")
    except ImportError:
        return GzipBody
    FastGzipBody.compress = staticmethod(isal.compress)
    return FastGzipBody
