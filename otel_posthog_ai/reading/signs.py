"""By what a convention is known, as data: a look at it costs no import of whoever reads the convention."""

from __future__ import annotations

from typing import NamedTuple

from .own_words import own_words_in
from .source import Source
from .vendor_words import vendors_in


class Signs(NamedTuple):
    """A span has the signs of a convention where one of these is on it."""

    scopes: tuple[str, ...] = ()
    scopes_begin: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    names_begin: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Of attributes."""
    keys_begin: tuple[str, ...] = ()
    words: bool = False
    """Of a vendor without a table, or of an app's own, in the keys."""

    def are_on(self, source: Source) -> bool:
        """Whether the span has one of them."""
        scopes, scopes_begin, names, names_begin, keys, keys_begin, words = self
        attributes = source.attributes
        # Every dialect is asked of each new shape of spans, and has one or two kinds of signs.
        return bool(
            (scopes and source.scope in scopes)
            or (scopes_begin and source.scope.startswith(scopes_begin))
            or (keys and not attributes.keys().isdisjoint(keys))
            or (keys_begin and any(key.startswith(keys_begin) for key in attributes))
            or (names and source.name in names)
            or (names_begin and source.name.startswith(names_begin))
            or (words and _has_words(tuple(attributes)))
        )


def _has_words(keys: tuple[str, ...]) -> bool:
    return bool(vendors_in(keys) or own_words_in(keys))
