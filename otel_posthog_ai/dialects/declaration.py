"""What a dialect says of itself before it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan


class Dialect(Protocol):
    """One convention: a module of this package. It may declare more than this, each optional:

    `recognises(source)`: where no sign alone decides it; asked of spans that have one. It goes by the scope, the name,
    the keys and the types of their values only.
    `AI_SCOPES`: how the names of scopes begin whose spans are AI before they have any attribute.
    `AI_NAMES`: scope of a whole app ("": of any) -> how the names of spans begin that are AI by nothing else.
    `IDENTITY`: the `IdentityKeys` that it names users and sessions by, on AI spans and others.
    `PLUMBING`: attributes that serve the instrumentor alone. An entry that ends with `.` or `_` stands for all keys
    that begin like it, on every span; any other for that key on the spans that the dialect recognises.
    `ANNOTATIONS`: what keys have in them that it reads on spans of whatever convention, by `annotate(record, source)`.
    `LABELS`: scope -> what the documents call its instrumentor, where the scope does not tell the package.
    """

    @property
    def NAME(self) -> str:
        """The module's own."""

    @property
    def PREFIXES(self) -> tuple[str, ...]:
        """How attributes begin that make a span AI."""

    @property
    def SIGNS(self) -> Signs:
        """What its spans have, at least one of it."""

    def read(self, record: AISpan, source: Source) -> None:
        """Fill the fields of `record` that nobody has filled."""


class Declaration(NamedTuple):
    """What a dialect declares that has to be known of every span: `Dialect` says what it means."""

    name: str
    signs: Signs
    prefixes: tuple[str, ...] = ()
    ai_scopes: tuple[str, ...] = ()
    ai_names: Mapping[str, tuple[str, ...]] = {}
    identity: IdentityKeys = IdentityKeys()
    plumbing: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
