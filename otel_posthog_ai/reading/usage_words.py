"""Counts of `gen_ai.usage.*` under names that differ from the known ones by the order of words, or by a synonym."""

from __future__ import annotations

from otel_posthog_ai.record import AISpan

from .source import Source
from .values import count

PREFIX = "gen_ai.usage."
_SAY_NOTHING = frozenset({"tokens", "token", "count", "details", "usage", "num", "content"})
# Which side of a call is meant.
_SIDES = {"prompt": "input", "completion": "output"}
# Words of a key (the rest of them say nothing) -> field of `Usage`.
_FIELDS: dict[frozenset[str], str] = {
    frozenset(words.split()): field
    for field, spellings in {
        "cache_read": (
            "cached", "cache read", "cached read", "input cached", "input cache read", "cache", "input cache",
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


def fill_by_words(record: AISpan, source: Source) -> None:
    """Fill the counts that no key of a table has filled."""
    for key, field in source.shape.once(_counts):
        value = count(source.attributes.get(key))
        if value is not None and getattr(record.usage, field) is None:
            setattr(record.usage, field, value)


def _counts(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = ((key, _field(key)) for key in keys if key.startswith(PREFIX))
    return tuple((key, field) for key, field in found if field is not None)


def _field(key: str) -> str | None:
    words = key.removeprefix(PREFIX).replace(".", "_").split("_")
    return _FIELDS.get(frozenset(_SIDES.get(word, word) for word in words if word not in _SAY_NOTHING))
