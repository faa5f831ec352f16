"""The words of a name, whatever parts them: `acme.usage.promptTokens`, `chat_completion`, `ChatCompletion`."""

from __future__ import annotations

from functools import lru_cache

from otel_posthog_ai.patterns import pattern

Words = tuple[str, ...]
_WORD = pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@lru_cache(maxsize=4096)
def words_of(name: str) -> Words:
    """The words in lower case, in their order."""
    return tuple(map(str.lower, _WORD.findall(name)))
