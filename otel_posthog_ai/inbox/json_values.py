"""Typed reads of parsed JSON: what a value is, and the number, text or identifier that PostHog would read from it."""

from __future__ import annotations

import json
import math
from typing import Any, TypeGuard

JsonObject = dict[str, Any]


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether the value is a JSON object (JSON keys are always strings)."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether the value is a finite JSON number; true and false are not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def number(value: object) -> float | None:
    """The number PostHog would add up: a finite number, a numeric string, or the ``total`` of ``{"total": n}``."""
    if is_object(value):
        value = value.get("total")
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not is_number(value):
        return None
    # SQLite and JavaScript hold integers exactly up to 2**53 only.
    return value if abs(value) < 2**53 else float(value)


def text(value: object) -> str | None:
    """The string itself, or None for anything else and for the empty string."""
    return value if isinstance(value, str) and value else None


def identifier(value: object) -> str | None:
    """An id as PostHog keeps it: scalars as text, objects and arrays erased."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or is_number(value):
        return compact(value)
    return None


def compact(value: object) -> str:
    """The value as JSON without spaces, non-ASCII characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
