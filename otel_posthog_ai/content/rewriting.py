"""Rewrite the leaves of a nested value, copying only what changes.

What the privacy rules share: they look at every text of a message, a state or a piece of metadata, mostly find nothing,
and then the very same object goes on. Safe on any input: a container is visited once however often it is referred to
(cycles end, shared parts do not multiply), and what lies deeper than `MAX_DEPTH` is replaced, not passed unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

MAX_DEPTH: Final = 100
"""Containers inside containers. PostHog's JSON parser refuses a whole request at 128, the envelope included."""

TOO_DEEP: Final = "[nested too deep]"
CYCLE: Final = "[cycle]"
A_KEY: Final = object()
"""The `key` that a leaf function gets when the leaf is itself a key of a mapping."""
_LONGEST_PLAIN_KEY: Final = 32


def kinds(*types: type[Any]) -> tuple[type[Any], ...]:
    """Types for isinstance that leave Any as it is: a type checker takes a checked `dict` for one of unknown things."""
    return types


DICT: Final = kinds(dict)
ITEMS: Final = kinds(list, tuple)
BYTES: Final = kinds(bytes, bytearray, memoryview)

Leaf = Callable[[Any, Any, Any, Any], Any]
"""(parent, key, value, context) -> the new value of a leaf; the same object says that nothing changed.

`parent` is the container, or None for the outermost value and for a key of a mapping (`key` is A_KEY then).
"""
Descend = Callable[[Any, Any, Any, Any], Any]
"""(mapping, key, child, context) -> the context of a child container. A false context is the plain one."""


class TellingKeys(dict[Any, bool]):
    """Whether a key needs a look whatever stands under it; answers are remembered for a bounded number of keys."""

    def __init__(self, is_telling: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_telling = is_telling

    def __missing__(self, key: Any) -> bool:
        if len(self) >= 4096:
            self.clear()
        telling = type(key) is str and len(key) <= 64 and self._is_telling(key)
        self[key] = telling
        return telling


class Rewriter:
    """One pass over one value.

    In the plain context texts under `shortest` characters are passed over unless their key is telling: most leaves of
    a message are such, and calling `leaf` for each would cost more than encoding the message. For the same reason
    `descend` is asked only for children under telling keys and inside a context that is not plain.
    """

    def __init__(
        self, leaf: Leaf, descend: Descend, *, telling: TellingKeys, shortest: int, every_key: bool = False
    ) -> None:
        self._leaf = leaf
        self._descend = descend
        self._telling = telling
        self._shortest = shortest
        self._longest_plain_key = -1 if every_key else _LONGEST_PLAIN_KEY
        self._done: dict[Any, Any] = {}

    def rewrite(self, value: Any, context: Any = None) -> Any:
        """`value` with every leaf rewritten, or `value` itself if none changed."""
        if isinstance(value, DICT):
            return self._mapping(value, context, 0)
        if isinstance(value, ITEMS):
            return self._items(value, context, 0)
        return self._leaf(None, None, value, context)

    def _mapping(self, mapping: dict[Any, Any], context: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return TOO_DEEP
        done = self._done
        seen = (id(mapping), context) if context else id(mapping)
        if seen in done:
            return done[seen]
        done[seen] = CYCLE
        leaf, telling, shortest, longest = self._leaf, self._telling, self._shortest, self._longest_plain_key
        changes: dict[Any, Any] | None = None
        renamed: dict[Any, Any] | None = None
        for key, value in mapping.items():
            new: Any
            if type(value) is str:
                if not context and len(value) < shortest and not telling[key]:
                    new = value
                else:
                    new = leaf(mapping, key, value, context)
            elif isinstance(value, DICT):
                child = self._descend(mapping, key, value, context) if context or telling[key] else context
                new = self._mapping(value, child, depth + 1)
            elif isinstance(value, ITEMS):
                child = self._descend(mapping, key, value, context) if context or telling[key] else context
                new = self._items(value, child, depth + 1)
            else:
                new = leaf(mapping, key, value, context) if value is not None else None
            if new is not value:
                changes = changes if changes is not None else {}
                changes[key] = new
            if type(key) is str and len(key) > longest:
                new_key = leaf(None, A_KEY, key, context)
                if new_key is not key:
                    renamed = renamed if renamed is not None else {}
                    renamed[key] = new_key
        copy = {**mapping, **changes} if changes is not None else mapping
        done[seen] = copy = copy if renamed is None else _rename(copy, renamed)
        return copy

    def _items(self, items: list[Any] | tuple[Any, ...], context: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return TOO_DEEP
        done = self._done
        seen = (id(items), context) if context else id(items)
        if seen in done:
            return done[seen]
        done[seen] = CYCLE
        leaf, shortest = self._leaf, self._shortest
        copy: list[Any] | None = None
        for index, value in enumerate(items):
            new: Any
            if type(value) is str:
                new = value if not context and len(value) < shortest else leaf(items, index, value, context)
            elif isinstance(value, DICT):
                new = self._mapping(value, context, depth + 1)
            elif isinstance(value, ITEMS):
                new = self._items(value, context, depth + 1)
            else:
                new = leaf(items, index, value, context) if value is not None else None
            if new is not value:
                copy = copy if copy is not None else list(items)
                copy[index] = new
        done[seen] = new = items if copy is None else copy
        return new


def _rename(mapping: dict[Any, Any], renamed: dict[Any, Any]) -> dict[Any, Any]:
    """The mapping under its new keys, in its order; equal ones are numbered, so that none is lost."""
    copy: dict[Any, Any] = {}
    for key, value in mapping.items():
        name = free = renamed.get(key, key)
        number = len(copy)
        while free in copy:
            number += 1
            free = f"{name} ({number})"
        copy[free] = value
    return copy
