"""Objects and lists that were flattened into attributes, put together again: `acme.input.city`, `acme.prompts.0`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .source import Source
from .values import is_mapping, json_text

# What stands around the only thing that a function gave back.
_THE_RESULT = ({"result"}, {"__default__"})
_DEEPEST = 64
"""Levels that a key is taken apart into; what is left of it is the last one's name."""


def object_below(source: Source, prefix: str) -> Any:
    """What was flattened under a prefix, as the object that it was; a single `result` is the result."""
    whole = flattened(source, prefix, json_text)
    return next(iter(whole.values())) if is_mapping(whole) and whole.keys() in _THE_RESULT else whole


def flattened(source: Source, prefix: str, parsed: Callable[[Any], Any]) -> Any:
    """What was flattened under a prefix, each value as `parsed` makes it; None where nothing is there."""
    found: dict[str, Any] = {}
    for key, value in source.below(prefix).items():
        _place(found, key, parsed(value))
    return _with_lists(found) or None


def _place(whole: dict[str, Any], key: str, value: Any) -> None:
    """Put a value where its key says; below what is no object itself, it stands under all of its key."""
    into = whole
    *outer, last = key.split(".", _DEEPEST)
    for segment in outer:
        inner = into.setdefault(segment, {})
        if not isinstance(inner, dict):
            whole[key] = value
            return
        into = inner
    into[last] = value


# What stands around each item of a list that was flattened as OpenInference does it.
_AROUND_ITEMS = ({"message"}, {"message_content"}, {"tool_call"}, {"tool"}, {"embedding"})


def _with_lists(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2, … (or 1, 2, …) as the lists that they were."""
    if not isinstance(value, dict):
        return value
    for key, inner in value.items():
        value[key] = _with_lists(inner)
    for first in (0, 1):
        if value and value.keys() == set(map(str, range(first, first + len(value)))):
            return [_item(value[str(index)]) for index in range(first, first + len(value))]
    return value


def _item(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, dict) and value.keys() in _AROUND_ITEMS else value
