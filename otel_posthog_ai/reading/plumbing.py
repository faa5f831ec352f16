"""Attributes that serve an instrumentor alone, or repeat what was read: they are no custom properties.

What belongs to a dialect stands in the dialect (`PLUMBING`), and the registry hands it over; what every instrumentor
writes stands here.
"""

from __future__ import annotations

from collections.abc import Iterable

# Namespaces of the semantic conventions that say how the app runs, not what it asked a model.
_COMMON = (
    "exception.", "code.", "thread.", "rpc.", "server.", "http.", "url.", "net.", "network.", "user_agent.",
    "telemetry.", "messaging.", "aws.", "az.", "gcp.", "error.", "db.", "tool.", "prompt.", "document.", "image.",
    "audio.", "input.", "output.", "task.", "metadata.",
)  # fmt: skip

# What SDKs of several vendors write beside the same in the attributes of a convention.
_COPIES = frozenset({"input", "output"})

_namespaces: tuple[str, ...] = _COMMON


def is_namespace(entry: str) -> bool:
    """Whether an entry of a `PLUMBING` stands for all keys that begin like it, on every span; else it is one key."""
    return entry.endswith((".", "_"))


def watch_for_namespaces(entries: Iterable[str]) -> None:
    """Keys that begin like this are plumbing on every span (set once, by the registry)."""
    global _namespaces
    _namespaces = tuple(sorted({*_COMMON, *entries}))


def namespace_of(key: str) -> str | None:
    """What makes an attribute plumbing, whatever span it stands on; None where nothing does."""
    if any(segment.isdigit() for segment in key.split(".")):
        return "an index in its name"
    return next((namespace for namespace in _namespaces if key.startswith(namespace)), None)


def is_plumbing(key: str) -> bool:
    """Whether an attribute repeats what was read or serves the instrumentor alone, whatever span it stands on."""
    return key.startswith(_namespaces) or key in _COPIES or any(segment.isdigit() for segment in key.split("."))
