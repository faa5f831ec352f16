"""What a vendor's key holds, by its last words: `acme.usage.prompt_tokens`, `acme_request_model`, `acme.prompts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, OUTPUT_VALUE, TAG_TAGS
from otel_posthog_ai.patterns import pattern

from .raw_requests import PARAMETERS
from .usage_words import count_of
from .vendor_keys import VendorKeys
from .words import Words, words_of

WordsOf = Mapping[str, Words]
"""Key -> its words in lower case, the namespace first ("" where the key has none)."""

# The last words of a key -> what it holds, the best first.
KINDS: tuple[Words, ...] = (
    ("span", "type"), ("span", "kind"), ("observation", "type"), ("event", "type"), ("entity", "type"),
    ("step", "type"), ("run", "type"), ("log", "type"), ("node", "type"), ("request", "type"), ("call", "type"),
    ("type",), ("kind",), ("operation", "type"), ("operation", "name"), ("operation",),
)  # fmt: skip
SAYS_SPAN = KINDS[:3]
USERS: tuple[Words, ...] = (
    ("user", "id"), ("user", "identifier"), ("customer", "identifier"), ("customer", "id"), ("end", "user"),
    ("distinct", "id"), ("user", "email"), ("user",),
)  # fmt: skip
SESSIONS: tuple[Words, ...] = (
    ("session", "id"), ("session", "identifier"), ("thread", "id"), ("conversation", "id"), ("chat", "id"),
    ("session",),
)  # fmt: skip
METADATA: tuple[Words, ...] = (("metadata",),)
TAGS: tuple[Words, ...] = (("tags",), ("labels",))
MODELS: tuple[Words, ...] = (
    ("request", "model"), ("model", "name"), ("model", "id"), ("llm", "model"), ("model",), ("response", "model"),
)  # fmt: skip
_NAMES = tuple(
    (what, "name")
    for what in ("span", "observation", "step", "tool", "agent", "workflow", "task", "node", "function", "entity")
)
_FIRST_TOKENS: tuple[Words, ...] = (
    ("time", "to", "first", "token"), ("ttft",), ("time", "to", "first", "chunk"), ("first", "token"),
)  # fmt: skip
# Field of `VendorKeys` -> the endings of the keys that it lists.
_ENDINGS: dict[str, tuple[Words, ...]] = {
    "model": MODELS,
    "response_model": (("response", "model"), ("response", "model", "name")),
    "response_id": (("response", "id"), ("completion", "id")),
    "finish": (("finish", "reason"), ("finish", "reasons"), ("stop", "reason")),
    "provider": (("provider",), ("provider", "name"), ("model", "provider"), ("vendor",)),
    "parameters": (
        ("params",), ("parameters",), ("model", "parameters"), ("invocation", "parameters"), ("request", "params"),
        ("settings",),
    ),
    "tool_call_id": (("tool", "call", "id"), ("call", "id")),
    "usage": (("usage",), ("token", "usage"), ("metrics",), ("usage", "details"), ("usage", "metadata")),
    "cost": (("cost",), ("total", "cost"), ("cost", "usd")),
    "first_token": _FIRST_TOKENS,
    "first_token_ms": tuple((*ending, "ms") for ending in _FIRST_TOKENS),
    "session": SESSIONS,
    "error": (("error",), ("error", "message"), ("exception", "message")),
    "level": (("level",), ("severity",)),
    "status_message": (("status", "message"),),
}  # fmt: skip

# The last word of a key of what went in or came out; `_VALUES` may stand behind it.
_INPUTS = ("input", "inputs", "prompt", "query", "question")
_OUTPUTS = ("output", "outputs", "result", "response", "completion", "answer")
_VALUES = ("value", "json", "text", "data", "content")
_ARGUMENTS = (("tool", "arguments"), ("tool", "args"), ("function", "arguments"), ("tool", "call", "arguments"))
# The same as messages, whole or number by number: `acme.input_messages`, `acme.prompt.0.role`.
_INPUT_LISTS: tuple[Words, ...] = (("input", "messages"), ("messages",), ("prompts",), ("prompt",))
_OUTPUT_LISTS: tuple[Words, ...] = (("output", "messages"), ("completions",), ("choices",), ("completion",))
_TOOLS: tuple[Words, ...] = (("tools",), ("tool", "definitions"))
_CALLS: tuple[Words, ...] = (("tool", "calls"),)
_BEFORE_NUMBER = pattern(r"^(.+?)\.\d+(?:\.|$)")
# What was flattened, by a prefix that ends with one of these.
_FLATTENED = {
    _INPUTS: pattern(r"^(.*?[._](?:inputs?)\.)(.+)$"),
    _OUTPUTS: pattern(r"^(.*?[._](?:outputs?|result|response)\.)(.+)$"),
}
# Words of numbers about an input, which are no input: `acme.input.tokens`, `acme.tokens.input`.
_ABOUT = frozenset({"tokens", "token", "usage", "cost", "price", "mime", "schema", "count", "type"})
# What the model is told beside the messages.
_SYSTEM = frozenset({("system", "prompt"), ("system", "instruction"), ("system", "instructions")})
# Words by which a number is a count of tokens, and words that may stand around them.
_COUNT_WORDS = frozenset({"tokens", "token", "usage"})
_AROUND_COUNTS = frozenset({"ai", "gen", "llm", "metrics", "model", "call", "span", "observation", "usage"})
# Words that name the side that is counted, or only where the usage stands.
_SIDES = frozenset({"request", "response"})
# Settings of a request stand right below the namespace, or below one of these.
_AROUND_SETTINGS = frozenset(
    {"request", "llm", "model", "params", "parameters", "settings", "options", "config", "invocation"}
)
_SETTINGS: dict[Words, str] = {
    **{tuple(name.split("_")): name for name in PARAMETERS},
    **dict.fromkeys((("stream",), ("streaming",), ("is", "streaming"), ("is", "stream")), "stream"),
    **dict.fromkeys(_SYSTEM, "system"),
}
_LONGEST_SETTING = max(map(len, _SETTINGS))
# What has metadata that no user has written.
_OF_THE_ANSWER = frozenset({"usage", "response", "generation", "token"})
# Keys without a namespace that stand beside a vendor's.
_BARE_INPUTS, _BARE_OUTPUTS = ("input", INPUT_VALUE), ("output", OUTPUT_VALUE)
_BARE_METADATA, _BARE_TAGS = ("metadata",), ("tags", TAG_TAGS)
# Words beside which a `user` is a role: `llm.prompt_last_user`.
_ROLES = frozenset({"prompt", "prompts", "message", "messages"})


def keys_by_words(own: list[str], beside: tuple[str, ...], words: WordsOf) -> VendorKeys:
    """Where the vendor writes what whose keys are `own`; `beside` are all keys of the span."""
    user_written = {prefix for key in own if (prefix := _metadata_prefix(key)) is not None}
    rest = [key for key in own if not key.startswith(tuple(user_written))] if user_written else own
    ranked = sorted((rank, key) for key in rest if (rank := rank_of_kind(words[key])) is not None)
    inputs, outputs = _data(rest, words, _INPUTS), _data(rest, words, _OUTPUTS)
    messages, answers = _lists(rest, words, _INPUT_LISTS), _lists(rest, words, _OUTPUT_LISTS)
    return VendorKeys(
        **{field: ending_with(rest, words, endings) for field, endings in _ENDINGS.items()},
        kind=tuple(key for _, key in ranked),
        name=_names_in(rest, words),
        user=tuple(key for key in ending_with(rest, words, USERS) if _ROLES.isdisjoint(words[key])),
        input=(*inputs, *ending_with(rest, words, _ARGUMENTS)) or (() if messages else _present(_BARE_INPUTS, beside)),
        output=outputs or (() if answers else _present(_BARE_OUTPUTS, beside)),
        input_messages=messages,
        output_messages=answers,
        tools=_lists(rest, words, _TOOLS),
        calls=_lists(rest, words, _CALLS),
        settings=tuple(_settings(rest, words)),
        counts=tuple(counts_in(rest, words)),
        metadata=(*_users_metadata(rest, words), *sorted(user_written), *_present(_BARE_METADATA, beside)),
        tags=ending_with(rest, words, TAGS) or _present(_BARE_TAGS, beside),
        own=tuple(own),
    )


def rank_of_kind(words: Words) -> int | None:
    """Which of the endings of a kind a key has. One that is a single word stands right below the namespace."""
    for rank, ending in enumerate(KINDS):
        if words[-len(ending) :] == ending and (len(ending) > 1 or len(words) == 2):
            return rank
    return None


def _names_in(keys: Iterable[str], words: WordsOf) -> tuple[str, ...]:
    """The keys that name a step. Where its code stands is no name."""
    return tuple(key for key in ending_with(keys, words, _NAMES) if "code" not in words[key])


def ends(words: Words, endings: Iterable[Words]) -> bool:
    """Whether the words end with one of the endings."""
    return any(words[-len(ending) :] == ending for ending in endings)


def ending_with(keys: Iterable[str], words: WordsOf, endings: Iterable[Words]) -> tuple[str, ...]:
    """The keys that end with one of the endings, in the order of the endings."""
    by_last: dict[str, list[str]] = {}
    for key in keys:
        if len(words[key]) > 1:
            by_last.setdefault(words[key][-1], []).append(key)
    found = (key for ending in endings for key in by_last.get(ending[-1], ()) if ends(words[key][1:], (ending,)))
    return tuple(dict.fromkeys(found))


def counts_in(keys: Iterable[str], words: WordsOf) -> Iterable[tuple[str, str]]:
    """Field of `Usage` and key, for the keys that count tokens."""
    for key in keys:
        if not _COUNT_WORDS.isdisjoint(words[key]):
            said = [word for word in words[key][1:] if word not in _AROUND_COUNTS]
            field = count_of(".".join(said)) or count_of(".".join(word for word in said if word not in _SIDES))
            if field is not None:
                yield field, key


def data_right_below(rest: str) -> str | None:
    """`input` or `output`, where what stands behind a namespace names nothing else: `input.value`, `tool.output`."""
    words = words_of(rest)
    what = words[:-1] if words[-1:] and words[-1] in (*_VALUES, "messages") else words
    if not what or len(what) > 2 or not _ABOUT.isdisjoint(what):
        return None
    return {"input": "input", "inputs": "input", "output": "output", "outputs": "output"}.get(what[-1])


def _present(keys: tuple[str, ...], among: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if key in among)


_METADATA_BELOW = pattern(r"^(.*[._]?metadata\.)[^.]")


def _metadata_prefix(key: str) -> str | None:
    match = _METADATA_BELOW.match(key)
    return match.group(1) if match is not None else None


def _users_metadata(keys: Iterable[str], words: WordsOf) -> tuple[str, ...]:
    return tuple(key for key in ending_with(keys, words, METADATA) if words[key][-2] not in _OF_THE_ANSWER)


def _data(keys: list[str], words: WordsOf, names: Words) -> tuple[str, ...]:
    """The keys of an input or output: of all of it, else the prefix under which it was flattened."""
    said = [key for key in keys if _ABOUT.isdisjoint(words[key]) and words[key][-2:] not in _SYSTEM]
    whole = ending_with(said, words, ((name,) for name in names))
    whole += ending_with(said, words, ((name, value) for name in names for value in _VALUES))
    if whole:
        return whole
    below = (_FLATTENED[names].match(key) for key in said)
    return tuple(dict.fromkeys(match.group(1) for match in below if match is not None))


def _lists(keys: list[str], words: WordsOf, endings: tuple[Words, ...]) -> tuple[str, ...]:
    """The keys of messages, and the prefixes under which they were flattened number by number."""
    whole = ending_with(keys, words, (ending for ending in endings if ending[-1].endswith("s")))
    numbered = (match.group(1) for key in keys if (match := _BEFORE_NUMBER.match(key)) is not None)
    prefixes = (f"{above}." for above in dict.fromkeys(numbered) if ends(words_of(above)[1:], endings))
    return (*whole, *prefixes)


def _settings(keys: Iterable[str], words: WordsOf) -> Iterable[tuple[str, str]]:
    """Name of the setting in a request, and key."""
    for key in keys:
        for length in range(min(_LONGEST_SETTING, len(words[key]) - 1), 0, -1):
            name, above = _SETTINGS.get(words[key][-length:]), words[key][:-length]
            if name is not None and (len(above) == 1 or above[-1] in _AROUND_SETTINGS):
                yield name, key
                break
