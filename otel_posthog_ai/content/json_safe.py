"""Any Python value as a value that strict JSON can say, in bounded time and memory.

A value that is clean already, as almost every one is, comes back as it is after one cheap look. Everything else is
rebuilt without recursion: cycles end, depth, length and the number of items are bounded, and no code of an unknown
class is run: such an object becomes the name of its type, because its `repr` may be endless, fail, or hold a secret.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from .base64_text import kind_of_bytes, placeholder
from .json_text import parse_json
from .plain_objects import HIGHEST_INTEGER, LOWEST_INTEGER, children, scalar, type_name, type_of
from .rewriting import CYCLE, MAX_DEPTH, TOO_DEEP, kinds

__all__ = ["MAX_ITEMS", "MAX_TEXT", "clean_text", "is_clean_text", "json_safe", "parse_json", "redact_bytes"]

MAX_ITEMS: Final = 200_000
"""Values in one value, at all depths; the 8 MiB of the largest event hold about as many."""
MAX_TEXT: Final = 8 * 1024 * 1024
"""Characters of one text: more does not fit into any event."""

# Keys that were found clean: those of messages and schemas come again and again.
_LONGEST_REMEMBERED_KEY: Final = 64
_MOST_REMEMBERED_KEYS: Final = 4096
_clean_keys: set[str] = set()

_SCALARS: Final = frozenset({bool, type(None)})
_CONTAINERS: Final = frozenset(kinds(dict, list))
_DICT_TYPE: Final = kinds(dict)[0]


def redact_bytes(data: bytes) -> str:
    """The placeholder of the kind that the first bytes show."""
    return placeholder(kind_of_bytes(data))


def json_safe(
    value: Any,
    *,
    max_depth: int = MAX_DEPTH,
    max_items: int = MAX_ITEMS,
    max_text: int = MAX_TEXT,
    encode_bytes: Callable[[bytes], str] = redact_bytes,
) -> Any:
    """`value` as dicts with text keys, lists, texts, booleans, numbers and None; itself where it is that already.

    What strict JSON cannot say: NaN and infinities become None; integers beyond 64 bits, dates, UUIDs and paths become
    text, a timedelta seconds, a Decimal the nearest float; bytes what `encode_bytes` says; NUL goes, a lone surrogate
    becomes U+FFFD; sets and tuples become lists, dataclasses, named tuples and pydantic models mappings of their
    fields, an enum member its value; any other object `<its type>`. Keys become text as json.dumps writes them, and a
    second key of the same text gets a number, so that neither is lost.

    What is cut says so: `[nested too deep]` below `max_depth` containers, `[cycle]`, `[more]` after `max_items`
    values, `… [n characters cut]` after `max_text` characters. Never raises, whatever the value does.
    """
    try:
        if _is_clean(value, max_depth, max_items, max_text):
            return value
    except RuntimeError:  # another thread is changing it
        pass
    return _Rebuild(max_depth, max_items, max_text, encode_bytes).rebuild(value)


def _is_clean(value: Any, max_depth: int, max_items: int, max_text: int) -> bool:
    """One look at every value, level by level, so that neither depth nor a cycle can run away."""
    level: list[Any] = [(value,)]
    left = max_items
    known = _clean_keys if max_text >= _LONGEST_REMEMBERED_KEY else ()
    for _ in range(max_depth + 1):
        below: list[Any] = []
        for container in level:
            left -= len(container)
            if left < 0:
                return False
            items = container
            if type(container) is _DICT_TYPE:
                for key in container:
                    if type(key) is not str or (key not in known and not _is_clean_key(key, max_text)):
                        return False
                items = container.values()
            for item in items:
                kind = type_of(item)
                if kind is str:
                    if len(item) > max_text or "\x00" in item or not (item.isascii() or _is_unicode(item)):
                        return False
                elif kind in _CONTAINERS:
                    if item:
                        below.append(item)
                elif kind is int:
                    if not LOWEST_INTEGER <= item <= HIGHEST_INTEGER:
                        return False
                elif kind is float:
                    if not math.isfinite(item):
                        return False
                elif kind not in _SCALARS:
                    return False
        if not below:
            return True
        level = below
    return False


def _is_clean_key(key: str, max_text: int) -> bool:
    if "\x00" in key or len(key) > max_text or not (key.isascii() or _is_unicode(key)):
        return False
    if len(key) <= _LONGEST_REMEMBERED_KEY:
        if len(_clean_keys) >= _MOST_REMEMBERED_KEYS:
            _clean_keys.clear()
        _clean_keys.add(key)
    return True


class _Rebuild:
    """One rebuilding of one value: a stack of containers that are being filled instead of recursion."""

    def __init__(self, max_depth: int, max_items: int, max_text: int, encode_bytes: Callable[[bytes], str]) -> None:
        self._max_depth = max_depth
        self._left = max_items
        self._max_text = max_text
        self._encode_bytes = encode_bytes

    def rebuild(self, value: Any) -> Any:
        root: list[Any] = []
        # What is open: the source (kept, so that its id stays its own), an iterator over ((key,) or None, item), and
        # the container that is being filled.
        stack: list[tuple[Any, Iterator[tuple[Any, Any]], dict[str, Any] | list[Any]]] = []
        open_ids: set[int] = set()
        self._put(root, None, value, stack, open_ids)
        while stack:
            source, items, target = stack[-1]
            try:
                key, item = next(items)
            except StopIteration:
                end = None
            except Exception:  # a mapping or sequence of the app that fails on the way
                end = "[unreadable]"
            else:
                if self._left > 0:
                    self._left -= 1
                    self._put(target, key, item, stack, open_ids)
                    continue
                end = "[more]"
            stack.pop()
            open_ids.discard(id(source))
            if end is not None:
                _add(target, "…", end)
        return root[0]

    def _put(self, target: Any, key: Any, item: Any, stack: list[Any], open_ids: set[int]) -> None:
        name = None if key is None else self._key(key[0])
        try:
            inside = children(item)
        except Exception:
            _add(target, name, type_name(item))
            return
        if inside is None:
            _add(target, name, self._leaf(item))
        elif id(item) in open_ids:
            _add(target, name, CYCLE)
        elif len(stack) >= self._max_depth:
            _add(target, name, TOO_DEEP)
        else:
            is_mapping, items = inside
            new: Any = {} if is_mapping else []
            _add(target, name, new)
            open_ids.add(id(item))
            stack.append((item, items, new))

    def _leaf(self, item: Any) -> Any:
        try:
            new = scalar(item, self._encode_bytes)
        except Exception:
            new = type_name(item)
        return self._text(new) if isinstance(new, str) else new

    def _key(self, key: Any) -> str:
        if type(key) is str:
            return self._text(key)
        if key is None or (isinstance(key, (bool, float)) and not isinstance(key, enum.Enum)):
            return json.dumps(key)
        new = self._leaf(key)
        return new if isinstance(new, str) else json.dumps(new)

    def _text(self, text: str) -> str:
        if len(text) > self._max_text:
            text = f"{text[: self._max_text]}… [{len(text) - self._max_text} characters cut]"
        return clean_text(text)


def _add(target: Any, name: str | None, item: Any) -> None:
    if not isinstance(target, dict):
        target.append(item)
        return
    name = "" if name is None else name
    free, number = name, len(cast("dict[str, Any]", target))
    while free in target:  # its place in the mapping is almost always a free number
        number += 1
        free = f"{name} ({number})"
    target[free] = item


def clean_text(text: str) -> str:
    """`text` as Unicode that UTF-8 can say: halves of a pair are joined, lone surrogates become U+FFFD, NUL goes."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii() or _is_unicode(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_clean_text(text: str) -> bool:
    """Whether `clean_text` would give the text back as it is."""
    return "\x00" not in text and (text.isascii() or _is_unicode(text))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()  # several times as fast as a search for surrogates
    except UnicodeEncodeError:
        return False
    return True
