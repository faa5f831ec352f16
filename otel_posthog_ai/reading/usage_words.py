"""Counts of tokens under names that no table has: by another order of words, a synonym, or another way to part them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan, Usage

from .source import Source
from .values import count, is_mapping

PREFIX = "gen_ai.usage."
_WORD = pattern(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")
_SAY_NOTHING = frozenset({"tokens", "token", "count", "details", "usage", "num", "content"})
# Which side of a call is meant.
_SIDES = {"prompt": "input", "in": "input", "completion": "output", "candidates": "output", "out": "output"}
# Words of a key (the rest of them say nothing) -> field of `Usage`.
_FIELDS: dict[frozenset[str], str] = {
    frozenset(words.split()): field
    for field, spellings in {
        "input": ("input", "input total", "request", "input eval"),
        "output": ("output", "output total", "response", "eval"),
        "total": ("total",),
        "cache_read": (
            "cached", "cache read", "cached read", "input cached", "input cache read", "cache", "input cache",
            "cache hit", "input cache hit",
        ),
        "cache_write": (
            "cache write", "cache creation", "cached write", "input cache write", "input cache creation",
            "cache created", "cache written",
        ),
        "cache_write_5m": ("cache write 5m", "cache creation 5m", "cache creation ephemeral 5m input"),
        "cache_write_1h": ("cache write 1h", "cache creation 1h", "cache creation ephemeral 1h input"),
        "reasoning": ("reasoning", "output reasoning", "thoughts", "thinking", "output thinking", "output thoughts"),
        "audio_input": ("audio input",),
        "audio_output": ("audio output",),
        "cache_read_audio": ("audio cached", "audio cache read", "audio cache read input", "audio cached input"),
        "image_input": ("image input",),
        "image_output": ("image output",),
        "web_searches": ("web search requests", "web search", "server tool use web search requests", "web searches"),
    }.items()
    for words in spellings
}  # fmt: skip
_DEEPEST = 3


def fill_by_words(record: AISpan, source: Source) -> None:
    """Fill the counts that no key of a table has filled."""
    for key, field in source.shape.once(_counts):
        if getattr(record.usage, field) is None:
            setattr(record.usage, field, count(source.attributes.get(key)))


def fill_from_events(record: AISpan, source: Source) -> None:
    """The usage that stands on an event of the span; on the last one, where a stream counts as it goes on."""
    usage = record.usage
    if usage.input is not None or usage.output is not None:
        return
    for event in reversed(source.events):
        counts = {key.removeprefix(PREFIX): value for key, value in event.attributes.items() if key.startswith(PREFIX)}
        if counts:
            fill_usage_by_words(usage, counts)
            return


def fill_usage_by_words(usage: Usage, found: Mapping[str, Any]) -> None:
    """Fill the counts of an object that no path of a table has filled."""
    for key, value in _leaves(found, "", 0):
        field = count_of(key)
        if field is not None and getattr(usage, field) is None:
            setattr(usage, field, count(value))


@lru_cache(maxsize=1024)
def count_of(key: str) -> str | None:
    """The field of `Usage` that a key (below whatever says that it is usage) counts; None where that is not sure."""
    words = (word.lower() for word in _WORD.findall(key))
    return _FIELDS.get(frozenset(_SIDES.get(word, word) for word in words if word not in _SAY_NOTHING))


def _counts(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = ((key, count_of(key.removeprefix(PREFIX))) for key in keys if key.startswith(PREFIX))
    return tuple((key, field) for key, field in found if field is not None)


def _leaves(found: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in found.items():
        if is_mapping(value):
            if depth < _DEEPEST:
                yield from _leaves(value, f"{above}{key}.", depth + 1)
        else:
            yield f"{above}{key}", value
