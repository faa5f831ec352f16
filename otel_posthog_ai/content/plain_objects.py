"""What a Python object is in the terms of JSON: a mapping, a list, or one value. No code of an unknown class is run."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from typing import Any, Final, cast

from otel_posthog_ai.forks import importing

from .rewriting import BYTES, DICT, kinds

LOWEST_INTEGER: Final = -(2**63)
HIGHEST_INTEGER: Final = 2**64 - 1
_MOST_INTEGER_BITS: Final = 4096  # Python refuses, and takes quadratic time, to write much larger ones
_MOST_SORTED: Final = 10_000

type_of = cast("Callable[[Any], type[Any]]", type)
# The base classes' own, whatever a subclass made of them.
_DICT_ITEMS = cast("Callable[[Any], Iterable[tuple[Any, Any]]]", getattr(dict, "items"))  # noqa: B009
_LIST_ITEMS = cast("Callable[[Any], Iterable[Any]]", getattr(list, "__iter__"))  # noqa: B009
_TUPLE_ITEMS = cast("Callable[[Any], Iterable[Any]]", getattr(tuple, "__iter__"))  # noqa: B009

_LIST: Final = kinds(list)
_TUPLE: Final = kinds(tuple)
_MAPPING: Final = kinds(Mapping)
_SET: Final = kinds(Set)
_SEQUENCE: Final = kinds(Sequence)
_NO_CONTAINERS: Final = kinds(str, int, float, *BYTES)


def children(item: Any) -> tuple[bool, Any] | None:
    """(is it a mapping, iterator over ((key,) or None, value)) of a container; None for anything else."""
    if item is None or isinstance(item, _NO_CONTAINERS):
        return None
    if isinstance(item, DICT):
        return True, _pairs(_DICT_ITEMS(item))
    if isinstance(item, _TUPLE):
        names = getattr(type_of(item), "_fields", ())
        is_named = isinstance(names, _TUPLE) and len(names) == len(item) > 0
        return (
            (True, _pairs(zip(names, _TUPLE_ITEMS(item), strict=True)))
            if is_named
            else (False, _values(_TUPLE_ITEMS(item)))
        )
    if isinstance(item, _LIST):
        return False, _values(_LIST_ITEMS(item))
    if isinstance(item, enum.Enum):
        return children(item.value)
    if isinstance(item, _MAPPING):
        return True, _pairs(item.items())
    if isinstance(item, _SET):
        return False, _values(_in_order(item))
    if isinstance(item, _SEQUENCE):
        return False, _values(item)
    attributes = _fields(item)
    return None if attributes is None else (True, _pairs(attributes))


def _pairs(items: Iterable[tuple[Any, Any]]) -> Any:
    return (((key,), value) for key, value in items)


def _values(items: Iterable[Any]) -> Any:
    return ((None, value) for value in items)


def _in_order(items: Set[Any]) -> Iterable[Any]:
    """The same set always gives the same list where its members can be compared."""
    if len(items) > _MOST_SORTED or not all(type(item) is str for item in items):
        return items
    return sorted(items)


def _fields(item: Any) -> list[tuple[str, Any]] | None:
    """Fields of a dataclass, pydantic or attrs object, read without running its code; None for other objects."""
    if isinstance(item, type):
        return None
    kind = type_of(item)
    if is_dataclass(item):
        return [(field.name, getattr(item, field.name, None)) for field in fields(item)]
    if "__pydantic_fields__" in kind.__dict__ or hasattr(kind, "model_fields") or hasattr(kind, "__fields__"):
        values: dict[str, Any] = object.__getattribute__(item, "__dict__")
        return [(name, value) for name, value in values.items() if not name.startswith("_")]
    names = getattr(kind, "__attrs_attrs__", None)
    return None if names is None else [(name.name, getattr(item, name.name, None)) for name in names]


def scalar(item: Any, encode_bytes: Callable[[bytes], str]) -> Any:
    if item is None or item is True or item is False:
        return item
    if isinstance(item, enum.Enum):
        return scalar(item.value, encode_bytes)
    if isinstance(item, str):
        return str.__str__(item)
    if isinstance(item, int):
        return _integer(int.__add__(item, 0))
    if isinstance(item, float):
        number = float.__add__(item, 0.0)
        return number if math.isfinite(number) else None
    if isinstance(item, BYTES):
        return encode_bytes(bytes(item))
    if isinstance(item, (datetime.datetime, datetime.date, datetime.time)):
        return item.isoformat()
    if isinstance(item, datetime.timedelta):
        return item.total_seconds()
    return _rarity(item)


def _rarity(item: Any) -> Any:
    """Values that hardly any span holds; their modules cost more to import than most of ours."""
    with importing:
        import decimal
        import numbers
        import pathlib
        import uuid

    if isinstance(item, (uuid.UUID, pathlib.PurePath)):
        return str(item)
    if isinstance(item, decimal.Decimal):
        return float(item) if item.is_finite() and math.isfinite(float(item)) else None
    if isinstance(item, numbers.Integral):  # numpy registers its integers here
        return _integer(int(item))
    if isinstance(item, numbers.Real):
        number = float(item)
        return number if math.isfinite(number) else None
    return type_name(item)


def _integer(number: int) -> int | str:
    if LOWEST_INTEGER <= number <= HIGHEST_INTEGER:
        return number
    return str(number) if number.bit_length() <= _MOST_INTEGER_BITS else f"[integer of {number.bit_length()} bits]"


def type_name(item: Any) -> str:
    kind = type_of(item)
    module, name = (type.__getattribute__(kind, attribute) for attribute in ("__module__", "__qualname__"))
    return f"<{module}.{name}>" if type(module) is str and type(name) is str else "<object>"
