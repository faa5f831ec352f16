"""The first look at an ended span: may it be AI, and does it name a user or a session?

Every attribute key is classified once in the life of the process; a span costs one lookup per key.
"""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.sdk.trace import ReadableSpan

from .identity import names_identity
from .scopes import is_ai_name, is_ai_scope

ORDINARY, NAMES_IDENTITY, MARKS_AI = 0, 1, 2
"""What a key says of its span; the greatest counts."""

_MOST_KEYS = 10_000


class _KeyClasses(dict[str, int]):
    """Attribute key -> its class, worked out when first asked for; keys beyond the limit are not remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: tuple[str, ...] = ()

    def __missing__(self, key: str) -> int:
        found = MARKS_AI if key.startswith(self.prefixes) else NAMES_IDENTITY if names_identity(key) else ORDINARY
        if len(self) < _MOST_KEYS:
            self[key] = found
        return found


class _ScopeClasses(dict[str, bool]):
    """Scope name -> whether its spans are AI."""

    def __missing__(self, name: str) -> bool:
        found = is_ai_scope(name)
        if len(self) < _MOST_KEYS:
            self[name] = found
        return found


_classes = _KeyClasses()
_class_of = _classes.__getitem__
_ai_scopes = _ScopeClasses()


def watch_for(prefixes: Iterable[str]) -> None:
    """Attribute keys that start like this mark a span as AI (set once, by the registry)."""
    _classes.prefixes = tuple(sorted(set(prefixes)))
    _classes.clear()


def first_look(span: ReadableSpan) -> int:
    """`ORDINARY`, `NAMES_IDENTITY` or `MARKS_AI`; the last one never misses a span that is AI."""
    attributes = span.attributes
    found = max(map(_class_of, attributes), default=ORDINARY) if attributes is not None else ORDINARY
    if found != MARKS_AI:
        scope = span.instrumentation_scope
        if scope is not None and (_ai_scopes[scope.name] or is_ai_name(scope.name, span.name)):
            return MARKS_AI
    return found


def is_marked(span: ReadableSpan) -> bool:
    """Whether a span may be AI, by its attributes or its scope."""
    return first_look(span) == MARKS_AI
