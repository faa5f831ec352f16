"""Rewrite the leaves of a nested value, copying only what changes.

What the privacy rules share: they look at every text of a message, a state or a piece of metadata, mostly find nothing,
and then the very same object goes on. Safe on any input: a container is visited once however often it is referred to
(cycles end, shared parts do not multiply), and what lies deeper than `MAX_DEPTH` is replaced, not passed unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

MAX_DEPTH: Final = 100
"""Containers inside containers. PostHog's JSON parser refuses a whole request at 128, the envelope included."""

TOO_DEEP: Final = "[nested too deep]"
CYCLE: Final = "[cycle]"
A_KEY: Final = object()
"""The `key` that a leaf function gets when the leaf is itself a key of a mapping."""
_LONGEST_PLAIN_KEY: Final = 32

Leaf = Callable[[Any, Any, Any, Any], Any]
"""(parent, key, value, context) -> the new value of a leaf; the same object says that nothing changed.

`parent` is the container, or None for the outermost value and for a key of a mapping (`key` is A_KEY then).
"""
Descend = Callable[[Any, Any, Any, Any], Any]
"""(parent, key, child, context) -> the context of a child container. A false context is the plain one."""


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
    a message are such, and calling `leaf` for each would cost more than encoding the message.
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
        if isinstance(value, (dict, list, tuple)):
            return self._container(cast("Any", value), context, 0)
        return self._leaf(None, None, value, context)

    def _container(self, value: Any, context: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return TOO_DEEP
        seen = (id(value), context) if context else id(value)
        if seen in self._done:
            return self._done[seen]
        self._done[seen] = CYCLE
        new = self._mapping(value, context, depth) if isinstance(value, dict) else self._items(value, context, depth)
        self._done[seen] = new
        return new

    def _mapping(self, mapping: dict[Any, Any], context: Any, depth: int) -> Any:
        leaf, telling, shortest = self._leaf, self._telling, self._shortest
        longest_plain_key = self._longest_plain_key
        changes: dict[Any, Any] | None = None
        renamed: dict[Any, Any] | None = None
        for key, value in mapping.items():
            if type(value) is str:
                if not context and len(value) < shortest and not telling[key]:
                    new = value
                else:
                    new = leaf(mapping, key, value, context)
            elif isinstance(value, (dict, list, tuple)):
                child = self._descend(mapping, key, value, context)
                new = self._container(cast("Any", value), child, depth + 1)
            else:
                new = leaf(mapping, key, value, context) if value is not None else None
            if new is not value:
                changes = changes if changes is not None else {}
                changes[key] = new
            if type(key) is str and len(key) > longest_plain_key:
                new_key = leaf(None, A_KEY, key, context)
                if new_key is not key:
                    renamed = renamed if renamed is not None else {}
                    renamed[key] = new_key
        copy = {**mapping, **changes} if changes is not None else mapping
        return copy if renamed is None else _rename(copy, renamed)

    def _items(self, items: list[Any] | tuple[Any, ...], context: Any, depth: int) -> Any:
        leaf, shortest = self._leaf, self._shortest
        copy: list[Any] | None = None
        for index, value in enumerate(items):
            if type(value) is str:
                new = value if not context and len(value) < shortest else leaf(items, index, value, context)
            elif isinstance(value, (dict, list, tuple)):
                child = self._descend(items, index, value, context)
                new = self._container(cast("Any", value), child, depth + 1)
            else:
                new = leaf(items, index, value, context) if value is not None else None
            if new is not value:
                copy = copy if copy is not None else list(items)
                copy[index] = new
        return items if copy is None else copy


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
