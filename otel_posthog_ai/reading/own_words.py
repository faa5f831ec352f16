"""Calls and tools that are written down in words of one's own, without a word for the kind: `llm.model`, `llm.prompt`.

A namespace tells of a call where it names a model, and counts tokens; or asked something, and got an answer or failed;
or holds the body of a request that failed.
Keys without a namespace tell so by counts alone. It tells of a tool or an agent by its name, an input and an output;
without a namespace by a kind (`type` = `tool`) that nothing but AI has, and one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_REQUEST_MODEL, GEN_AI_RESPONSE_MODEL
from otel_posthog_ai.attribute_names.openinference import LLM_MODEL_NAME
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_MODEL
from otel_posthog_ai.attribute_names.vercel_ai import AI_MODEL_ID
from otel_posthog_ai.record import AISpan, is_call

from .conclusion import names_a_model
from .key_words import MODELS, WordsOf, counts_in, ending_with, ends, keys_by_words
from .kind_words import CALL, WORDS, Stated, word
from .raw_usage import read_raw_usage
from .source import Source
from .values import count, is_mapping, json_text, text
from .vendor_keys import VendorKeys
from .vendor_words import may_be_a_vendors
from .words import Words, words_of

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
_STEPS = ("tool", "agent")
_NAMES: dict[str, Words] = {step: (step, "name") for step in _STEPS}
_ASKED: tuple[Words, ...] = (("prompt",), ("prompts",), ("messages",))
# What a request to a model carries beside its name.
_BODIES = frozenset({"messages", "prompt", "input", "contents"})
# Work that is told by a convention of its own: what has no namespace beside these is no call of a model.
_ORDINARY_WORK = ("http.", "db.", "messaging.", "rpc.", "faas.")
# Keys of a kind that have no namespace, and the words under them that nothing but AI has.
_BARE_KINDS = frozenset({"type", "kind", "span.type", "span.kind", "span_type", "span_kind", "spanType", "spanKind"})
_SURE = frozenset(
    {"llm", "generation", "chat_model", "llm_call", "chat_completion", "embedding", "embeddings", "agent", "tool",
     "tool_call", "retriever", "reranker", "chain", "guardrail"}
)  # fmt: skip


class OwnWords(NamedTuple):
    """A namespace that may tell of a call or a step, and where it writes what."""

    keys: VendorKeys
    step: Stated | None
    """What it is by the words of its keys alone."""
    speaks: bool
    """It has words that only what speaks with a model has: an input and an output beside a model may be anything's."""
    requests: bool = False
    """It says which model was requested: that is all that is known of many a call that failed."""


def may_name(key: str) -> bool:
    """Whether a key may name the model of a call, a tool or an agent, or the kind of a step that has no namespace."""
    if key in _BARE_KINDS:
        return True
    words = words_of(key)
    return _may_be_own(_space(key)) and "metadata" not in words and ends(words, (*MODELS, *_NAMES.values()))


def name_model(record: AISpan, source: Source) -> None:
    """The model of a call whose convention names none, where other words do: `model`, `metrics.model`."""
    if not is_call(record) or any(names_a_model(each) for each in (record.request_model, record.response_model)):
        return
    for key in source.shape.once(_models_in):
        name = text(json_text(source.attributes.get(key)))
        if names_a_model(name):
            record.request_model = name
            source.used.add(key)
            return


def _models_in(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that name a model, with no more than a namespace before that."""
    words = {key: words_of(key) if "." in key else ("", *words_of(key)) for key in keys}
    return ending_with([key for key in keys if words[key][1:] in MODELS], words, MODELS)


@lru_cache(maxsize=512)
def own_words_in(keys: tuple[str, ...]) -> tuple[OwnWords, ...]:
    """What the keys may tell; without a look at any value."""
    spaces = dict.fromkeys(_space(key) for key in keys if may_name(key))
    if any(key.startswith(_ORDINARY_WORK) for key in keys):
        spaces.pop("", None)
    found = (_own_words([key for key in keys if _space(key) == space], space) for space in spaces)
    return tuple(each for each in found if each is not None)


def _space(key: str) -> str:
    """The first word of a key; "" where nothing parts it from more."""
    return next(iter(words_of(key)), "") if "." in key and key not in _BARE_KINDS else ""


def _may_be_own(space: str) -> bool:
    return space == "" or space in _SHARED or may_be_a_vendors(space)


def _own_words(own: list[str], space: str) -> OwnWords | None:
    if not _THEIR_MODELS.isdisjoint(own):
        own = [key for key in own if not key.startswith(_OF_CONVENTIONS)]
    words: WordsOf = {key: words_of(key) if space and space not in _STEPS else ("", *words_of(key)) for key in own}
    keys = keys_by_words(own, (), words)._replace(own=())  # what else is there is the app's
    speaks = space != "" and bool(ending_with(own, words, (*_ASKED, ("input",)) if space in _SHARED else _ASKED))
    if keys.model and (speaks or keys.usage or any(counts_in(own, words))):
        return OwnWords(keys, None, speaks)
    data = bool(keys.input or keys.output)
    if data and not _BARE_KINDS.isdisjoint(own):
        return OwnWords(keys._replace(name=(*keys.name, "name")), None, speaks=False)
    named = (step for step, name in _NAMES.items() if ending_with(own, words, (name,)))
    step = next((step for step in named if space == step or may_be_a_vendors(space)), None)
    if step is not None and keys.input and keys.output:
        return OwnWords(keys, WORDS[step], speaks=False)
    requests = space in _SHARED and bool(ending_with(own, words, (("request", "model"),)))
    return OwnWords(keys, None, speaks, requests) if requests or (keys.model and keys.input) else None


def told_by(own: OwnWords, attributes: Mapping[str, Any], *, failed: bool) -> Stated | None:
    """What the values tell, too; None where they tell of nothing. A call that failed has no answer to show."""
    keys = own.keys
    if own.step is not None:
        return own.step
    kind = next((said for key in keys.kind if (said := word(attributes.get(key))) in _SURE), None)
    if kind is not None and (keys.input or keys.output):
        return WORDS[kind]
    if any(text(attributes.get(key)) is not None for key in keys.model) and (
        any(count(attributes.get(key)) is not None for _, key in keys.counts)
        or any(_counts(attributes.get(key)) for key in keys.usage)
        or (own.speaks and (failed or keys.output or keys.output_messages or keys.error))
        or (failed and own.requests)
        or (failed and any(_is_request(attributes.get(key)) for key in keys.input))
    ):
        return CALL
    return None


def _counts(value: Any) -> bool:
    found = json_text(value)
    return is_mapping(found) and read_raw_usage(found) is not None


def _is_request(value: Any) -> bool:
    """Whether it is the body of a request to a model."""
    body = json_text(value)
    return is_mapping(body) and "model" in body and not _BODIES.isdisjoint(body)
