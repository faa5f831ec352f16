"""gzip of a request body whose last few bytes change with every try.

`sent_at` is stamped per try, and a body may be 5 MiB. So the part that stays is compressed once, the compressor's state
is kept, and each try compresses only its own tail behind it. The result is one gzip member, which every server reads
(two members joined would be cut after the first by some).
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol

# Measured on bodies of prompts and answers (tests/delivery/measure_gzip.py): level 1 is three to four times as fast as
# the usual 6 and 15 to 20 % larger. The time is the app's own CPU, so it counts for more.
_LEVEL = 1
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
    """A body that is sent as gzip."""

    def __init__(self, text: bytes) -> None:
        self._compressor: Any = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        self._head: bytes = self._compressor.compress(text)

    def ending_with(self, tail: bytes) -> bytes:
        compressor = self._compressor.copy()
        return b"".join((self._head, compressor.compress(tail), compressor.flush()))
