"""The values of OTLP/JSON: attributes, ids, times and enumerations, in every spelling that writers use.

The standard wants camelCase, hexadecimal ids, 64-bit integers as text and enumerations as numbers. Plain protobuf JSON
has base64 ids and names of enumerations, and may keep snake_case: that is understood as well. A value that is none of
these raises `Malformed`.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from sys import intern
from types import MappingProxyType
from typing import Any

from otel_posthog_ai.reading.values import is_list, is_mapping

JsonObject = Mapping[str, Any]

NO_OBJECT: JsonObject = MappingProxyType({})
DEEPEST = 64
"""Levels of nested attribute values."""


class Malformed(ValueError):
    """It is not OTLP; the text says why, without content."""


def _fast_parse() -> Callable[[bytes], Any]:
    """orjson where the extra `fast` installed it, else the standard library."""
    try:
        orjson: Any = importlib.import_module("orjson")
    except ImportError:
        return json.loads

    def parse(text: bytes) -> Any:
        try:
            return orjson.loads(text)
        except ValueError:  # NaN, half a surrogate pair, or no JSON at all: the standard library decides
            return json.loads(text)

    return parse


parse = _fast_parse()
"""The value of a JSON text. Raises ValueError, and RecursionError for one that is nested too deep."""


def field(of: JsonObject, camel: str, default: Any = None) -> Any:
    """A field by its camelCase name, or the snake_case one; null counts as absent."""
    value = of.get(camel)
    if value is None and (snake := _snake_names[camel]) != camel:
        value = of.get(snake)
    return default if value is None else value


def has(of: JsonObject, camel: str) -> bool:
    """Whether a field is there by one of its names, even as null."""
    return camel in of or _snake_names[camel] in of


_UPPER = re.compile(r"[A-Z]")


class _SnakeNames(dict[str, str]):
    """camelCase name -> snake_case name, worked out when first asked for."""

    def __missing__(self, camel: str) -> str:
        found = self[camel] = _snake(camel)
        return found


def _snake(camel: str) -> str:
    return _UPPER.sub(lambda found: "_" + found[0].lower(), camel)


_snake_names = _SnakeNames()


def objects(of: JsonObject, *names: str) -> list[JsonObject]:
    """The list of objects under the first of these camelCase names that is there, `NO_OBJECT` for what is none."""
    for name in names:
        value = field(of, name)
        if value is not None:
            if not is_list(value) or (value and not any(is_mapping(item) for item in value)):
                raise Malformed(f"{name} is not a list of objects")
            return [item if is_mapping(item) else NO_OBJECT for item in value]
    return []


def an_object(of: JsonObject, *names: str) -> JsonObject:
    """The object under the first of these camelCase names that is there; an empty one where none is."""
    for name in names:
        value = field(of, name)
        if value is not None:
            if not is_mapping(value):
                raise Malformed(f"{name} is not an object")
            return value
    return {}


def text(of: JsonObject, name: str) -> str:
    """A text, "" where it is absent."""
    value = field(of, name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is not a text")
    return value


def integer(value: Any) -> int:
    """A 64-bit integer, which JSON carries as text."""
    if isinstance(value, bool) or not isinstance(value, (int, str, float)):
        raise Malformed("a number is not a number")
    try:
        return value if isinstance(value, int) else int(value)
    except (ValueError, OverflowError):
        pass
    try:
        return int(float(value))  # "5.0" and "1.79e18" are integers, too
    except (ValueError, OverflowError):
        raise Malformed("a number is not a number") from None


def identifier(value: Any, size: int) -> int:
    """An id of `size` bytes, hexadecimal or base64; 0 where it is absent."""
    if value is None or value == "":
        return 0
    if not isinstance(value, str):
        raise Malformed("an id is not a text")
    try:
        data = bytes.fromhex(value) if len(value) == 2 * size else _of_base64(value)
    except (ValueError, binascii.Error):
        raise Malformed("an id is neither hexadecimal nor base64") from None
    if len(data) != size:
        raise Malformed(f"an id does not have {size} bytes")
    return int.from_bytes(data, "big")


def _of_base64(value: str) -> bytes:
    """Base64 in either alphabet, with or without padding, as parsers of protobuf's JSON take it."""
    return base64.b64decode(value.translate(_URL_SAFE) + "=" * (-len(value) % 4), validate=True)


_URL_SAFE = str.maketrans("-_", "+/")


def enumeration(value: Any, names: tuple[str, ...]) -> int:
    """A member by its number or its name; 0, which is always "unspecified", for one that is not known."""
    if isinstance(value, str) and not value.isdigit():
        return names.index(value) if value in names else 0
    number = integer(value) if value is not None else 0
    return number if 0 <= number < len(names) else 0


def attributes(of: JsonObject, unread: Counter[str]) -> dict[str, Any]:
    """The attributes of a span, a resource, an event, a log record.

    One that cannot be read costs itself alone: `unread` counts it by the reason. Equal keys are one object, because
    every span repeats them.
    """
    found: dict[str, Any] = {}
    for pair in _pairs(field(of, "attributes")):
        value = pair.get("value") if type(pair) is dict else None
        if type(value) is dict and len(value) == 1:  # as nearly all are, in the spelling of the standard
            key, plain = pair.get("key"), value.get("stringValue")
            if type(key) is str and type(plain) is str:
                found[intern(key)] = plain
                continue
        try:
            _read_pair(pair, found, 1)
        except Malformed as error:
            unread[str(error)] += 1
    return found


def _pairs(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    if not is_list(value):
        raise Malformed("attributes are not a list")
    return value


def _read_pair(pair: Any, found: dict[str, Any], depth: int) -> None:
    if not is_mapping(pair) or not isinstance(key := pair.get("key", ""), str):
        raise Malformed("an attribute is not a key and a value")
    found[intern(key)] = any_value(pair.get("value"), depth)


def any_value(value: Any, depth: int = 0) -> Any:
    """The Python value of an AnyValue: lists are tuples, as the SDK keeps them; an empty one is None."""
    if value is None:
        return None
    if depth > DEEPEST:
        raise Malformed("values are nested too deep")
    if not is_mapping(value):
        raise Malformed("a value is no AnyValue")
    for name, content in value.items():
        read = _KINDS.get(name)
        if read is not None and content is not None:
            return read(content, depth)
    return None


def _string(value: Any, _: int) -> str:
    if not isinstance(value, str):
        raise Malformed("a string value is not a text")
    return value


def _boolean(value: Any, _: int) -> bool:
    if not isinstance(value, bool):
        raise Malformed("a boolean value is neither true nor false")
    return value


def _double(value: Any, _: int) -> float:
    # "NaN", "Infinity" and "-Infinity" are texts in JSON.
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Malformed("a double value is not a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise Malformed("a double value is not a number") from None


def _array(value: Any, depth: int) -> tuple[Any, ...]:
    items = value.get("values") if is_mapping(value) else value
    if items is None:
        return ()
    if not is_list(items):
        raise Malformed("an array value has no list of values")
    return tuple(any_value(item, depth + 1) for item in items)


def _mapping(value: Any, depth: int) -> dict[str, Any]:
    if not is_mapping(value):
        raise Malformed("a key-value list is not an object")
    found: dict[str, Any] = {}
    for pair in _pairs(value.get("values")):
        _read_pair(pair, found, depth + 1)
    return found


def _bytes(value: Any, _: int) -> bytes:
    if not isinstance(value, str):
        raise Malformed("a bytes value is not a text")
    try:
        return _of_base64(value)
    except (ValueError, binascii.Error):
        raise Malformed("a bytes value is not base64") from None


def _integer(value: Any, _: int) -> int:
    return integer(value)


_READ: dict[str, Callable[[Any, int], Any]] = {
    "stringValue": _string,
    "boolValue": _boolean,
    "intValue": _integer,
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": _mapping,
    "bytesValue": _bytes,
}
_KINDS = {**_READ, **{_snake(name): read for name, read in _READ.items()}}
