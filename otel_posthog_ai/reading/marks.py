"""The first look at an ended span: may it be AI, and does it name a user or a session?

Every attribute key is classified once in the life of the process; a span costs one lookup per key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from .identity import names_identity
from .own_words import may_name, own_words_in, told_by
from .scopes import is_ai_name, is_ai_scope, is_plain_scope
from .vendor_words import says_a_step, states_kind, vendors_in

ORDINARY, NAMES_IDENTITY, _MAY_TELL, MARKS_AI = 0, 1, 2, 3
"""What a key says of its span; the greatest counts."""

_MOST_KEYS = 10_000


class _KeyClasses(dict[str, int]):
    """Attribute key -> its class, worked out when first asked for; keys beyond the limit are not remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.prefixes: tuple[str, ...] = ()

    def __missing__(self, key: str) -> int:
        if key.startswith(self.prefixes):
            found = MARKS_AI
        elif states_kind(key) or may_name(key):
            found = _MAY_TELL
        else:
            found = NAMES_IDENTITY if names_identity(key) else ORDINARY
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
        if found == _MAY_TELL and attributes is not None:
            return _second_look(
                attributes, scope.name if scope is not None else "", failed=span.status.status_code is StatusCode.ERROR
            )
    return found


def _second_look(attributes: Mapping[str, Any], scope: str, *, failed: bool) -> int:
    """Whether the values say, too, what only the words of the keys may mean."""
    if not is_plain_scope(scope):
        keys = tuple(attributes)
        if any(says_a_step(vendor, attributes) for vendor in vendors_in(keys)):
            return MARKS_AI
        if any(told_by(own, attributes, failed=failed) is not None for own in own_words_in(keys)):
            return MARKS_AI
    return NAMES_IDENTITY if any(map(names_identity, attributes)) else ORDINARY


def is_marked(span: ReadableSpan) -> bool:
    """Whether a span may be AI, by its attributes or its scope."""
    return first_look(span) == MARKS_AI
