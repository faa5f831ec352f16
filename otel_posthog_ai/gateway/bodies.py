"""Compressed bodies, unpacked within a bound: a small body can claim to be any size."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

_AT_ONCE = 256 * 1024
_ZSTD_WINDOW = 8 * 1024 * 1024
_ZSTD_AT_ONCE = 256
"""Packed bytes: a block of four of them can hold 128 kB, so these hold 8 MB at most."""


class Refused(Exception):
    """The request cannot be taken, now or ever; `status` is HTTP's, the text says why, without content."""

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        """Seconds after which it may be sent again; None: never as it is, or whenever the sender likes."""


class TooLarge(Refused):
    """The request is larger than requests may be."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(413, f"the request is larger than {most_bytes} bytes")


def unpacked(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """The body without its content encoding. Raises `TooLarge` above `most_bytes`, and `Refused`."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        pieces: Iterator[bytes] = iter((body,))
    elif encoding in _UNPACK:
        pieces = _UNPACK[encoding](body)
    else:
        raise Refused(415, "the content encoding must be gzip, zstd, deflate or identity")
    found: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > most_bytes:
                raise TooLarge(most_bytes)
            found.append(piece)
    except _damage() as error:
        raise Refused(400, f"the body is not {encoding}") from error
    return found[0] if len(found) == 1 else b"".join(found)


def _gzip(body: bytes) -> Iterator[bytes]:
    """All members of a gzip body, which may be several."""
    while body:
        unpacker = zlib.decompressobj(wbits=31)
        yield from _inflated(unpacker, body)
        body = unpacker.unused_data


def _deflate(body: bytes) -> Iterator[bytes]:
    # "deflate" is zlib by the standard, and raw deflate by what many senders do.
    zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    yield from _inflated(zlib.decompressobj(wbits=15 if zlib_header else -15), body)


def _inflated(unpacker: Any, body: bytes) -> Iterator[bytes]:
    while body:
        yield unpacker.decompress(body, _AT_ONCE)
        body = unpacker.unconsumed_tail
    while not unpacker.eof:
        piece = unpacker.decompress(b"", _AT_ONCE)
        if not piece:
            raise zlib.error("cut off")
        yield piece


def _zstd(body: bytes) -> Iterator[bytes]:
    zstandard = _zstandard()
    if zstandard is None:
        raise Refused(415, "zstd needs the package zstandard on the gateway; gzip does not")
    # A stream reader would take a body that is cut off for a whole one: frames are read one by one, to their ends.
    while body:
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        for start in range(0, len(body), _ZSTD_AT_ONCE):
            yield frame.decompress(body[start : start + _ZSTD_AT_ONCE])
            if frame.eof:
                body = frame.unused_data + body[start + _ZSTD_AT_ONCE :]
                break
        else:
            raise zstandard.ZstdError("cut off")


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        return None
    return zstandard


def _damage() -> tuple[type[Exception], ...]:
    zstandard = _zstandard()
    return (zlib.error,) if zstandard is None else (zlib.error, zstandard.ZstdError)


_UNPACK: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "zstd": _zstd,
}  # fmt: skip
