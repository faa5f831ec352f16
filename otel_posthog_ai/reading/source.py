"""One ended span, laid open for the dialects: plain attributes, events, logs, status, and a note of what was read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from otel_posthog_ai.patterns import pattern

_EMPTY: Mapping[str, Any] = {}
_Known = TypeVar("_Known")


class LoggedSpan(ReadableSpan):
    """A span that was made of log records: where its writer wrote a span of the same as well, both are one."""


class Occurrence(NamedTuple):
    """A span event, or a log record that belongs to the span."""

    name: str
    attributes: Mapping[str, Any]
    body: Any = None
    time_ns: int = 0


class Shape:
    """What follows from the keys of a span's attributes, of flattened lists from one of each form: worked out once for
    all spans that have the same.
    """

    __slots__ = ("_known", "_present", "keys", "plans", "plumbing")

    def __init__(self, keys: Iterable[str], plumbing: frozenset[str] = frozenset()) -> None:
        self.keys = tuple(keys)
        self.plumbing = plumbing
        """Keys that serve the instrumentors alone whose dialects these are."""
        self.plans: dict[int, tuple[Any, Any]] = {}
        """id of a table -> the table itself, so that its id stays its own, and what is left of it for these keys."""
        self._present: dict[int, tuple[Any, tuple[str, ...]]] = {}
        self._known: dict[Any, Any] = {}

    def present(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of the names (a constant) that are among the keys, in the order of `names`."""
        known = self._present.get(id(names))
        if known is None:
            keys = set(self.keys)
            known = self._present[id(names)] = (names, tuple(name for name in names if name in keys))
        return known[1]

    def once(self, work: Callable[[tuple[str, ...]], _Known]) -> _Known:
        """What `work` (a function of a module) makes of the keys."""
        known = self._known
        if work not in known:
            known[work] = work(self.keys)
        found: _Known = known[work]
        return found


_INDEX = pattern(r"\.\d+(?=\.|$)")


@lru_cache(maxsize=4096)
def _of_first_entry(key: str) -> str:
    """The same key of the first entry of the list that was flattened: `llm.tools.0.name`."""
    return key if key.startswith("$") else _INDEX.sub(".0", key)


def one_of_each_form(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys without those that only a later entry of a flattened list has, where an earlier one has the like.

    The first entry's stand for the like of all: a conversation has other keys at each turn, but no others of a form.
    """
    of_form: dict[str, str] = {}
    for key in keys:
        form = _of_first_entry(key)
        if key == form or form not in of_form:
            of_form[form] = key
    return tuple(of_form.values())


@lru_cache(maxsize=4096)
def _entry_of(key: str, start: str) -> tuple[int, str] | None:
    """Which entry of a flattened list below `start` a key is of, and what of it; None where it is of none."""
    index, _, rest = key[len(start) :].partition(".")
    return (int(index), rest) if index.isascii() and index.isdigit() and len(index) < 10 else None


def _plain_dict(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes in a dict of their own. The SDK's own copy is much faster than a walk through its mapping."""
    copy = getattr(attributes, "copy", None)
    copied: Any = copy() if copy is not None else None
    if type(copied) is dict:
        return cast("dict[str, Any]", copied)
    return dict(attributes)


_NO_SHAPE = Shape(())


def scope_name(span: ReadableSpan) -> str:
    """The name of the instrumentation scope that a span is of; "" where it is of none, or of one without a name."""
    scope = span.instrumentation_scope
    return (scope.name if scope is not None else "") or ""


class Source:
    """What one span holds. Dialects look only here and mark what they used, so that the rest can be told apart."""

    __slots__ = (
        "_flat", "attributes", "events", "logs", "name", "resource", "scope", "scope_version", "shape", "status_error",
        "status_message", "used",
    )  # fmt: skip

    def __init__(self, span: ReadableSpan, logs: Iterable[Occurrence] = ()) -> None:
        self.name: str = span.name or ""
        attributes = span.attributes
        self.attributes: dict[str, Any] = _plain_dict(attributes) if attributes is not None else {}
        self.events: list[Occurrence] = [
            Occurrence(event.name, event.attributes or _EMPTY, None, event.timestamp) for event in span.events
        ]
        self.logs: list[Occurrence] = list(logs)
        scope = span.instrumentation_scope
        self.scope = scope_name(span)
        self.scope_version: str | None = scope.version if scope is not None else None
        status = span.status
        self.status_error: bool = status.status_code is StatusCode.ERROR
        self.status_message: str | None = status.description
        resource = span.resource
        self.resource: Mapping[str, Any] = resource.attributes if resource is not None else _EMPTY  # pyright: ignore[reportUnnecessaryComparison]
        self.shape = _NO_SHAPE
        """Of the attributes as they arrived: dialects take some of them out of play."""
        self.used: set[str] = set()
        self._flat: dict[str, dict[int, dict[str, Any]]] = {}

    def take(self, key: str) -> Any:
        """The attribute, marked as used; None when it is absent."""
        value = self.attributes.get(key)
        if value is not None:
            self.used.add(key)
        return value

    def first(self, *keys: str) -> Any:
        """The first of the attributes that is there and not empty text, marked as used."""
        for key in keys:
            value = self.take(key)
            if value is not None and value != "":
                return value
        return None

    def below(self, prefix: str) -> dict[str, Any]:
        """The attributes whose key starts with `prefix`, without it, marked as used."""
        found: dict[str, Any] = {}
        for key, value in self.attributes.items():
            if key.startswith(prefix):
                self.used.add(key)
                found[key[len(prefix) :]] = value
        return found

    def indexed(self, prefix: str) -> dict[int, dict[str, Any]]:
        """Flattened lists: `{prefix}.<index>.<rest>` as index -> rest -> value, in order of the index."""
        known = self._flat.get(prefix)
        if known is not None:
            return known
        found: dict[int, dict[str, Any]] = {}
        start = prefix + "."
        for key, value in self.attributes.items():
            entry = _entry_of(key, start) if key.startswith(start) else None
            if entry is not None:
                index, rest = entry
                self.used.add(key)
                found.setdefault(index, {})[rest] = value
        ordered = dict(sorted(found.items()))
        self._flat[prefix] = ordered
        return ordered

    def discard(self, *keys: str) -> None:
        """Take attributes out of play, because a more general dialect would read something untrue from them."""
        for key in keys:
            self.attributes.pop(key, None)

    def has(self, *keys: str) -> bool:
        """Whether one of the attributes is there."""
        return not self.attributes.keys().isdisjoint(keys)
