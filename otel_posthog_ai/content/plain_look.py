"""One look at a whole event: most hold nothing that would have to be made safe, or is a medium or a credential.

`json_safe`, `media` and `credentials` each ask every leaf by itself, which costs more than all the rest of an event.
Here the texts are joined and searched at once. Where no key has a meaning for those rules and no text holds a sign that
they go by, none of them would change anything, and none is run. A sign may turn out harmless: then only time is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from otel_posthog_ai.bounds import Lately

from . import base64_text, credentials, media
from .json_safe import MAX_ITEMS, MAX_TEXT, is_clean_text
from .plain_objects import HIGHEST_INTEGER, LOWEST_INTEGER, type_of
from .rewriting import MAX_DEPTH, kinds

_CONTAINERS: Final = frozenset(kinds(dict, list))
_MAPPING: Final = kinds(dict)[0]
_SAYS_NOTHING: Final = frozenset({bool, type(None)})
_LONG: Final = 2_000
_BETWEEN_TEXTS: Final = " "
"""Ends every word, run and address, so that nothing is found that begins in one text and ends in another."""

_LONGEST_PLAIN_KEY: Final = 64
_MOST_PLAIN_KEYS: Final = 4096


_TOOLS: Final = "$ai_tools"
_MOST_TOOLS: Final = 100
_MOST_IN_A_TOOL: Final = 1_000
_MOST_KEPT_TOOLS: Final = 512


def is_plain_event(properties: dict[str, Any], secrets: Sequence[str] = ()) -> bool:
    """`is_plain` of an event's properties; definitions of tools, the very same in call after call, are seen once."""
    tools = properties.get(_TOOLS)
    if type(tools) is not list or len(tools) > _MOST_TOOLS or not all(_is_plain_tool(tool, secrets) for tool in tools):
        return is_plain(properties, secrets)
    return is_plain({**properties, _TOOLS: None}, secrets, MAX_ITEMS - _MOST_TOOLS * _MOST_IN_A_TOOL)


def _is_plain_tool(tool: Any, secrets: Sequence[str]) -> bool:
    """Whether a definition was found plain; it is kept, so that no other object gets its identity."""
    known = _plain_tools(tuple(secrets))
    if known.get(id(tool)) is tool:
        return True
    if not is_plain([[tool]], secrets, _MOST_IN_A_TOOL):  # as deep as it stands in an event
        return False
    known.put(id(tool), tool, 1)
    return True


@lru_cache(maxsize=16)
def _plain_tools(_secrets: tuple[str, ...]) -> Lately:
    return Lately(_MOST_KEPT_TOOLS)


def is_plain(value: Any, secrets: Sequence[str] = (), most_items: int = MAX_ITEMS) -> bool:
    """Whether `json_safe`, `redact_media` and `remove_credentials(…, secrets)` would all give `value` back as it is.

    False may be wrong (it is for more than `most_items` values), True never is.
    """
    texts: list[str] = []
    keys: set[Any] = set()
    if not _gather(value, texts, keys, most_items):
        return False
    known = _plain_keys(tuple(secrets))
    if not keys <= known and not _are_plain_keys(keys - known, secrets, known):
        return False
    all_short = not texts or max(map(len, texts)) < _LONG
    short = texts if all_short else [text for text in texts if len(text) < _LONG]
    if not (media.OPAQUE_KEYS.isdisjoint(keys) or media.OPAQUE_SIGNS.isdisjoint(short)):
        return False
    if not _is_plain_text(_BETWEEN_TEXTS.join(short), secrets):
        return False
    # A long text is searched by itself: most signs are ruled out by one character that it lacks.
    return all_short or all(_is_plain_text(text, secrets) for text in texts if len(text) >= _LONG)


@lru_cache(maxsize=16)
def _plain_keys(_secrets: tuple[str, ...]) -> set[Any]:
    """The keys that were found to say nothing: those of messages, schemas and properties come again and again."""
    return set()


def _are_plain_keys(keys: set[Any], secrets: Sequence[str], known: set[Any]) -> bool:
    """Whether none of the keys gives a meaning to what stands under it, or would have to be changed itself."""
    for key in keys:
        if type(key) is not str or len(key) > _LONGEST_PLAIN_KEY:
            return False
        if media.is_telling(key) or credentials.is_telling(key) or not _is_plain_text(key, secrets):
            return False
        if len(known) >= _MOST_PLAIN_KEYS:
            known.clear()
        known.add(key)
    return True


def _is_plain_text(text: str, secrets: Sequence[str]) -> bool:
    return (
        len(text) <= MAX_TEXT
        and is_clean_text(text)
        and not base64_text.may_hold_media(text)
        and not credentials.may_hold_credentials(text, secrets)
    )


def _gather(value: Any, texts: list[str], keys: set[Any], most_items: int) -> bool:
    """Collect texts and keys at every depth; False where something is no plain JSON, or too much or too deep."""
    level: list[Any] = [[value]]
    left = most_items
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for container in level:
            left -= len(container)
            if left < 0:
                return False
            items = container
            if type(container) is _MAPPING:
                keys.update(container)
                items = container.values()
            for item in items:
                kind = type_of(item)
                if kind is str:
                    texts.append(item)
                elif kind in _CONTAINERS:
                    below.append(item)
                elif kind is int:
                    if not LOWEST_INTEGER <= item <= HIGHEST_INTEGER:
                        return False
                elif kind is float:
                    if not math.isfinite(item):
                        return False
                elif kind not in _SAYS_NOTHING:
                    return False
        if not below:
            return True
        level = below
    return False
