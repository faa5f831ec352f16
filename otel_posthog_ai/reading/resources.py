"""What is read of a resource. A process has one resource or few, and their attributes never change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_MOST_RESOURCES = 64
_Read = TypeVar("_Read")


def once_a_resource(read: Callable[[Mapping[str, Any]], _Read]) -> Callable[[Mapping[str, Any]], _Read]:
    """`read`, which is asked once for the attributes of each resource."""
    # With the attributes themselves, so that their id stays their own.
    known: dict[int, tuple[Mapping[str, Any], _Read]] = {}

    def remembered(attributes: Mapping[str, Any]) -> _Read:
        found = known.get(id(attributes))
        if found is None:
            if len(known) >= _MOST_RESOURCES:
                known.clear()
            found = known[id(attributes)] = (attributes, read(attributes))
        return found[1]

    return remembered
