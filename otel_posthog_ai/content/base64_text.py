"""Find base64 and byte-string media inside any text: prose, JSON text, Python repr text, text cut short.

The rule. Replaced by PostHog's placeholder are
* `data:…;base64,…` URLs;
* bodies: more than `BODY_LIMIT` characters in one run of the base64 alphabets (standard and URL-safe, percent- or
  backslash-escaped), or wrapped into lines of one width of 60 or more, that look like data: capitals, small letters,
  digits and at least 24 different characters;
* Python byte strings (`b'\\x89PNG…'`) with at least `_BINARY_ESCAPES` escapes;
* Langfuse's references to media that only Langfuse has.
Prose, hex ids, code, repeated letters, shorter signatures and https URLs stay.

Every step is linear in the text, and a text without spaces or without a candidate costs a few jumps per kilobyte.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator
from typing import Final

from otel_posthog_ai.patterns import pattern

BODY_LIMIT: Final = 1000
"""Characters of base64 that may stay in one piece."""

_SHORTEST_URL_BODY: Final = 16  # `data:image/png;base64,{image}` in a program text is no image
_LONGEST_URL_HEAD: Final = 160
_LINE_WIDTH: Final = 60
_DISTINCT: Final = 24
_BINARY_ESCAPES: Final = 8

_ALPHABET: Final = string.ascii_letters + string.digits + "+/_-"
# Percent and backslash stand for escapes inside a body; line ends for a wrapped one.
_RUN_CHARACTERS: Final = _ALPHABET + "=%\\\r\n"
_RUN = pattern(r"[A-Za-z0-9+/_=%\\\r\n-]*")
_LINE_END = pattern(r"(?:(?<!\\)\\+[rn]|[\r\n])+")  # each run of backslashes is read from its first one only
_URL_MARK = pattern(r";[bB][aA][sS][eE]64,")
_URL_BODY = pattern(r"[A-Za-z0-9+/_%-]*")
_URL_BODY_GOES_ON = pattern(r"\\+/|(?:\\+r|\r)?(?:\\+n|\n)(?=[A-Za-z0-9+/_-]{60})")
_URL_PADDING = pattern(r"(?:=|\\+u003[dD]){0,2}")
_BYTE_ESCAPE = pattern(r"\\x[0-9a-f]{2}")
_BYTES_START = pattern(r"b(?<=\bb)(\\*)(['\"])")
_LANGFUSE = pattern(r"@@@langfuseMedia:type=([^|@]{0,100})\|[^@]{0,400}@@@")

_FORMATS: Final = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "heic", "avif", "tiff"), "image"),
    **dict.fromkeys(("wav", "mp3", "pcm16", "pcm", "flac", "opus", "aac", "ogg", "m4a", "g711_ulaw"), "audio"),
    **dict.fromkeys(("mp4", "mov", "webm", "avi", "mkv", "mpeg", "three_gp"), "video"),
    **dict.fromkeys(("pdf", "docx", "xlsx", "csv", "doc", "xls"), "file"),
}  # fmt: skip
_SIGNATURES: Final = (
    (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "image"), (b"II*\x00", "image"),
    (b"MM\x00*", "image"), (b"<svg", "image"), (b"ID3", "audio"), (b"\xff\xfb", "audio"), (b"\xff\xf3", "audio"),
    (b"OggS", "audio"), (b"fLaC", "audio"), (b"\x1aE\xdf\xa3", "video"), (b"%PDF", "file"), (b"PK\x03\x04", "file"),
)  # fmt: skip
_BRANDS: Final = {b"WEBP": "image", b"WAVE": "audio", b"AVI ": "video", b"M4A ": "audio", b"heic": "image",
                  b"avif": "image", b"mif1": "image"}  # fmt: skip


def placeholder(kind: str | None) -> str:
    """The text that PostHog draws as "not captured", for image, audio, video or file."""
    return f"[base64 {kind or 'file'} redacted]"


def kind_of_mime(mime: str) -> str | None:
    """image, audio, video or file for a MIME type or a bare format such as `wav`; None where it says nothing."""
    lowered = mime.strip().lower()
    if "/" not in lowered:
        return _FORMATS.get(lowered)
    family = lowered.partition("/")[0]
    return family if family in ("image", "audio", "video") else "file"


def kind_of_bytes(data: bytes) -> str | None:
    """The kind that the first bytes show; None where they show none."""
    head = bytes(data[:16])
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(b"RIFF"):
        return _BRANDS.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video")
    return None


def kind_of_base64(body: str) -> str | None:
    """The kind that the first bytes of a base64 body show; None where they show none."""
    head = body[:24].replace("-", "+").replace("_", "/")
    try:
        return kind_of_bytes(base64.b64decode(head[: len(head) // 4 * 4]))
    except ValueError:
        return None


def may_hold_media(text: str) -> bool:
    """Whether `redact_text` might change any of the texts of which `text` was joined with spaces; True may be wrong."""
    return (
        (";" in text and _URL_MARK.search(text) is not None)
        or ("\\" in text and _BYTE_ESCAPE.search(text) is not None)
        or ("@" in text and "@@@langfuseMedia:" in text)
        or (len(text) > BODY_LIMIT and next(_long_runs(text), None) is not None)
    )


def redact_text(text: str) -> str:
    """`text` with its media replaced, or `text` itself."""
    if ";" in text and _URL_MARK.search(text):
        text = _redact_urls(text)
    if "\\" in text and _BYTE_ESCAPE.search(text):
        text = _redact_byte_strings(text)
    if "@" in text and "@@@langfuseMedia:" in text:
        text = _LANGFUSE.sub(lambda match: placeholder(kind_of_mime(match[1])), text)
    return _redact_bodies(text) if len(text) > BODY_LIMIT else text


def _redact_urls(text: str) -> str:
    pieces: list[str] = []
    kept = 0
    for mark in _URL_MARK.finditer(text):
        if mark.start() < kept:
            continue
        head = text[max(kept, mark.start() - _LONGEST_URL_HEAD) : mark.start()]
        at = head.lower().rfind("data:")
        if at < 0 or any(character in " \"'<>,\n" for character in head[at:]):
            continue
        start, end = mark.start() - len(head) + at, _end_of_url(text, mark.end())
        whole = start == 0 and end == len(text)
        if end - mark.end() < (1 if whole else _SHORTEST_URL_BODY):
            continue
        mime = head[at + len("data:") :].replace("\\", "").partition(";")[0]
        kind = kind_of_mime(mime) if mime else kind_of_base64(text[mark.end() : mark.end() + 24])
        pieces += (text[kept:start], placeholder(kind))
        kept = end
    return "".join((*pieces, text[kept:])) if pieces else text


def _end_of_url(text: str, position: int) -> int:
    position = _end(_URL_BODY, text, position)
    while more := _URL_BODY_GOES_ON.match(text, position):
        position = _end(_URL_BODY, text, more.end())
    return _end(_URL_PADDING, text, position)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _redact_byte_strings(text: str) -> str:
    pieces: list[str] = []
    kept = position = 0
    while start := _BYTES_START.search(text, position):
        end = _closing_quote(text, start.end(), start[2], len(start[1]))
        content_end = len(text) if end is None else end - 1 - len(start[1])
        escapes = text.count("\\x", start.end(), content_end)
        if escapes >= _BINARY_ESCAPES:
            head = text[start.end() : start.end() + 80].replace("\\\\", "\\")
            pieces += (text[kept : start.start()], placeholder(_kind_of_escaped(head)))
            kept = len(text) if end is None else end
        if end is None:
            break
        position = end
    return "".join((*pieces, text[kept:])) if pieces else text


def _closing_quote(text: str, position: int, quote: str, backslashes: int) -> int | None:
    """The place after the quote that is escaped exactly as the opening one; None where the text was cut before it."""
    while (at := text.find(quote, position)) >= 0:
        before = text[position:at]
        if len(before) - len(before.rstrip("\\")) == backslashes:
            return at + 1
        position = at + 1
    return None


def _kind_of_escaped(head: str) -> str | None:
    try:
        raw = head.encode("latin-1", "replace").decode("unicode_escape", "replace").encode("latin-1", "replace")
    except UnicodeError:
        return None
    return kind_of_bytes(raw)


def _redact_bodies(text: str) -> str:
    pieces: list[str] = []
    kept = 0
    for start, end in _long_runs(text):
        for body_start, body_end in _bodies(text, start, end):
            body_start = _after_name(text, body_start, body_end)
            kind = kind_of_base64(text[body_start : body_start + 24])
            pieces += (text[kept:body_start], placeholder(kind))
            kept = body_end
    return "".join((*pieces, text[kept:])) if pieces else text


def _after_name(text: str, start: int, end: int) -> int:
    """The start of a body that follows `name=`; inside a body an equals sign stands only at the end."""
    equals = text.rfind("=", start, min(start + 64, end))
    return equals + 1 if equals >= 0 else start


def _long_runs(text: str) -> Iterator[tuple[int, int]]:
    """Runs of more than BODY_LIMIT body characters.

    Such a run fills any window that begins at its start, so one look at the end of a window lets us jump over it.
    """
    window = BODY_LIMIT + 1
    last = len(text) - window
    position = 0
    while position <= last:
        space = text.rfind(" ", position, position + window)
        if space >= 0:
            position = space + 1
            continue
        before_run = text[position : position + window].rstrip(_RUN_CHARACTERS)
        if before_run:
            position += len(before_run)
            continue
        end = _end(_RUN, text, position + window)
        yield position, end
        position = end


def _bodies(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where data stands in a run: one long line, or lines of one width and a shorter last one."""
    block_start = block_end = start
    width = 0
    for line_start, line_end in _lines(text, start, end):
        length = line_end - line_start
        if width and length <= width:
            block_end = line_end
            if length == width:
                continue
            line_start = line_end  # the shorter line ends the block
            length = 0
        if _is_body(text, block_start, block_end):
            yield block_start, block_end
        block_start, block_end = line_start, line_start + length
        width = length if length >= _LINE_WIDTH else 0
    if _is_body(text, block_start, block_end):
        yield block_start, block_end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    # The backslashes before the quote that ends a text inside JSON belong to the quote.
    while end > start and text[end - 1] == "\\":
        end -= 1
    for line_end in _LINE_END.finditer(text, start, end):
        yield start, line_end.start()
        start = line_end.end()
    yield start, end


def _is_body(text: str, start: int, end: int) -> bool:
    if end - start <= BODY_LIMIT:
        return False
    body = text[start:end]
    groups = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    if not all(any(character in body for character in group) for group in groups):
        return False
    return sum(character in body for character in _ALPHABET) >= _DISTINCT
