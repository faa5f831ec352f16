"""Rewrite the leaves of a nested value, copying only what changes.

What the privacy rules share: they look at every text of a message, a state or a piece of metadata, mostly find nothing,
and then the very same object goes on. Safe on any input: a container is visited once however often it is referred to
(cycles end, shared parts do not multiply), and what lies deeper than `MAX_DEPTH` is replaced, not passed unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar, cast

MAX_DEPTH: Final = 100
"""Containers inside containers. PostHog's JSON parser refuses a whole request at 128, the envelope included."""

TOO_DEEP: Final = "[nested too deep]"
CYCLE: Final = "[cycle]"
_LONGEST_PLAIN_KEY: Final = 32

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


class Leaf(Protocol[C_contra]):
    """Gives the new value of a leaf; the same object says that nothing changes."""

    def __call__(self, parent: Any, key: Any, value: Any, context: C_contra, /) -> Any:
        """`parent` is the container, or None for the outermost value and for a key of a mapping."""
        ...


class Rewriter(Generic[C]):
    """One pass over one value. `descend` gives the context of a child container from that of its parent."""

    def __init__(self, leaf: Leaf[C], descend: Callable[[Any, Any, Any, C], C]) -> None:
        self._leaf = leaf
        self._descend = descend
        self._done: dict[tuple[int, C], Any] = {}

    def rewrite(self, value: Any, context: C) -> Any:
        """`value` with every leaf rewritten, or `value` itself if none changed."""
        if isinstance(value, (dict, list, tuple)):
            return self._container(cast("Any", value), context, 0)
        return self._leaf(None, None, value, context)

    def _container(self, value: Any, context: C, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return TOO_DEEP
        seen = (id(value), context)
        if seen in self._done:
            return self._done[seen]
        self._done[seen] = CYCLE
        new = self._mapping(value, context, depth) if isinstance(value, dict) else self._items(value, context, depth)
        self._done[seen] = new
        return new

    def _mapping(self, mapping: dict[Any, Any], context: C, depth: int) -> Any:
        leaf = self._leaf
        changes: dict[Any, Any] = {}
        renamed: dict[Any, Any] = {}
        for key, value in mapping.items():
            if isinstance(value, (dict, list, tuple)):
                child = self._descend(mapping, key, value, context)
                new = self._container(cast("Any", value), child, depth + 1)
            else:
                new = leaf(mapping, key, value, context)
            if new is not value:
                changes[key] = new
            if type(key) is str and len(key) > _LONGEST_PLAIN_KEY:
                new_key = leaf(None, None, key, context)
                if new_key is not key:
                    renamed[key] = new_key
        if renamed:
            return {renamed.get(key, key): changes.get(key, value) for key, value in mapping.items()}
        return {**mapping, **changes} if changes else mapping

    def _items(self, items: list[Any] | tuple[Any, ...], context: C, depth: int) -> Any:
        leaf = self._leaf
        changes: dict[int, Any] = {}
        for index, value in enumerate(items):
            if isinstance(value, (dict, list, tuple)):
                child = self._descend(items, index, value, context)
                new = self._container(cast("Any", value), child, depth + 1)
            else:
                new = leaf(items, index, value, context)
            if new is not value:
                changes[index] = new
        if not changes:
            return items
        copy = list(items)
        for index, value in changes.items():
            copy[index] = value
        return copy
