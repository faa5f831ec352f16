"""Calls and tools that are written down in words of one's own, without a word for the kind: `llm.model`, `llm.prompt`.

A namespace tells of a call where it names a model, and counts tokens; or asked something, and got an answer or failed.
Keys without a namespace tell so by counts alone. It tells of a tool or an agent by its name, an input and an output.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_REQUEST_MODEL, GEN_AI_RESPONSE_MODEL
from otel_posthog_ai.attribute_names.openinference import LLM_MODEL_NAME
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_MODEL
from otel_posthog_ai.attribute_names.vercel_ai import AI_MODEL_ID

from .key_words import MODELS, Words, WordsOf, counts_in, ending_with, keys_by_words, words_of
from .kind_words import CALL, WORDS, Stated
from .raw_usage import read_raw_usage
from .values import count, is_mapping, json_text, text
from .vendor_spans import VendorKeys
from .vendor_words import may_be_a_vendors

# Namespaces in which apps write by their own hand, although conventions have keys there, too.
_SHARED = frozenset({"agent", "ai", "anthropic", "app", "gen", "llm", "openai", "tool"})
# What the conventions read of these themselves, where one of their models is named.
_OF_CONVENTIONS = (
    "ai.usage.", "gen_ai.request.", "gen_ai.response.", "gen_ai.usage.", "llm.token_count.", "llm.usage.prompt",
    "llm.usage.completion", "llm.usage.total", "llm.usage.cache", "llm.usage.reasoning",
)  # fmt: skip
_THEIR_MODELS = frozenset(
    {AI_MODEL_ID, GEN_AI_REQUEST_MODEL, GEN_AI_RESPONSE_MODEL, LLM_MODEL_NAME, LLM_REQUEST_MODEL}
)  # fmt: skip
# Namespaces that name what they are about.
_STEPS: dict[str, Stated] = {"tool": WORDS["tool"], "agent": WORDS["agent"]}
_ASKED: tuple[Words, ...] = (("prompt",), ("prompts",), ("messages",))


class OwnWords(NamedTuple):
    """A namespace that may tell of a call or a step, and where it writes what."""

    keys: VendorKeys
    states: Stated
    speaks: bool
    """It has words that only what speaks with a model has: an input and an output beside a model may be anything's."""


def may_name(key: str) -> bool:
    """Whether a key may name the model of a call, or a tool or an agent."""
    words = words_of(key)
    if not _may_be_own(words[0] if len(words) > 1 and "." in key else "") or "metadata" in words:
        return False
    return any(("", *words)[-len(ending) :] == ending for ending in (*MODELS, *_NAMES.values()))


_NAMES: dict[str, Words] = {step: (step, "name") for step in _STEPS}


@lru_cache(maxsize=512)
def own_words_in(keys: tuple[str, ...]) -> tuple[OwnWords, ...]:
    """What the keys may tell; without a look at any value."""
    spaces = dict.fromkeys(_space(key) for key in keys if may_name(key))
    found = (_own_words([key for key in keys if _space(key) == space], space) for space in spaces)
    return tuple(each for each in found if each is not None)


def _space(key: str) -> str:
    """The first word of a key; "" where nothing parts it from more."""
    return next(iter(words_of(key)), "") if "." in key else ""


def _may_be_own(space: str) -> bool:
    return space == "" or space in _SHARED or may_be_a_vendors(space)


def _own_words(own: list[str], space: str) -> OwnWords | None:
    if not _THEIR_MODELS.isdisjoint(own):
        own = [key for key in own if not key.startswith(_OF_CONVENTIONS)]
    words: WordsOf = {key: words_of(key) if space and space not in _STEPS else ("", *words_of(key)) for key in own}
    keys = keys_by_words(own, (), words)._replace(own=())  # what else is there is the app's
    if keys.model:
        speaks = space != "" and bool(ending_with(own, words, (*_ASKED, ("input",)) if space in _SHARED else _ASKED))
        if speaks or keys.usage or any(counts_in(own, words)):
            return OwnWords(keys, CALL, speaks)
    for step, name in _NAMES.items():
        names_it = (space == step or may_be_a_vendors(space)) and ending_with(own, words, (name,))
        if names_it and keys.input and keys.output:
            return OwnWords(keys, _STEPS[step], speaks=True)
    return None


def tells(own: OwnWords, attributes: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether the values tell, too, of a call or a step. A call that failed has no answer to show."""
    keys = own.keys
    if own.states != CALL:
        return True
    if not any(text(attributes.get(key)) is not None for key in keys.model):
        return False
    if any(count(attributes.get(key)) is not None for _, key in keys.counts):
        return True
    if any(_counts(attributes.get(key)) for key in keys.usage):
        return True
    return own.speaks and (failed or bool(keys.output or keys.output_messages or keys.error))


def _counts(value: Any) -> bool:
    found = json_text(value)
    return is_mapping(found) and read_raw_usage(found) is not None
