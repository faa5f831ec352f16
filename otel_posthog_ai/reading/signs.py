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
        scope, name, attributes = source.scope, source.name, source.attributes
        beginnings = self.keys_begin
        return (
            scope in self.scopes
            or scope.startswith(self.scopes_begin)
            or name in self.names
            or name.startswith(self.names_begin)
            or not attributes.keys().isdisjoint(self.keys)
            or (bool(beginnings) and any(key.startswith(beginnings) for key in attributes))
            or (self.words and _has_words(tuple(attributes)))
        )


def _has_words(keys: tuple[str, ...]) -> bool:
    return bool(vendors_in(keys) or own_words_in(keys))
