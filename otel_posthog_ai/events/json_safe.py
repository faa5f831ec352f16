"""Any Python value as a value that strict JSON can say, in bounded time and memory; and JSON text back into values.

A value that is clean already, as almost every one is, comes back as it is after one cheap look. Everything else is
rebuilt without recursion: cycles end, depth, length and the number of items are bounded, and no code of an unknown
class is run: such an object becomes the name of its type, because its `repr` may be endless, fail, or hold a secret.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import numbers
import os
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any, Final, cast

from .base64_text import kind_of_bytes, placeholder
from .rewriting import CYCLE, MAX_DEPTH, TOO_DEEP

MAX_ITEMS: Final = 200_000
"""Values in one value, at all depths; the 8 MiB of the largest event hold about as many."""
MAX_TEXT: Final = 8 * 1024 * 1024
"""Characters of one text: more does not fit into any event."""

_LOWEST_INTEGER: Final = -(2**63)
_HIGHEST_INTEGER: Final = 2**64 - 1
_MOST_INTEGER_BITS: Final = 4096  # Python refuses, and takes quadratic time, to write much larger ones
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_SCALARS: Final = frozenset({bool, type(None)})


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
    """`value` as dicts with text keys, lists, texts, booleans, numbers and None; `value` itself where it is that already.

    What strict JSON cannot say: NaN and infinities become None; integers beyond 64 bits, dates, UUIDs and paths become
    text, a timedelta seconds, a Decimal the nearest float; bytes what `encode_bytes` says; NUL goes, a lone surrogate
    becomes U+FFFD; sets and tuples become lists, dataclasses, named tuples and pydantic models mappings of their
    fields, an enum member its value; any other object `<its type>`. Keys become text as json.dumps writes them, and a
    second key of the same text gets a number, so that neither is lost.

    What is cut says so: `[nested too deep]` below `max_depth` containers, `[cycle]`, `[more]` after `max_items`
    values, `… [n characters cut]` after `max_text` characters. Never raises, whatever the value does.
    """
    if _is_clean(value, max_depth, max_items, max_text):
        return value
    return _Rebuild(max_depth, max_items, max_text, encode_bytes).rebuild(value)


def _is_clean(value: Any, max_depth: int, max_items: int, max_text: int) -> bool:
    """One look at every value, level by level, so that neither depth nor a cycle can run away."""
    level: list[Any] = [(value,)]
    left = max_items
    for _ in range(max_depth + 2):
        below: list[Any] = []
        for container in level:
            left -= len(container)
            if left < 0:
                return False
            if type(container) is dict:
                for key in cast("dict[Any, Any]", container):
                    if type(key) is not str or not key.isascii() or "\x00" in key or len(key) > max_text:
                        return False
                container = cast("dict[Any, Any]", container).values()
            for item in cast("Iterable[Any]", container):
                kind = type(item)
                if kind is str:
                    if len(item) > max_text or "\x00" in item or (not item.isascii() and _NOT_TEXT.search(item)):
                        return False
                elif kind is dict or kind is list:
                    if item:
                        below.append(item)
                elif kind is int:
                    if not _LOWEST_INTEGER <= item <= _HIGHEST_INTEGER:
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


class _Rebuild:
    """One rebuilding of one value: a stack of containers that are being filled instead of recursion."""

    def __init__(self, max_depth: int, max_items: int, max_text: int, encode_bytes: Callable[[bytes], str]) -> None:
        self._max_depth = max_depth
        self._left = max_items
        self._max_text = max_text
        self._encode_bytes = encode_bytes

    def rebuild(self, value: Any) -> Any:
        root: list[Any] = []
        # What is open: source id, iterator over (key or None, item), the container that is filled.
        stack: list[tuple[int, Iterable[tuple[Any, Any]], dict[str, Any] | list[Any]]] = []
        open_ids: set[int] = set()
        self._put(root, None, value, stack, open_ids)
        while stack:
            source_id, items, target = stack[-1]
            try:
                key, item = next(cast("Any", items))
            except StopIteration:
                stack.pop()
                open_ids.discard(source_id)
            except Exception:  # a mapping or sequence of the app that fails on the way
                stack.pop()
                open_ids.discard(source_id)
                _add(target, "…", "[unreadable]")
            else:
                if self._left <= 0:
                    stack.pop()
                    open_ids.discard(source_id)
                    _add(target, "…", "[more]")
                    continue
                self._left -= 1
                self._put(target, key, item, stack, open_ids)
        return root[0]

    def _put(self, target: Any, key: Any, item: Any, stack: list[Any], open_ids: set[int]) -> None:
        name = None if key is None else self._key(key[0])
        try:
            children = _children(item)
        except Exception:
            _add(target, name, _type_name(item))
            return
        if children is None:
            _add(target, name, self._leaf(item))
        elif id(item) in open_ids:
            _add(target, name, CYCLE)
        elif len(stack) >= self._max_depth:
            _add(target, name, TOO_DEEP)
        else:
            is_mapping, items = children
            new: Any = {} if is_mapping else []
            _add(target, name, new)
            open_ids.add(id(item))
            stack.append((id(item), items, new))

    def _leaf(self, item: Any) -> Any:
        try:
            new = _scalar(item, self._encode_bytes)
        except Exception:
            new = _type_name(item)
        return self._text(new) if isinstance(new, str) else new

    def _key(self, key: Any) -> str:
        if type(key) is str:
            return self._text(key)
        if key is None or isinstance(key, (bool, float)) and not isinstance(key, enum.Enum):
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
    if text.isascii() or not _NOT_TEXT.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _children(item: Any) -> tuple[bool, Any] | None:
    """(is it a mapping, iterator over ((key,) or None, value)) of a container; None for anything else."""
    if isinstance(item, (str, bytes, bytearray, memoryview, int, float)) or item is None:
        return None
    if isinstance(item, dict):
        return True, _pairs(dict.items(cast("dict[Any, Any]", item)))
    if isinstance(item, tuple) and isinstance(getattr(type(cast("Any", item)), "_fields", None), tuple):
        names: tuple[str, ...] = type(cast("Any", item))._fields
        return True, _pairs(zip(names, tuple.__iter__(cast("tuple[Any, ...]", item)), strict=False))
    if isinstance(item, list):
        return False, _values(list.__iter__(cast("list[Any]", item)))
    if isinstance(item, tuple):
        return False, _values(tuple.__iter__(cast("tuple[Any, ...]", item)))
    if isinstance(item, enum.Enum):
        return _children(item.value)
    if isinstance(item, Mapping):
        return True, _pairs(cast("Mapping[Any, Any]", item).items())
    if isinstance(item, Set):
        return False, _values(_in_order(cast("Set[Any]", item)))
    if isinstance(item, Sequence):
        return False, _values(cast("Sequence[Any]", item))
    attributes = _fields(item)
    return None if attributes is None else (True, _pairs(attributes))


def _pairs(items: Iterable[tuple[Any, Any]]) -> Any:
    return (((key,), value) for key, value in items)


def _values(items: Iterable[Any]) -> Any:
    return ((None, value) for value in items)


def _in_order(items: Set[Any]) -> Iterable[Any]:
    """The same set always gives the same list where its members can be compared."""
    first = list(islice(items, MAX_ITEMS + 1))
    return sorted(first) if all(type(item) is str for item in first) else first


def _fields(item: Any) -> list[tuple[str, Any]] | None:
    """Fields of a dataclass, pydantic or attrs object, read without running its code; None for other objects."""
    if isinstance(item, type):
        return None
    kind = cast("type[Any]", type(item))
    if is_dataclass(item):
        return [(field.name, getattr(item, field.name, None)) for field in fields(item)]
    if "__pydantic_fields__" in kind.__dict__ or hasattr(kind, "model_fields") or hasattr(kind, "__fields__"):
        values: dict[str, Any] = object.__getattribute__(item, "__dict__")
        return [(name, value) for name, value in values.items() if not name.startswith("_")]
    names = getattr(kind, "__attrs_attrs__", None)
    return None if names is None else [(name.name, getattr(item, name.name, None)) for name in names]


def _scalar(item: Any, encode_bytes: Callable[[bytes], str]) -> Any:
    if item is None or item is True or item is False:
        return item
    if isinstance(item, enum.Enum):
        return _scalar(item.value, encode_bytes)
    if isinstance(item, str):
        return str.__str__(item)
    if isinstance(item, int):
        return _integer(int.__add__(item, 0))
    if isinstance(item, float):
        number = float.__add__(item, 0.0)
        return number if math.isfinite(number) else None
    if isinstance(item, (bytes, bytearray, memoryview)):
        return encode_bytes(bytes(item))
    if isinstance(item, (datetime.datetime, datetime.date, datetime.time)):
        return item.isoformat()
    if isinstance(item, datetime.timedelta):
        return item.total_seconds()
    if isinstance(item, (uuid.UUID, os.PathLike)):
        return str(cast("Any", item)) if isinstance(item, uuid.UUID) else os.fsdecode(cast("Any", item))
    return _number(item)


def _number(item: Any) -> Any:
    if isinstance(item, decimal.Decimal):
        return float(item) if item.is_finite() and math.isfinite(float(item)) else None
    if isinstance(item, numbers.Integral):  # numpy registers its integers here
        return _integer(int(item))
    if isinstance(item, numbers.Real):
        number = float(item)
        return number if math.isfinite(number) else None
    return _type_name(item)


def _integer(number: int) -> int | str:
    if _LOWEST_INTEGER <= number <= _HIGHEST_INTEGER:
        return number
    return str(number) if number.bit_length() <= _MOST_INTEGER_BITS else f"[integer of {number.bit_length()} bits]"


def _type_name(item: Any) -> str:
    kind = cast("type[Any]", type(item))
    module, name = (type.__getattribute__(kind, attribute) for attribute in ("__module__", "__qualname__"))
    return f"<{module}.{name}>" if type(module) is str and type(name) is str else "<object>"


# ---- JSON text ---------------------------------------------------------------------------------------------------

# NaN and Infinity are no JSON; control characters inside texts are not either, but are met.
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None, strict=False)
_FIRST_CHARACTERS: Final = frozenset("{[")
_FIRST_SCALAR_CHARACTERS: Final = frozenset('{["-0123456789tfn')


def parse_json(text: Any, *, scalars: bool = False) -> Any:
    """The object or array that a text holds, else the text itself; anything but text comes back as it is.

    Text that was cut, nests too deep for the parser, or is no JSON at all stays text. NaN and infinities become None,
    the last of two equal keys counts. With `scalars` also `"…"`, numbers, true, false and null are read.
    """
    if not isinstance(text, str):
        return text
    stripped = text.strip()
    if not stripped or stripped[0] not in (_FIRST_SCALAR_CHARACTERS if scalars else _FIRST_CHARACTERS):
        return text
    if not scalars and stripped[-1] not in "}]":
        return text
    try:
        return _DECODER.decode(stripped)
    except (ValueError, RecursionError, MemoryError):
        return text
