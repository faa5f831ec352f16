"""Whose keys these are: of a vendor that no table knows.

A namespace is a vendor's of AI spans where it has a key of a kind with a known word (`acme.span.type` = `tool`), and in
the same namespace something that such a vendor says: an input, an output, a session, a user, metadata, tags. Ordinary
namespaces, those of OpenTelemetry's conventions and of servers, clients and job queues, are never one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .key_words import (
    METADATA,
    SAYS_SPAN,
    SESSIONS,
    TAGS,
    USERS,
    WordsOf,
    counts_in,
    data_right_below,
    keys_by_words,
    rank_of_kind,
)
from .kind_words import stated_by, word
from .values import is_mapping, json_text
from .vendor_keys import VendorKeys
from .words import words_of

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

# Where vendors say what a step or a call did whose kind stands in a namespace of their own: `tool.input`,
_OF_STEPS = frozenset({"llm", "tool", "agent", "retriever", "retrieval"})
# but not for whom.
_WHOSE = frozenset({"kind", "user", "session", "metadata", "tags", "own"})
# What a function is called that was traced without a kind, where nothing but its user or session is told of it.
_FUNCTIONS = frozenset({"function", "method", "span", "root", "trace"})

_written: frozenset[str] = frozenset()


def watch_for_vendors(prefixes: Iterable[str]) -> None:
    """Namespaces that have a table of their own (set once, by the registry)."""
    global _written
    _written = frozenset(words[0] for prefix in prefixes if (words := words_of(prefix)))
    vendors_in.cache_clear()


def states_kind(key: str) -> bool:
    """Whether a key may be a vendor's key of a kind."""
    words = words_of(key)
    if len(words) < 2 or not may_be_a_vendors(words[0]) or "metadata" in words:
        return False
    return rank_of_kind(words) is not None


@lru_cache(maxsize=512)
def vendors_in(keys: tuple[str, ...]) -> tuple[VendorKeys, ...]:
    """The vendors whose keys these may be, each with where it writes what; without a look at any value."""
    words = {key: words_of(key) for key in keys}
    own: dict[str, list[str]] = {words[key][0]: [] for key in keys if states_kind(key)}
    for key in keys:
        if words[key] and words[key][0] in own:
            own[words[key][0]].append(key)
    found = [keys_by_words(each, keys, words) for each in own.values()]
    did = _did(keys, words) if found else ()
    return tuple(each._replace(**{field: value for field, value in did if not getattr(each, field)}) for each in found)


def _did(keys: tuple[str, ...], words: WordsOf) -> tuple[tuple[str, Any], ...]:
    """What namespaces that everybody uses say of what a step or a call did: field of `VendorKeys`, and keys."""
    own = [key for key in keys if words[key][:1] and words[key][0] in _OF_STEPS]
    if not own:
        return ()
    said = keys_by_words(own, (), {key: ("", *words[key]) for key in own})._asdict()
    return tuple((field, value) for field, value in said.items() if value and field not in _WHOSE)


def _spaces_in(keys: tuple[str, ...]) -> Iterable[tuple[str, list[str]]]:
    """The namespaces that may be those of vendors without a table, each with its keys."""
    spaces: dict[str, list[str]] = {}
    for key in keys:
        space, dot, _ = key.partition(".")
        if dot:
            spaces.setdefault(space, []).append(key)
    return (each for each in spaces.items() if may_be_a_vendors(next(iter(words_of(each[0])), "")))


class Data(NamedTuple):
    """Where a namespace keeps what a step or a call was given and gave, and what a call counted."""

    space: str
    keys: VendorKeys


def data_in(keys: tuple[str, ...]) -> tuple[Data, ...]:
    """The namespaces without a table that have data or counts of their own: `acme.input`, `acme.usage.input_tokens`."""
    found = (_data_of(space, own) for space, own in _spaces_in(keys))
    return tuple(each for each in found if any(each.keys))


def _data_of(space: str, own: list[str]) -> Data:
    rest = {key: key.partition(".")[2] for key in own}
    fields = {key: data_right_below(rest[key]) for key in own}
    return Data(
        space,
        VendorKeys(
            input=tuple(key for key in own if fields[key] == "input"),
            output=tuple(key for key in own if fields[key] == "output"),
            counts=tuple(counts_in(own, {key: ("", *words_of(rest[key])) for key in own})),
        ),
    )


class Belonging(NamedTuple):
    """Where a namespace says for whom a span runs; `firm` where it says it as a vendor does, and not an app."""

    keys: VendorKeys
    firm: bool


def belongings_in(keys: tuple[str, ...]) -> tuple[Belonging, ...]:
    """Where spans of whatever convention say whose they are in the words of a vendor whose kinds stand nowhere.

    An app's own `shop.user_id` is such a word, too. A vendor speaks of the trace (`acme.trace.user_id`), or says more.
    """
    found = (_belonging(space, own) for space, own in _spaces_in(keys))
    return tuple(each for each in found if each is not None)


def may_be_a_vendors(space: str) -> bool:
    """Whether the first word of a key may name a vendor without a table."""
    return space != "" and space not in _ORDINARY and space not in _written


def _belonging(space: str, own: list[str]) -> Belonging | None:
    said = {key: words_of(key.partition(".")[2]) for key in own}
    if any(states_kind(key) for key in said):
        return None
    of_trace = any(words[:1] == ("trace",) and words[1:] in (*USERS, *SESSIONS) for words in said.values())
    rest = {key: words[1:] if words[:1] == ("trace",) else words for key, words in said.items()}
    users, sessions, metadata, tags = (
        tuple(key for ending in endings for key, words in rest.items() if words == ending)
        for endings in (USERS, SESSIONS, METADATA, TAGS)
    )
    if not users and not sessions:
        return None
    if any(words[:1] == ("metadata",) and len(words) > 1 for words in rest.values()):
        metadata = (*metadata, f"{space}.metadata.")
    firm = of_trace or len([each for each in (users, sessions, metadata, tags) if each]) > 1
    return Belonging(VendorKeys(user=users, session=sessions, metadata=metadata, tags=tags), firm)


def says_a_step(vendor: VendorKeys, attributes: Mapping[str, Any], *, is_ai: bool = False) -> bool:
    """Whether the values say, too, that this is a step of an AI or a call of a model.

    A word under a key that does not speak of spans (`acme.type` = `agent`) means one only beside an input or an output,
    or a call beside a model, or where the span is AI anyway.
    """
    data = bool(vendor.input or vendor.output or vendor.input_messages or vendor.output_messages)
    whose = bool(vendor.user or vendor.session)
    beside = data or whose or bool(vendor.metadata or vendor.tags or vendor.model or vendor.name)
    for key in vendor.kind:
        value = json_text(attributes.get(key))
        value = value.get("type") if is_mapping(value) else value
        says_span = words_of(key)[-2:] in SAYS_SPAN
        stated = stated_by(value)
        if stated is not None:
            names_model = stated[0] != "span" and bool(vendor.model)
            if says_span and is_ai:
                return True
            return beside if says_span or is_ai or names_model else data
        if says_span and isinstance(value, str) and (data or (whose and word(value) in _FUNCTIONS)):
            return True  # a function that was traced without a kind
    return False
