"""The values under a vendor's keys: JSON text and reprs as what they say, envelopes open, what was flattened whole."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from .flattened import object_below
from .literals import read_literal
from .source import Source
from .values import is_list, is_mapping, json_text

# How reprs of messages and of arguments begin.
_REPR_OPENERS = ("{'", "[{'", "['")
_DEEPEST = 8
"""Envelopes, one in another, that are opened."""


def opened(value: Any, depth: int = 0) -> Any:
    """What a repr stands for, and what stands in an envelope (`{"type": "json", "value": …}`)."""
    if isinstance(value, str) and value.startswith(_REPR_OPENERS):
        literal = read_literal(value)
        return value if literal is None else literal
    if depth == _DEEPEST:
        return value
    if _is_envelope(value):
        return opened(value["value"], depth + 1)
    if is_list(value) and value and all(map(_is_envelope, value)):
        return [opened(each, depth + 1) for each in value]
    return value


def _is_envelope(value: Any) -> bool:
    return is_mapping(value) and value.keys() == {"type", "value"}


def all_of(source: Source, keys: tuple[str, ...]) -> Iterable[str]:
    return (key for key in source.attributes if any(_is_of(key, entry) for entry in keys))


def _is_of(key: str, entry: str) -> bool:
    return key.startswith(entry) if entry.endswith(".") else key == entry


def bare_arguments(source: Source, but: Container[str]) -> dict[str, Any] | None:
    """The arguments of a function that stand under their own names; None where none do."""
    names = [key for key in source.attributes if "." not in key and key not in but]
    return {name: source.take(name) for name in names} or None


def value_of(source: Source, keys: tuple[str, ...]) -> Any:
    """The parsed value of the first of the keys that is there; the others are copies of it."""
    found: Any = None
    for key in keys:
        value = object_below(source, key) if key.endswith(".") else json_text(source.take(key))
        if found is None and value != "":
            found = value
    return found
