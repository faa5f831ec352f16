"""Where a vendor that no table knows writes what, told by the words of its keys.

A namespace is a vendor's of AI spans where it has a key of a kind with a known word (`acme.span.type` = `tool`), and in
the same namespace something that such a vendor says: an input, an output, a session, a user, metadata, tags. Ordinary
namespaces, those of OpenTelemetry's conventions and of servers, clients and job queues, are never one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, OUTPUT_VALUE, TAG_TAGS
from otel_posthog_ai.patterns import pattern

from .kind_words import stated_by
from .usage_words import count_of
from .values import is_mapping, json_text
from .vendor_spans import VendorKeys

_WORD = pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Namespaces of everything that is no vendor of AI spans; those of conventions that have a dialect of their own, too.
_ORDINARY = frozenset(
    {
        "airflow", "android", "app", "artifact", "asgi", "aspnetcore", "aws", "az", "azure", "boto", "botocore",
        "browser", "celery", "cicd", "client", "cloud", "cloudevents", "cloudfoundry", "code", "container", "cpu",
        "cpython", "dagster", "dapr", "db", "dbt", "deployment", "destination", "device", "disk", "django", "dns",
        "docker", "dotnet", "elasticsearch", "enduser", "envoy", "error", "event", "exception", "faas", "fastapi",
        "feature", "file", "flask", "gcp", "gen", "geo", "go", "graphql", "grpc", "heroku", "host", "http", "hw",
        "ios", "istio", "jdbc", "job", "jsonrpc", "jvm", "k8s", "kafka", "kubernetes", "linux", "llm", "log",
        "mainframe", "mcp", "message", "messaging", "metadata", "mongodb", "mysql", "net", "network", "nfs", "nodejs",
        "oci", "openai", "openinference", "openshift", "opentelemetry", "opentracing", "os", "otel", "oracle", "peer",
        "pool", "postgresql", "pprof", "prefect", "process", "profile", "pubsub", "rabbitmq", "redis", "request",
        "response", "rpc", "s3", "server", "service", "session", "signalr", "source", "span", "spring", "sql", "system",
        "telemetry", "temporal", "test", "thread", "tls", "traceloop", "url", "user", "v8js", "vcs", "webengine",
        "workflow", "zos",
    }
)  # fmt: skip

# The last words of a key -> what it holds; of a kind, in order of preference.
_KINDS = (
    ("span", "type"), ("span", "kind"), ("observation", "type"), ("event", "type"), ("entity", "type"),
    ("step", "type"), ("run", "type"), ("log", "type"), ("node", "type"), ("type",), ("kind",),
    ("operation", "type"), ("operation", "name"),
)  # fmt: skip
_SAYS_SPAN = _KINDS[:3]
_USERS = (
    ("user", "id"),
    ("user", "identifier"),
    ("customer", "identifier"),
    ("customer", "id"),
    ("end", "user"),
    ("distinct", "id"),
    ("user", "email"),
    ("user",),
)
_SESSIONS = (
    ("session", "id"), ("session", "identifier"), ("thread", "id"), ("conversation", "id"), ("chat", "id"),
    ("session",),
)  # fmt: skip
_INPUTS, _OUTPUTS = ("input", "inputs"), ("output", "outputs", "result", "response")
_VALUES = ("value", "json", "text", "data", "content", "messages")
_MODELS = (("request", "model"), ("response", "model"), ("model", "name"), ("llm", "model"), ("model",))
_PROVIDERS = (("provider",), ("provider", "name"), ("model", "provider"))
_PARAMETERS = (("params",), ("parameters",), ("model", "parameters"), ("invocation", "parameters"), ("settings",))
_TOOLS = (("tools",), ("tool", "definitions"))
_USAGES = (("usage",), ("token", "usage"), ("metrics",), ("usage", "details"))
_COSTS = (("cost",), ("total", "cost"), ("cost", "usd"))
_FIRST_TOKENS = (("time", "to", "first", "token"), ("ttft",), ("time", "to", "first", "chunk"))
_NAMES = tuple(
    (what, "name")
    for what in ("span", "observation", "step", "tool", "agent", "workflow", "task", "node", "function", "entity")
)
_TAGS = (("tags",), ("labels",))
_METADATA = (("metadata",),)
_ERRORS = (("error",), ("error", "message"), ("exception", "message"))
# Words by which a number is a count of tokens, and words that may stand around them.
_COUNT_WORDS = frozenset({"tokens", "token", "usage"})
_AROUND_COUNTS = frozenset({"llm", "metrics", "model", "call", "span", "observation", "usage"})
# Words in what was flattened below an input, by which it is no input: `acme.input.tokens`.
_NO_INPUT = frozenset({"tokens", "token", "cost", "mime", "schema", "count", "type"})
# Keys without a namespace that stand beside a vendor's.
_BARE_INPUTS, _BARE_OUTPUTS = ("input", INPUT_VALUE), ("output", OUTPUT_VALUE)
_BARE_METADATA, _BARE_TAGS = ("metadata",), ("tags", TAG_TAGS)

_written: frozenset[str] = frozenset()


def watch_for_vendors(prefixes: Iterable[str]) -> None:
    """Namespaces that have a table of their own (set once, by the registry)."""
    global _written
    _written = frozenset(words[0] for prefix in prefixes if (words := words_of(prefix)))
    vendors_in.cache_clear()


def words_of(key: str) -> tuple[str, ...]:
    """The words of a key in lower case, whatever parts them."""
    return tuple(match.group().lower() for match in _WORD.finditer(key))


def states_kind(key: str) -> bool:
    """Whether a key may be a vendor's key of a kind."""
    words = words_of(key)
    if len(words) < 2 or not _may_be_a_vendors(words[0]) or "metadata" in words:
        return False
    return _rank(words) is not None


@lru_cache(maxsize=512)
def vendors_in(keys: tuple[str, ...]) -> tuple[VendorKeys, ...]:
    """The vendors whose keys these may be, each with where it writes what; without a look at any value."""
    words = {key: words_of(key) for key in keys}
    spaces = dict.fromkeys(words[key][0] for key in keys if states_kind(key))
    return tuple(_vendor([key for key in keys if words[key][:1] == (space,)], keys, words) for space in spaces)


class Belonging(NamedTuple):
    """Where a namespace says for whom a span runs; `firm` where it says it as a vendor does, and not an app."""

    keys: VendorKeys
    firm: bool


def belongings_in(keys: tuple[str, ...]) -> tuple[Belonging, ...]:
    """Where spans of whatever convention say whose they are in the words of a vendor whose kinds stand nowhere.

    An app's own `shop.user_id` is such a word, too. A vendor speaks of the trace (`acme.trace.user_id`), or says more.
    """
    spaces = dict.fromkeys(key.partition(".")[0] for key in keys if "." in key)
    found = (_belonging(space, keys) for space in spaces if _may_be_a_vendors(next(iter(words_of(space)), "")))
    return tuple(each for each in found if each is not None)


def _may_be_a_vendors(space: str) -> bool:
    """Whether the first word of a key may name a vendor without a table."""
    return space != "" and space not in _ORDINARY and space not in _written


def _belonging(space: str, keys: tuple[str, ...]) -> Belonging | None:
    said = {key: words_of(key.partition(".")[2]) for key in keys if key.startswith(f"{space}.")}
    if any(states_kind(key) for key in said):
        return None
    of_trace = any(words[:1] == ("trace",) and words[1:] in (*_USERS, *_SESSIONS) for words in said.values())
    rest = {key: words[1:] if words[:1] == ("trace",) else words for key, words in said.items()}
    users, sessions, metadata, tags = (
        tuple(key for ending in endings for key, words in rest.items() if words == ending)
        for endings in (_USERS, _SESSIONS, _METADATA, _TAGS)
    )
    if not users and not sessions:
        return None
    firm = of_trace or len([each for each in (users, sessions, metadata, tags) if each]) > 1
    return Belonging(VendorKeys(user=users, session=sessions, metadata=metadata, tags=tags), firm)


def says_a_step(vendor: VendorKeys, attributes: Mapping[str, Any], *, is_ai: bool = False) -> bool:
    """Whether the values say, too, that this is a step of an AI or a call of a model.

    A word under a key that does not speak of spans (`acme.type` = `agent`) means one only beside an input or an output,
    or where the span is AI anyway.
    """
    data = bool(vendor.input or vendor.output)
    beside = data or bool(vendor.user or vendor.session or vendor.metadata or vendor.tags or vendor.model)
    for key in vendor.kind:
        value = json_text(attributes.get(key))
        value = value.get("type") if is_mapping(value) else value
        says_span = words_of(key)[-2:] in _SAYS_SPAN
        if stated_by(value) is not None:
            return beside if says_span or is_ai else data
        if says_span and data and isinstance(value, str):
            return True  # a function that was traced without a kind
    return False


def _rank(words: tuple[str, ...]) -> int | None:
    """Which of the endings of a kind a key has. A bare `type` or `kind` stands right below the namespace."""
    for rank, ending in enumerate(_KINDS):
        if words[-len(ending) :] == ending and (len(ending) > 1 or len(words) == 2):
            return rank
    return None


def _vendor(own: list[str], everything: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> VendorKeys:
    user_written = {prefix for key in own if (prefix := _metadata_prefix(key)) is not None}
    rest = [key for key in own if not key.startswith(tuple(user_written))] if user_written else own
    ranked = sorted((rank, key) for key in rest if (rank := _rank(words[key])) is not None)
    inputs, outputs = _data(rest, words, _INPUTS), _data(rest, words, _OUTPUTS)
    return VendorKeys(
        kind=tuple(key for _, key in ranked),
        name=_ending(rest, words, _NAMES),
        input=inputs or _present(_BARE_INPUTS, everything),
        output=outputs or _present(_BARE_OUTPUTS, everything),
        model=_ending(rest, words, _MODELS),
        provider=_ending(rest, words, _PROVIDERS),
        parameters=_ending(rest, words, _PARAMETERS),
        tools=_ending(rest, words, _TOOLS),
        usage=_ending(rest, words, _USAGES),
        counts=tuple(_counts(rest, words)),
        cost=_ending(rest, words, _COSTS),
        first_token=_ending(rest, words, _FIRST_TOKENS),
        user=_ending(rest, words, _USERS),
        session=_ending(rest, words, _SESSIONS),
        metadata=(*_ending(rest, words, _METADATA), *sorted(user_written), *_present(_BARE_METADATA, everything)),
        tags=_ending(rest, words, _TAGS) or _present(_BARE_TAGS, everything),
        error=_ending(rest, words, _ERRORS),
        own=tuple(own),
    )


def _present(keys: tuple[str, ...], among: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if key in among)


def _ending(
    keys: Iterable[str], words: Mapping[str, tuple[str, ...]], endings: tuple[tuple[str, ...], ...]
) -> tuple[str, ...]:
    """The keys that end with one of the endings, in the order of the endings."""
    return tuple(key for ending in endings for key in keys if words[key][1:][-len(ending) :] == ending)


_METADATA_BELOW = pattern(r"^(.*[._]?metadata\.)[^.]")


def _metadata_prefix(key: str) -> str | None:
    match = _METADATA_BELOW.match(key)
    return match.group(1) if match is not None else None


def _data(keys: list[str], words: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of an input or output: of all of it, else the prefix under which it was flattened."""
    whole = [key for key in keys if words[key][-1] in names and len(words[key]) > 1]
    whole += [key for key in keys if len(words[key]) > 2 and words[key][-1] in _VALUES and words[key][-2] in names]
    if whole:
        return tuple(whole)
    found: dict[str, None] = {}
    below = re.compile(rf"^(.*?[._](?:{'|'.join(names)})\.)(.+)$")
    for key in keys:
        match = below.match(key)
        if match is not None and _NO_INPUT.isdisjoint(words_of(match.group(2))):
            found[match.group(1)] = None
    return tuple(found)


def _counts(keys: Iterable[str], words: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, str]]:
    for key in keys:
        if not _COUNT_WORDS.isdisjoint(words[key]):
            field = count_of(".".join(word for word in words[key][1:] if word not in _AROUND_COUNTS))
            if field is not None:
                yield field, key
